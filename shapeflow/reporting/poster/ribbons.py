"""Which data goes from one part of a run to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from shapeflow.model.call_tree import CallTree
from shapeflow.model.containers import values_at
from shapeflow.model.records import Value

INPUT = RESULT = -1
"""What stands for no part: where the run's inputs come from, and where its outputs go."""

Origin = tuple[int, int]
"""A part, and the value that it gave."""


@dataclass(frozen=True, slots=True)
class Strand:
    """One value on its way between two parts."""

    source: int
    target: int
    given: int
    """Id of the value that the source made."""
    got: int
    """Id of the value that the target reads: the same one if nothing happens between them."""


@dataclass(frozen=True, slots=True)
class Strands:
    """All data that goes between the parts of a run."""

    between: tuple[Strand, ...]
    inputs: Mapping[int, tuple[Strand, ...]]
    """Input value -> where it goes; the source of these is ``INPUT``."""
    outputs: tuple[Strand, ...]
    """What the last of the outermost calls returns; the target of these is ``RESULT``."""


def strands_of(tree: CallTree, parts: Sequence[frozenset[int]]) -> Strands:
    """Follow the data of a run from part to part.

    Args:
        tree: its call tree.
        parts: the ops of each part; ops of no part pass on what they get.
    """
    walk = _Walk(tree)
    part_of = {op: number for number, ops in enumerate(parts) for op in ops}
    for op in tree.trace.ops:
        if op.id in part_of:
            walk.inside(op.id, part_of[op.id])
        elif op.parent is None or not tree.trace.ops[op.parent].outputs:
            walk.between(op.id)  # an op in a composite one is told as that
    walk.end()
    inputs = {value: tuple(found) for value, found in walk.inputs.items()}
    return Strands(tuple(walk.found), inputs, tuple(walk.outputs))


class _Walk:
    """Keeps, for every value, from which parts its data comes."""

    def __init__(self, tree: CallTree) -> None:
        self.tree = tree
        self.values = tree.trace.values
        self.origins: dict[int, frozenset[Origin]] = {}
        self.found: dict[Strand, None] = {}
        self.inputs: dict[int, dict[Strand, None]] = {}
        self.outputs: dict[Strand, None] = {}

    def inside(self, op: int, part: int) -> None:
        """An op of a part: what it reads arrives there, what it makes comes from there."""
        given = self.tree.given[op]
        for value in given:
            for source, first in sorted(self._from(value)):
                if source == INPUT and (is_data(self.values[value]) or _is_number(self.values[value])):
                    self.inputs.setdefault(first, {})[Strand(INPUT, part, first, value)] = None
                elif source not in (INPUT, part) and is_data(self.values[value]):
                    self.found[Strand(source, part, first, value)] = None
        for value in self.tree.made[op]:
            if value not in given:
                self.origins[value] = frozenset({(part, value)})

    def between(self, op: int) -> None:
        """An op of no part: data passes through."""
        given = self.tree.given[op]
        through = frozenset[Origin]().union(*map(self._from, given))
        for value in self.tree.made[op]:
            if value not in given:
                self.origins[value] = through

    def end(self) -> None:
        """What the last of the outermost calls returns."""
        for root in self.tree.roots[-1:]:
            call = self.tree.trace.calls[root]
            for value in sorted(values_at(call.outputs) - values_at(call.inputs)):
                for source, first in sorted(self._from(value)) if is_data(self.values[value]) else ():
                    if source != INPUT:
                        self.outputs[Strand(source, RESULT, first, value)] = None

    def _from(self, value: int) -> frozenset[Origin]:
        if value not in self.origins:
            is_input = self.values[value].origin == "input"
            self.origins[value] = frozenset({(INPUT, value)}) if is_input else frozenset()
        return self.origins[value]


def is_data(value: Value) -> bool:
    """Return whether a tensor is more than a mask, an index or a single number."""
    if value.origin == "input":
        return prod(value.shape) > 0
    return value.dtype.startswith(("f", "bf", "c")) and prod(value.shape) > 1


def _is_number(value: Value) -> bool:
    """Return whether a tensor holds whole numbers, such as the ids of tokens."""
    return value.dtype.startswith(("i", "u")) and prod(value.shape) > 1
