"""Lines of the installed model around the ones a trace names, coloured; read without importing anything."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from shapeflow.model.records import Source
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.model import CodeLine, SourceView

CONTEXT = 2
"""Lines shown before and after the one that is meant."""
LARGEST = 2_000_000
"""Bytes of a file that is still read."""

STRINGS = re.compile(
    r"""#[^\n]*|(\'\'\'|\"\"\")(?:\\[\s\S]|(?!\1)[\s\S])*(?:\1|\Z)"""
    r"""|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'"""
)
"""Comments and texts of Python."""

Tokens = tuple[tuple[str, str], ...]


class Sources:
    """The source lines of a trace; each file is read once."""

    def __init__(self, trace: Trace, folders: Iterable[str] | None = None) -> None:
        self.trace = trace
        self.folders = [Path(folder or ".") for folder in (sys.path if folders is None else folders)]
        self.files: dict[str, SourceFile | None] = {}
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
        file = self._file(source)
        if file is None:
            only = CodeLine(source.line, colour([source.text])[0], meant=True)
            return SourceView(position, place, source.function, (only,), installed=False)
        first, last = max(1, source.line - CONTEXT), min(len(file.lines), source.line + CONTEXT)
        coloured = file.coloured(first, last)
        return SourceView(
            position,
            place,
            source.function,
            tuple(CodeLine(n, tokens, n == source.line) for n, tokens in enumerate(coloured, first)),
            installed=True,
        )

    def _file(self, source: Source) -> SourceFile | None:
        """Return the installed file, if it is the one the trace was made with."""
        if source.file not in self.files:
            self.files[source.file] = self._read(source.file)
        file = self.files[source.file]
        if file is None or not 1 <= source.line <= len(file.lines):
            return None
        return file if file.lines[source.line - 1].strip() == source.text.strip() else None

    def _read(self, name: str) -> SourceFile | None:
        """Read a Python file below an import folder; a trace cannot make us show any other file."""
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or relative.suffix != ".py" or "\\" in name:
            return None
        for folder in self.folders:
            try:
                root = folder.resolve()
                file = (root / relative).resolve()
                if file.is_relative_to(root) and file.is_file() and file.stat().st_size <= LARGEST:
                    return SourceFile(file.read_text("utf-8", errors="replace"))
            except (OSError, ValueError):
                continue
        return None


class SourceFile:
    """A source file of which only the lines that are shown are coloured."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.long = [
            (self._line(found.start()), self._line(found.end()))
            for found in STRINGS.finditer(text)
            if "\n" in found[0]
        ]
        """The first and the last line of texts that are longer than one."""

    def coloured(self, first: int, last: int) -> list[Tokens]:
        """Return some lines, counted from 1, as they look in the whole file."""
        start = min((top for top, bottom in self.long if top < first <= bottom), default=first)
        end = max((bottom for top, bottom in self.long if top <= last < bottom), default=last)
        return colour(self.lines[start - 1 : end])[first - start : last - start + 1]

    def _line(self, place: int) -> int:
        return bisect_right(self.starts, place)


def colour(lines: Sequence[str]) -> list[Tokens]:
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
