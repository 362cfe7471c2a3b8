"""A piece of a line that can be read as a shape, and what all notations share in reading one."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal as OneOf

from shapeflow.notes.finding.dims import read_dim

MAX_RANK = 12
MAX_LITERAL = 240
"""Characters between two brackets that can be a shape."""
OPENING, CLOSING = "([{", {")": "(", "]": "[", "}": "{"}

Form = OneOf["bracket", "times", "real", "names", "bare", "axes"]


@dataclass(frozen=True, slots=True)
class ReadDim:
    """One dim in our notation, with its columns from 0 in the line."""

    text: str
    start: int
    end: int
    name: str = ""
    """The name that the text gives to a size: ``B`` of ``B=2``."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A piece of a line that can be read as a shape."""

    start: int
    end: int
    dims: tuple[ReadDim, ...]
    form: Form
    opener: str = ""
    """The bracket that it begins with, if it has one."""
    glued: str = ""
    """The word that touches the bracket, such as ``Linear`` or ``torch.Size``."""
    separator: str = ","

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Name and size of the dims that have both."""
        return tuple((dim.name, dim.text) for dim in self.dims if dim.name)


_EQUAL = re.compile(r"\s*(?:=|==|≡|:=|:|i\.e\.|即)\s*`?\s*")


def without_overlap(literals: list[Literal]) -> list[Literal]:
    """Return literals in the order of their columns: of two that overlap the one that was named first."""
    kept: list[Literal] = []
    for literal in literals:
        place = bisect_left(kept, literal.start, key=lambda other: other.start)
        before = kept[place - 1].end if place else 0
        after = kept[place].start if place < len(kept) else literal.end
        if before <= literal.start and literal.end <= after:
            kept.insert(place, literal)
    return kept


def read_dims(line: str, pieces: list[tuple[int, int]]) -> tuple[ReadDim, ...]:
    """Return the dims that stand in pieces of a line; none if one of them is not a dim."""
    if len(pieces) > MAX_RANK:
        return ()
    dims: list[ReadDim] = []
    for start, end in pieces:
        text = line[start:end]
        found = read_dim(text)
        if found is None or (found[0] == "..." and any(dim.text == "..." for dim in dims)):
            return ()
        left, right = stripped(line, start, end)
        if found[1]:
            left = max(left, line.rfind(found[0].strip(), start, end))
        dims.append(ReadDim(found[0], left, right, found[1]))
    return tuple(dims)


def split(line: str, start: int, end: int, separators: str) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a line between separators that stand in no inner bracket."""
    depth = 0
    first = start
    for place in range(start, end):
        sign = line[place]
        if sign in OPENING:
            depth += 1
        elif sign in CLOSING:
            depth -= 1
        elif depth == 0 and sign in separators and not (sign == "," and line[place - 1] == "\\"):
            yield first, place
            first = place + 1
    yield first, end


def stripped(line: str, start: int, end: int) -> tuple[int, int]:
    """Return two columns without the blanks between them and the text."""
    text = line[start:end]
    return start + len(text) - len(text.lstrip()), start + len(text.rstrip())


def with_names(line: str, found: list[Literal]) -> list[Literal]:
    """Return literals; of ``(B, N, C) = (4, 197, 768)`` the second has the names that the first gives."""
    named: list[Literal] = []
    for literal in found:
        before = named[-1] if named else None
        if (
            before is not None
            and len(before.dims) == len(literal.dims) > 1
            and before.form == literal.form == "bracket"
            and _EQUAL.fullmatch(line, before.end, literal.start)
            and all(dim.text.isidentifier() for dim in before.dims)
            and all(dim.text.isdecimal() for dim in literal.dims)
        ):
            pairs = zip(before.dims, literal.dims, strict=True)
            dims = tuple(replace(size, name=name.text) for name, size in pairs)
            named.append(replace(literal, dims=dims))
        else:
            named.append(literal)
    return named


def closing(line: str, start: int) -> int | None:
    """Return where the bracket at a column closes."""
    depth = 0
    for place in range(start, min(len(line), start + MAX_LITERAL + 2)):
        if line[place] in OPENING:
            depth += 1
        elif line[place] in CLOSING:
            depth -= 1
            if depth == 0:
                return place
    return None
