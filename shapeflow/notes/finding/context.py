"""What the likely shapes of a text tell of its other lists: its axes and sizes, and how it writes them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

from shapeflow.notes.finding.candidate import are_widths
from shapeflow.notes.finding.cues import TENSOR_PREFIX
from shapeflow.notes.finding.literal import Literal

NAMES_KNOWN = 4.0
"""Logarithm of the odds where all axes have names that sure shapes give to theirs."""
MOST_KNOWN = 2.0
LONE_KNOWN = 3.0
SIZES_KNOWN = 2.2
"""The same where all sizes are those of axes of sure shapes."""
SIZE_KNOWN = 1.4
ROWS_KNOWN = 2.2
"""It is how longer shapes begin: ids or a mask, ``[3, 14]`` beside ``[3, 14, 128]``."""
EQUAL_KNOWN = 2.6
"""A square of a size that other shapes have once, as matrices of weights and masks are, and no picture is."""
LEADS_ALIKE = 1.4
"""It begins with the axis that sure shapes begin with: mostly the batch."""
SMALL = 16
"""Smaller sizes are found everywhere: only as the first axis do they say something."""
SMALLEST = 8
"""Even smaller ones say nothing beside a first axis."""
_EXTENTS = frozenset({"h", "w", "height", "width", "size"})


ENOUGH = 0.75
"""Shapes, each counted as far as it is likely, that must have an axis for it to be known."""


class Context:
    """The axes of the shapes of one text."""

    def __init__(self, likely: Iterable[tuple[Literal, float]]) -> None:
        """Take the axes of shapes with their probabilities."""
        self._axes: defaultdict[str, defaultdict[tuple[str, ...], float]] = defaultdict(
            lambda: defaultdict(float)
        )
        self._leads: defaultdict[str, float] = defaultdict(float)
        self._styles: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._areas: set[tuple[str, ...]] = set()
        self._rows: defaultdict[tuple[str, ...], float] = defaultdict(float)
        self._once: defaultdict[str, float] = defaultdict(float)
        self._pairs: set[str] = set()
        for literal, sure in likely:
            dims = [dim.text for dim in literal.dims]
            for axis in {part for dim in dims for part in (dim, *_names(dim))}:
                self._axes[axis][tuple(dims)] += sure
            if len(dims) > 1:
                self._leads[dims[0]] += sure
            for axis, times in Counter(dims).items():
                self._once[axis] += sure if times == 1 else 0.0
            if len(dims) == 3:
                self._rows[tuple(dims[:2])] += sure
            if len(dims) > 2:
                self._pairs |= {first for first, last in pairwise(dims) if first == last}
            if len(dims) > 3 or (len(dims) == 3 and dims[0] == "3"):
                self._areas |= {tuple(dims[-2:]), tuple(dims[-2:][::-1])}
            self._styles[_style(literal)] += sure

    def gain(self, literal: Literal) -> float:
        """Return by how much the logarithm of the odds of an unsure literal grows."""
        dims = [dim.text for dim in literal.dims]
        lone = len(dims) == 1 and literal.opener != "[" and literal.separator != ","
        if dims[0] == "0" or lone or _is_called(literal):
            return 0.0
        alike = self._styles[_style(literal)] > ENOUGH
        names = {name for dim in dims for name in _names(dim)}
        if names:
            return self._of_names(dims, names, alike)
        if len(dims) < 3:
            return self._of_few(literal, dims, alike)
        wide = all(dim.isdecimal() for dim in dims) and are_widths([int(dim) for dim in dims])
        return 0.0 if wide else self._of_sizes(dims, alike)

    def _of_few(self, literal: Literal, dims: list[str], alike: bool) -> float:
        """Return the gain of one or two sizes."""
        first, last = dims[0], dims[-1]
        if len(dims) == 1:
            return LONE_KNOWN if _large(first, SMALL) and self._knows(first, dims) else 0.0
        if first == last:
            return self._of_square(literal, first)
        if (first, last) in self._areas:
            # Height and width of what has channels too: the size of a picture, or of a window.
            return 0.0
        if self._rows[first, last] > ENOUGH and _large(last, SMALLEST):
            return ROWS_KNOWN
        return self._of_sizes(dims, alike)

    def _of_sizes(self, dims: list[str], alike: bool) -> float:
        """Return the gain of two or more sizes of which some are large."""
        telling = [dim for dim in dims if _large(dim, SMALL)]
        known = sum(self._knows(dim, dims) for dim in telling)
        often = self._leads[dims[0]] > (2 * ENOUGH if len(dims) == 2 else ENOUGH)
        batched = telling or (len(dims) > 2 and "1" in dims)
        gain = LEADS_ALIKE if alike and often and len(dims) < 6 and batched else 0.0
        if telling and known == len(telling):
            gain += SIZES_KNOWN
        elif known:
            gain += SIZE_KNOWN
        return gain

    def _of_square(self, literal: Literal, size: str) -> float:
        """Return the gain of two equal sizes; those without a bracket are mostly of a picture or a window."""
        if not _large(size, SMALLEST) or self._once[size] <= ENOUGH:
            return 0.0
        return EQUAL_KNOWN if literal.form == "bracket" or size not in self._pairs else 0.0

    def _knows(self, axis: str, dims: list[str]) -> bool:
        """Return whether other shapes than this one have an axis."""
        having = self._axes[axis]
        return sum(having.values()) - having.get(tuple(dims), 0.0) > ENOUGH

    def _of_names(self, dims: list[str], names: set[str], alike: bool) -> float:
        if {name.lower() for name in names} <= _EXTENTS:
            return 0.0
        known = sum(self._knows(name, dims) for name in names)
        if len(dims) == 1:
            return LONE_KNOWN if alike and known else 0.0
        if known == len(names):
            return NAMES_KNOWN if alike else MOST_KNOWN
        leads = self._leads[dims[0]] > ENOUGH
        return MOST_KNOWN if alike and leads and 2 * known >= len(names) else 0.0


def _large(dim: str, least: int) -> bool:
    return dim.isdecimal() and int(dim) >= least


def _is_called(literal: Literal) -> bool:
    """Return whether a word before the bracket makes it arguments or an index."""
    word = literal.glued if literal.separator != " " else ""
    return bool(word) and not TENSOR_PREFIX.match(word) and (literal.opener == "[" or len(word) > 5)


def _names(dim: str) -> list[str]:
    """Return the names in a dim."""
    return [] if dim in ("_", "...") else re.findall(r"[^\W\d]\w*", dim)


def _style(literal: Literal) -> tuple[str, str]:
    """Return how a literal is written."""
    return literal.form, literal.opener
