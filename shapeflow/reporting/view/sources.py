"""Lines of the model's source around the ones a trace names, coloured; read without importing anything."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from shapeflow.common.docstrings import first_paragraph
from shapeflow.common.source_files import read_source, search_folders
from shapeflow.model.records import Source
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.model import CodeLine, SourceView
from shapeflow.source.comments import same_code

CONTEXT = 2
"""Lines shown before and after the one that is meant."""
STRINGS = re.compile(
    r"""#[^\n]*|(\'\'\'|\"\"\")(?:\\[\s\S]|(?!\1)[\s\S])*(?:\1|\Z)"""
    r"""|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'"""
)
"""Comments and texts of Python."""
LONGEST_DOCSTRING = 80
"""Lines that are looked at for the first paragraph of a docstring."""

Tokens = tuple[tuple[str, str], ...]


class Sources:
    """The source lines of a trace; each file is read once.

    What the trace has of the user's own files is shown as it ran. Other files are looked for in folders, and
    shown if the line that is meant is still the one in the trace.
    """

    def __init__(self, trace: Trace, folders: Iterable[str] | None = None) -> None:
        self.trace = trace
        self.folders = search_folders(folders)
        self.texts: dict[str, dict[int, str]] = {}
        for excerpt in trace.excerpts:
            self.texts.setdefault(excerpt.file, {}).update(_numbered(excerpt.lines, excerpt.first))
        self.pieces: dict[str, list[SourcePiece]] = {}
        self.meant: dict[str, set[int]] = {}
        """File -> the lines that the trace names."""
        for source in trace.sources:
            self.meant.setdefault(source.file, set()).add(source.line)
        self.views: dict[int, SourceView] = {}

    def view(self, position: int | None) -> SourceView | None:
        """Return one source place with the lines around it."""
        if position is None:
            return None
        if position not in self.views:
            self.views[position] = self._view(position)
        return self.views[position]

    def docstring(self, position: int | None) -> str:
        """Return the first paragraph of the docstring of the class at a source place, if it is known."""
        if position is None:
            return ""
        source = self.trace.sources[position]
        texts = self._texts(source)
        last = source.line
        while last - source.line < LONGEST_DOCSTRING and last + 1 in texts:
            last += 1
        return first_paragraph([texts[number] for number in range(source.line, last + 1)], 1) if texts else ""

    def _view(self, position: int) -> SourceView:
        source = self.trace.sources[position]
        place = f"{source.file}:{source.line}"
        texts = self._texts(source)
        if not texts:
            only = CodeLine(source.line, colour([source.text])[0], meant=True)
            return SourceView(position, place, source.function, (only,), installed=False)
        piece = self._piece(source)
        first, last = max(piece.first, source.line - CONTEXT), min(piece.last, source.line + CONTEXT)
        coloured = enumerate(piece.coloured(first, last), first)
        shown = tuple(CodeLine(n, tokens, n == source.line) for n, tokens in coloured)
        return SourceView(position, place, source.function, shown, installed=True)

    def _texts(self, source: Source) -> Mapping[int, str]:
        """Return the lines that are known of a file by number; none if they are not those of the run."""
        if source.file not in self.texts:
            self.texts[source.file] = self._read(source.file)
        lines = self.texts[source.file]
        return lines if source.line in lines and same_code(lines[source.line], source.text) else {}

    def _piece(self, source: Source) -> SourcePiece:
        """Return the lines that follow one another around a known line."""
        pieces = self.pieces.setdefault(source.file, [])
        known = next((piece for piece in pieces if piece.first <= source.line <= piece.last), None)
        if known is None:
            texts = self.texts[source.file]
            first = last = source.line
            while first - 1 in texts:
                first -= 1
            while last + 1 in texts:
                last += 1
            lines = [texts[number] for number in range(first, last + 1)]
            known = SourcePiece(lines, first, self.meant[source.file])
            pieces.append(known)
        return known

    def _read(self, name: str) -> dict[int, str]:
        """Read a Python file below an import folder; a trace cannot make us show any other file."""
        text = read_source(name, self.folders)
        return {} if text is None else dict(_numbered(text.split("\n"), 1))


def _numbered(lines: Iterable[str], first: int) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers, each as one line whatever stands in it."""
    return enumerate((line.rstrip("\r\n").replace("\r", " ").replace("\n", " ") for line in lines), first)


class SourcePiece:
    """Lines of a source file that follow one another, of which only those that are shown are coloured.

    Args:
        lines: the lines.
        first: the number of the first one.
        meant: the numbers of lines of the file that are shown, with those around them.
    """

    def __init__(self, lines: list[str], first: int, meant: Iterable[int]) -> None:
        self.lines = lines
        self.first = first
        self.last = first + len(lines) - 1
        text = "\n".join(lines)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.long = [
            (self._line(found.start()), self._line(found.end()))
            for found in STRINGS.finditer(text)
            if "\n" in found[0]
        ]
        """The first and the last line of texts that are longer than one."""
        self.stretches: list[tuple[int, int]] = []
        """The first and the last of lines that are shown without a gap, from the top down."""
        for number in sorted(number for number in meant if self.first <= number <= self.last):
            top, bottom = max(self.first, number - CONTEXT), min(self.last, number + CONTEXT)
            if self.stretches and top <= self.stretches[-1][1] + 1:
                top, _ = self.stretches.pop()
            self.stretches.append((top, bottom))
        self.known: dict[tuple[int, int], list[Tokens]] = {}

    def coloured(self, first: int, last: int) -> list[Tokens]:
        """Return some lines that are shown, by their numbers in the file, as they look in the whole."""
        top, bottom = self.stretches[bisect_right(self.stretches, (first, self.last)) - 1]
        if (top, bottom) not in self.known:
            start = min((above for above, below in self.long if above < top <= below), default=top)
            end = max((below for above, below in self.long if above <= bottom < below), default=bottom)
            shown = colour(self.lines[start - self.first : end - self.first + 1])
            self.known[top, bottom] = shown[top - start : bottom - start + 1]
        return self.known[top, bottom][first - top : last - top + 1]

    def _line(self, place: int) -> int:
        return bisect_right(self.starts, place) - 1 + self.first


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
