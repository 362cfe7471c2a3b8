"""Which line of the model's own source is running, torch's and our frames left out."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import FrameType

import torch

from shapeflow.common.places import display_name
from shapeflow.model.records import Source

_OURS = str(Path(__file__).parent.parent)
_HIDDEN = (
    _OURS + "/recording",
    _OURS + "/common",
    _OURS + "/adapters",
    str(Path(torch.__file__).parent) + "/",
    str(Path(linecache.__file__).parent / "contextlib.py"),
    str(Path(linecache.__file__).parent / "functools.py"),
    "<",
)
_ENTRY = (_OURS + "/recording/run.py", "run")
"""File and function that run an adapter's model: whoever calls it is not part of the model's program."""
_WRAPPERS = ("einops",)
"""Packages whose functions only rearrange calls to torch: the line that called them says more."""


def is_hidden(filename: str) -> bool:
    """Return True for files that are torch's, ours, or generated code, but not the user's or a model's."""
    if filename.startswith(_HIDDEN):
        return True
    return any(f"/{package}/" in filename for package in _WRAPPERS)


def calling_file() -> str:
    """Return the file of the innermost running function that is neither torch's nor ours."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_hidden(frame.f_code.co_filename):
        frame = frame.f_back
    return "" if frame is None else frame.f_code.co_filename


_SHOWS, _HIDES, _HAS_ENTRY = range(3)


class SourceLines:
    """Collects the lines seen, each once."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self._hidden: dict[str, int] = {}
        """Of each file seen, whether its frames are passed over: one of the three numbers above."""
        self._ids: dict[tuple[str, int], int] = {}
        self._shown: dict[str, str] = {}

    @property
    def files(self) -> dict[str, str]:
        """The files that lines were seen of: where each is, and its name in the trace."""
        return dict(self._shown)

    def current(self, depth: int = 2) -> int | None:
        """Return the id of the innermost running line of the model or the user; None: there is none.

        Args:
            depth: frames to leave out, counted from this function.
        """
        frame: FrameType | None = sys._getframe(depth)
        hidden = self._hidden
        while frame is not None:
            code = frame.f_code
            filename = code.co_filename
            kind = hidden.get(filename)
            if kind is None:
                kind = _HIDES if is_hidden(filename) else _SHOWS
                kind = hidden[filename] = _HAS_ENTRY if filename == _ENTRY[0] else kind
            if kind == _SHOWS:
                number = frame.f_lineno
                known = self._ids.get((filename, number))
                return self.line(filename, number, code.co_name) if known is None else known
            if kind == _HAS_ENTRY and code.co_name == _ENTRY[1]:
                return None
            frame = frame.f_back
        return None

    def line(self, filename: str, line: int, function: str) -> int:
        """Return the id of a line."""
        place = (filename, line)
        known = self._ids.get(place)
        if known is None:
            shown = self._shown.get(filename)
            if shown is None:
                shown = self._shown[filename] = display_name(filename)
            text = linecache.getline(filename, line).strip()
            self.sources.append(Source(shown, line, function, text[:160]))
            known = self._ids[place] = len(self.sources) - 1  # Ctrl-C may come before there is one
        return known
