"""A literal in its place in the text, which may state a shape or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from shapeflow.notes.finding.literal import Literal
from shapeflow.notes.mention import Frame

BATCHES = ("B", "N", "b", "n", "bs", "bsz", "batch", "batch_size")
"""What people call the first axis."""

EXTENTS = ({"h", "w"}, {"height", "width"})


def are_widths(sizes: list[int]) -> bool:
    """Return whether sizes can be the widths of the levels of a model: four or more that rise from 16 on."""
    return len(sizes) > 3 and sizes[0] >= 16 and all(a < b for a, b in pairwise(sizes))


@dataclass(frozen=True)
class Candidate:
    """What the features of ``scoring`` look at."""

    literal: Literal
    frame: Frame
    text: str
    """The line that it stands in, with blanks in place of what is not text."""

    @cached_property
    def before(self) -> str:
        """The text before it in its line."""
        return self.text[: self.literal.start]

    @cached_property
    def after(self) -> str:
        """The text behind it in its line."""
        return self.text[self.literal.end :]

    @cached_property
    def rank(self) -> int:
        """How many axes it has."""
        return len(self.literal.dims)

    @cached_property
    def dims(self) -> list[str]:
        """The dims in our notation."""
        return [dim.text for dim in self.literal.dims]

    @cached_property
    def written(self) -> list[str]:
        """The dims as written."""
        return [self.text[dim.start : dim.end] for dim in self.literal.dims]

    @cached_property
    def sizes(self) -> list[int]:
        """The dims that are numbers."""
        return [int(dim) for dim in self.dims if dim.isdecimal()]

    @cached_property
    def symbols(self) -> list[str]:
        """The dims that are names or arithmetic."""
        return [dim for dim in self.dims if not dim.isdecimal() and dim not in ("_", "...")]

    @cached_property
    def names(self) -> list[str]:
        """The names in its dims."""
        return [name for dim in self.symbols for name in re.findall(r"[^\W\d]\w*", dim)]

    @cached_property
    def extents(self) -> bool:
        """Whether it is height and width, as pictures and windows have; ``pad_height, pad_width`` too."""
        names = [name.lower() for name in self.symbols]
        if len({name.rpartition("_")[0] for name in names}) == 1:
            names = [name.rpartition("_")[2] for name in names]
        return not self.sizes and set(names) in EXTENTS

    @cached_property
    def numeric_but_rest(self) -> bool:
        """Whether it is numbers around three dots: ``[999, 979, ..., 19]``."""
        return len(self.sizes) == self.rank - 1 and (self.rank > 3 or self.sizes[0] < 2)

    @cached_property
    def named(self) -> bool:
        """Whether most of its sizes have names: ``B=2, N=197``."""
        return self.rank > 1 and 2 * len(self.literal.names) > self.rank

    @cached_property
    def numeric(self) -> bool:
        """Whether all dims are numbers."""
        return len(self.sizes) == self.rank
