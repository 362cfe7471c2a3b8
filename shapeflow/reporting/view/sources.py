"""Lines of the installed model around the ones a trace names, coloured; read without importing anything."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from shapeflow.model.records import Source
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.model import CodeLine, SourceView

CONTEXT = 2
"""Lines shown before and after the one that is meant."""
LARGEST = 2_000_000
"""Bytes of a file that is still read."""

Tokens = tuple[tuple[str, str], ...]


class Sources:
    """The source lines of a trace; each file is read and coloured once."""

    def __init__(self, trace: Trace, folders: Iterable[str] | None = None) -> None:
        self.trace = trace
        self.folders = [Path(folder or ".") for folder in (sys.path if folders is None else folders)]
        self.files: dict[str, list[Tokens] | None] = {}
        self.views: dict[int, SourceView] = {}

    def view(self, position: int | None) -> SourceView | None:
        """Return one source place with the lines around it."""
        if position is None:
            return None
        if position not in self.views:
            self.views[position] = self._view(position)
        return self.views[position]

    def _view(self, position: int) -> SourceView:
        source = self.trace.sources[position]
        place = f"{source.file}:{source.line}"
        lines = self._lines(source)
        if lines is None:
            only = CodeLine(source.line, _colour([source.text])[0], meant=True)
            return SourceView(position, place, source.function, (only,), installed=False)
        first, last = max(1, source.line - CONTEXT), min(len(lines), source.line + CONTEXT)
        shown = range(first, last + 1)
        return SourceView(
            position,
            place,
            source.function,
            tuple(CodeLine(number, lines[number - 1], number == source.line) for number in shown),
            installed=True,
        )

    def _lines(self, source: Source) -> list[Tokens] | None:
        """Return the lines of the installed file, if it is the one the trace was made with."""
        if source.file not in self.files:
            self.files[source.file] = self._read(source.file)
        lines = self.files[source.file]
        if lines is None or not 1 <= source.line <= len(lines):
            return None
        here = "".join(text for _, text in lines[source.line - 1]).strip()
        return lines if here == source.text.strip() else None

    def _read(self, name: str) -> list[Tokens] | None:
        """Read a Python file below an import folder; a trace cannot make us show any other file."""
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or relative.suffix != ".py" or "\\" in name:
            return None
        for folder in self.folders:
            try:
                root = folder.resolve()
                file = (root / relative).resolve()
                if file.is_relative_to(root) and file.is_file() and file.stat().st_size <= LARGEST:
                    return _colour(file.read_text("utf-8", errors="replace").split("\n"))
            except (OSError, ValueError):
                continue
        return None


def _colour(lines: Sequence[str]) -> list[Tokens]:
    """Return each line as pairs of a Pygments class (empty for plain text) and text."""
    from pygments.lexers.python import PythonLexer
    from pygments.token import STANDARD_TYPES

    coloured: list[list[tuple[str, str]]] = [[]]
    for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(lines)):
        name = STANDARD_TYPES.get(token, "")
        for number, part in enumerate(text.split("\n")):
            if number:
                coloured.append([])
            if part:
                line = coloured[-1]
                if line and line[-1][0] == name:
                    line[-1] = (name, line[-1][1] + part)
                else:
                    line.append((name, part))
    coloured += [[] for _ in range(len(lines) - len(coloured))]
    return [tuple(line) for line in coloured]
