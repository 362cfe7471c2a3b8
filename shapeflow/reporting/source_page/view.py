"""The model's source with what its lines made, as a page shows it: lines, and stretches without anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapeflow.common.control_characters import visible
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.sources import SourcePiece, Tokens
from shapeflow.source.lines import Line, Made, SourceFile
from shapeflow.source.text import TAB

AROUND = 3
"""Lines shown above and below those of which something is known."""
SHORTEST_FOLD = 6
"""Fewer lines between those that are shown are shown too."""
MOST_TYPES = 4
NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_./-]+")


@dataclass(frozen=True, slots=True)
class MadeView:
    """What a line made."""

    name: str
    """The variable; else the op or the class of the module."""
    named: bool
    """Whether it is a variable."""
    by: str
    types: tuple[str, ...]
    """The different results, the first few and the last."""
    left_out: int
    """How many different results are not among them."""
    times: int
    selector: str
    """Of the first value that it made; empty if it is no tensor."""


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of source."""

    number: int
    tokens: Tokens
    """Pairs of a Pygments class and text."""
    state: str
    """``ran``, ``never`` or empty; see ``shapeflow.source.lines.Line``."""
    indent: int
    """Spaces before the code."""
    made: tuple[MadeView, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that follow one another: shown, or folded because nothing is known of them."""

    first: int
    last: int
    lines: tuple[LineView, ...] = ()
    """Empty if they are folded."""
    text: str = ""
    """Folded lines with their numbers."""


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of the model's source."""

    name: str
    anchor: str
    known: bool
    """False if it is not there as it was in the run."""
    made: int
    """Lines that made tensors."""
    never: int
    """Lines that certainly never ran."""
    stretches: tuple[Stretch, ...]


def files_view(trace: Trace, files: Sequence[SourceFile]) -> list[FileView]:
    """Return the files of which something is known, those with most first."""
    names = trace.cached(ExactNames)
    anchors: set[str] = set()
    found = []
    for file in files:
        if file.made or file.never:
            anchor = _anchor(file.name, anchors)
            stretches = tuple(_stretches(file, names))
            found.append(FileView(file.name, anchor, file.known, file.made, file.never, stretches))
    return sorted(found, key=lambda file: -file.made)


def _anchor(name: str, taken: set[str]) -> str:
    """Return an id for a file that no other has: its name as far as an address may have it."""
    anchor = known = NOT_IN_IDS.sub("-", name)
    number = 2
    while anchor in taken:
        anchor = f"{known}-{number}"
        number += 1
    taken.add(anchor)
    return anchor


def _stretches(file: SourceFile, names: ExactNames) -> Iterator[Stretch]:
    """Yield the lines around those of which something is known, and what lies between them folded."""
    lines = file.lines
    told = [place for place, line in enumerate(lines) if line.made or line.state == "never"]
    stretches = list(_shown(told, len(lines)))
    code = _code(lines, stretches)
    at = 0
    for first, last in stretches:
        yield from _folded(lines[at:first])
        shown = lines[first : last + 1]
        coloured = code.coloured(first, last)
        yield Stretch(
            shown[0].number,
            shown[-1].number,
            tuple(_line(line, tokens, names) for line, tokens in zip(shown, coloured, strict=True)),
        )
        at = last + 1
    yield from _folded(lines[at:])


def _shown(told: Sequence[int], count: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last places of lines that are shown, of ``count`` lines."""
    first = last = -1
    for place in told:
        if first < 0:
            first = max(place - AROUND, 0)
        elif place - AROUND > last + SHORTEST_FOLD:
            yield first, last
            first = place - AROUND
        last = min(place + AROUND, count - 1)
    if first >= 0:
        yield first, last


def _folded(lines: Sequence[Line]) -> Iterator[Stretch]:
    if lines:
        text = "\n".join(f"{line.number:>5}  {line.text.rstrip().expandtabs(TAB)}".rstrip() for line in lines)
        yield Stretch(lines[0].number, lines[-1].number, text=text)


def _code(lines: Sequence[Line], stretches: Sequence[tuple[int, int]]) -> SourcePiece:
    """Return what colours the lines that are shown as they look in the whole file."""
    shown = (place for first, last in stretches for place in range(first, last + 1))
    return SourcePiece([line.text.expandtabs(TAB) for line in lines], 0, shown)


def _line(line: Line, tokens: Tokens, names: ExactNames) -> LineView:
    text = line.text.expandtabs(TAB)
    indent = len(text) - len(text.lstrip())
    return LineView(line.number, tokens, line.state, indent, tuple(_made(made, names) for made in line.made))


def _made(made: Made, names: ExactNames) -> MadeView:
    types = made.types
    if len(types) > MOST_TYPES:
        types = (*types[: MOST_TYPES - 1], types[-1])
    return MadeView(
        made.name or made.by,
        bool(made.name),
        made.by,
        types,
        len(made.types) - len(types),
        made.times,
        visible(names.value(made.values[0])) if made.values else "",
    )
