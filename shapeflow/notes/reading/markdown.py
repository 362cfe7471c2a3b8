"""Markdown cut into passages: blocks by markdown-it, the inside of fences by what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from shapeflow.notes.mention import Frame, Passage, Region
from shapeflow.notes.reading.directives import written_in
from shapeflow.notes.reading.fences import fence_passages
from shapeflow.notes.reading.folding import fold
from shapeflow.notes.reading.passages import Leads, blanked, masked

_COMMENT = re.compile(r"<!--.*?(?:-->|$)")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
_SHAPED = re.compile(r"^\w$|[\d)\]]$")
_EMPHASIS = re.compile(r"(?<![\w*\\])(\*{1,3})(?=[^\s*])([^*]*?[^\s*\\])\1(?![\w*])")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,2000}>")
_TARGET = re.compile(
    r"(?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?(?:\s+\"[^\"]*\")?\)|<?https?://[^\s)>\]]+>?"
)
_SIZES = re.compile(r"\[\s*\d+(?:\s*,\s*\d+)+\s*\]$")
_FRONT = re.compile(r"-{3,}\s*")
_PLAIN_MARKS = re.compile(r"[#*_`>]+")
MAX_BLOCKS = 100
MAX_COLUMNS = 60
"""A wider table is read line by line: nobody reads it by its headers."""


@cache
def _parser() -> MarkdownIt:
    """Return a parser of blocks alone: what stands in a line is read by other means, with columns."""
    return (
        MarkdownIt("commonmark", {"maxNesting": MAX_BLOCKS}).enable("table").disable(["inline", "text_join"])
    )


def code_blocks(lines: Sequence[str]) -> Iterator[range]:
    """Yield the lines, from 0, inside of each fence or indented block of code of a text.

    Raises:
        RecursionError: quotations in quotations without end.
    """
    for token in _parser().parse("\n".join(lines)):
        if token.type in ("fence", "code_block") and token.map is not None:
            first, last = token.map
            yield _inside(token, first, last, lines)


def _inside(token: Token, first: int, last: int, lines: Sequence[str]) -> range:
    """Return the lines of a block of code without those that open and close it."""
    fenced = token.type == "fence"
    inside = range(first + fenced, min(last, len(lines)))
    closed = fenced and inside and lines[inside[-1]].strip().startswith(token.markup)
    return inside[:-1] if closed else inside


class Reader:
    """Cuts one Markdown text; the passages come in the order of the lines."""

    def __init__(
        self, lines: tuple[str, ...], cell: int | None = None, headings: tuple[str, ...] = ()
    ) -> None:
        self._raw = lines
        self._lines = [fold(line) for line in lines]
        self._cell = cell
        self._headings = [(number, text) for number, text in enumerate(headings, 1)]
        self._block = 0
        self._leads = Leads()
        self._math = False

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings that hold where the reader has come to."""
        return tuple(text for _, text in self._headings)

    def passages(self) -> Iterator[Passage]:
        """Yield the passages."""
        depth = 0
        quiet_until = self._front_matter()
        for token in self._tokens():
            if token.type in ("list_item_open", "list_item_close"):
                depth += token.nesting
            self._block += token.type.endswith("_list_open") and depth == 0
            if token.map is None or token.map[0] < quiet_until:
                continue
            first, last = token.map
            if token.type == "heading_open":
                yield from self._heading(first, last, int(token.tag[1:]))
                quiet_until = last
            elif token.type in ("fence", "code_block"):
                yield from self._fence(first, last, token)
                quiet_until = last
            elif token.type == "table_open":
                yield from self._table(first, last)
                quiet_until = last
            elif token.type in ("inline", "html_block"):
                yield from self._text(first, last, "item" if depth else "prose")
                quiet_until = last

    def _tokens(self) -> list[Token]:
        text = "\n".join(self._raw)
        return _parser().parse(text)

    def _front_matter(self) -> int:
        """Return the line after the front matter of the file, 0 if there is none."""
        if self._lines and _FRONT.fullmatch(self._lines[0]):
            for number, line in enumerate(self._lines[1:200], 1):
                if _FRONT.fullmatch(line):
                    return number + 1
        return 0

    def _heading(self, first: int, last: int, level: int) -> Iterator[Passage]:
        text = self._lines[first]
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._headings.append((level, _PLAIN_MARKS.sub("", text).strip()))
        self._leads = Leads()
        self._block += 1
        # What is underlined may have several lines; the last one is the underline.
        for number in range(first, max(first + 1, last - 1)):
            yield self._passage(number, self._lines[number], "heading")

    def _text(self, first: int, last: int, region: Region) -> Iterator[Passage]:
        self._block += region != "item"
        for number in range(first, min(last, len(self._lines))):
            line = self._lines[number]
            lead = self._leads.of(line)
            toggles = line.count("$$") % 2 or bool(re.match(r"\s*\\[\[\]]", line))
            kind: Region = "math" if self._math or toggles else region
            if toggles:
                self._math = not self._math
            yield self._passage(number, line, kind, lead=lead)
        self._math = False

    def _table(self, first: int, last: int) -> Iterator[Passage]:
        self._block += 1
        header = [self._lines[first][a:b].strip() for a, b in columns(self._lines[first])]
        lead = self._leads.of(self._lines[first])
        for number in range(first, min(last, len(self._lines))):
            line = self._lines[number]
            if number == first + 1:
                continue
            cells = columns(line)
            if len(cells) > MAX_COLUMNS:
                yield self._passage(number, line, "cell", lead=lead)
                continue
            row = line[slice(*cells[0])].strip() if cells else ""
            if row.isdecimal() and number > first and re.search(r"[^\W\d_]{2}", header[0]):
                row = f"{header[0]} {row}"
            for place, (start, end) in enumerate(cells):
                column = header[place] if place < len(header) and number > first else ""
                text = masked(line, start, end)
                yield self._passage(number, text, "cell", lead=lead, row=row if place else "", column=column)

    def _fence(self, first: int, last: int, token: Token) -> Iterator[Passage]:
        self._block += 1
        inside = _inside(token, first, last, self._lines)
        caption = next(
            (self._lines[n] for n in range(first - 1, max(-1, first - 3), -1) if self._lines[n].strip()), ""
        )
        frame = Frame(
            region="fence",
            headings=self.headings,
            lead=(caption.strip(),) if caption and not caption.lstrip().startswith(("#", "```", "|")) else (),
            language=token.info.strip().split(maxsplit=1)[0].strip("{}.").lower()
            if token.info.strip()
            else "",
        )
        yield from fence_passages(
            [self._lines[n] for n in inside], inside.start + 1, frame, self._block, self._cell
        )

    def _passage(
        self,
        number: int,
        text: str,
        region: Region,
        lead: tuple[str, ...] = (),
        row: str = "",
        column: str = "",
    ) -> Passage:
        frame = Frame(
            region=region,
            headings=self.headings,
            lead=lead,
            line=self._lines[number].strip(),
            row=row,
            column=column,
        )
        said = written_in(text)
        text = blanked(text, _COMMENT)
        for target in _TARGET.finditer(self._raw[number]):
            # As written: "[1, 64]（说明）" is a remark and no link, and so is "[1, 64](padded)".
            remark = _SIZES.search(text, 0, target.start()) and not re.search(r"[./#:]", target[0])
            if text[target.start() : target.end()].strip() and not remark:
                text = text[: target.start()] + _without_target(target) + text[target.end() :]
        text = _without_emphasis(blanked(text, _TAG))
        return Passage(number + 1, text, frame, self._block, cell=self._cell, directives=said)


def _without_emphasis(text: str) -> str:
    """Return a text with blanks for the stars of emphasis around what ends as sizes do: ``(B, **3136**)``."""
    if "*" not in text:
        return text
    code = [match.span() for match in _CODE_SPAN.finditer(text)]

    def blank(found: re.Match[str]) -> str:
        if not _SHAPED.search(found[2]) or any(
            first < place < last for first, last in code for place in (found.start(), found.end() - 1)
        ):
            return found[0]
        return f"{' ' * len(found[1])}{found[2]}{' ' * len(found[1])}"

    return _EMPHASIS.sub(blank, text)


def _without_target(found: re.Match[str]) -> str:
    """Return blanks for the target of a link, between the brackets that tell it from a remark."""
    return f"({' ' * (len(found[0]) - 2)})" if found[0][0] == "(" else " " * len(found[0])


def columns(line: str) -> list[tuple[int, int]]:
    """Return the first and last+1 column, from 0, of each cell in a line of a table."""
    bars = [m.start() for m in re.finditer(r"(?<!\\)\|", line)]
    edges = [-1, *bars, len(line)]
    cells = [(a + 1, b) for a, b in pairwise(edges)]
    if cells and not line[slice(*cells[0])].strip():
        cells = cells[1:]
    if cells and not line[slice(*cells[-1])].strip():
        cells = cells[:-1]
    return cells
