"""Parts of axes, followed through a run: which axis of a result is which axis of what it was made from.

An axis is a tuple of *atoms*. A linear layer gives its result a new atom, ``flatten`` puts the atoms of two
axes side by side, ``view`` takes them apart again. So ``[B, H*W, C]`` still knows that its middle is height
and width. Equal atoms mean the same axis, even where its size is 1 or another axis has the same size.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

from shapeflow.model.records import Records

Axis = tuple[int, ...]
"""Atoms from the slowest to the fastest; none for an axis of size 1 that came from nowhere."""
AxisList = tuple[Axis, ...]
Kind = Literal["input", "parameter", "made", "kept", "slice", "added", "expand", "joined", "features"]


@dataclass(frozen=True, slots=True)
class Atom:
    """One axis, or a part of one, from where it first stands."""

    size: int
    kind: Kind
    """``features``: made by weights; ``kept``: what a reduction left; ``joined``: by ``cat`` or ``pad``."""
    value: int
    """Id of the value where it first stands."""
    axis: int
    """Which axis of that."""


class Atoms:
    """All atoms of a trace, and which were taken apart."""

    def __init__(self, trace: Records) -> None:
        self._trace = trace
        self.all: list[Atom] = []
        self._parts: dict[int, Axis] = {}
        self.whole: dict[int, int] = {}
        """Part -> the atom that it was taken from, first of all."""

    def new(self, size: int, kind: Kind, value: int, axis: int) -> Axis:
        """Return an axis that was not there before."""
        self.all.append(Atom(size, kind, value, axis))
        return (len(self.all) - 1,)

    def fresh(self, value: int, kind: Kind = "made") -> AxisList:
        """Return new axes for all of a value."""
        shape = self._trace.values[value].shape
        return tuple(self.new(size, kind, value, axis) for axis, size in enumerate(shape))

    def split(self, atom: int, first: int) -> tuple[int, int]:
        """Take an atom apart into one of size ``first`` and the rest."""
        whole = self.all[atom]
        parts = [
            self.new(size, whole.kind, whole.value, whole.axis)[0] for size in (first, whole.size // first)
        ]
        self._parts[atom] = (parts[0], parts[1])
        self.whole.update(dict.fromkeys(parts, self.whole.get(atom, atom)))
        return parts[0], parts[1]

    def parts(self, axis: Axis) -> Axis:
        """Return an axis with every atom that was taken apart replaced by its parts."""
        if self._parts.keys().isdisjoint(axis):
            return axis
        return tuple(part for atom in axis for part in (self.parts(self._parts.get(atom, ())) or (atom,)))

    def healed(self, axis: Axis) -> Axis:
        """Return an axis in which all the parts of an atom, side by side again, are one new atom.

        A picture that was cut into windows and put together again has the axes of a picture: it may be cut
        into others.
        """
        axis = self.parts(axis)
        found: list[int] = []
        place = 0
        while place < len(axis):
            whole = self.whole.get(axis[place])
            parts = () if whole is None else self.parts((whole,))
            if whole is not None and axis[place : place + len(parts)] == parts:
                atom = self.all[whole]
                found += self.new(atom.size, atom.kind, atom.value, atom.axis)
                place += len(parts)
            else:
                found.append(axis[place])
                place += 1
        return tuple(found)

    def size(self, axis: Axis) -> int:
        """Return how long an axis is."""
        return prod(self.all[atom].size for atom in axis)


How = Literal["clean", "leads", "trails", "tears", "misfit"]
"""How a reshape lies on the axes that it is given. ``clean``: it splits and joins them. ``leads``: an axis of
the result is whole ones and the beginning of the next; ``trails``: the end of one and more; ``tears``: the
end of one and the beginning of another. ``misfit``: one ends where an axis cannot be taken apart."""
_WORST: tuple[How, ...] = ("clean", "leads", "trails", "tears", "misfit")


def regroup(atoms: Atoms, given: AxisList, shape: tuple[int, ...], value: int) -> tuple[AxisList, How]:
    """Return the axes of a result of this shape, made of what was given in its order, and how it fits."""
    waiting = [atom for axis in given for atom in atoms.parts(axis) if atoms.all[atom].size != 1]
    ones = _ones(atoms, given, shape)
    rests: set[int] = set()
    made: list[Axis] = []
    hows: set[How] = {"clean"}
    for place, size in enumerate(shape):
        taken: list[int] = []
        left, cut = size, False
        while left > 1 and waiting and not cut:
            atom = waiting.pop(0)
            length = atoms.all[atom].size
            if length > left and length % left == 0:
                atom, rest = atoms.split(atom, left)
                waiting.insert(0, rest)
                rests.add(rest)
                cut, length = True, left
            elif left % length:
                return atoms.fresh(value), "misfit"
            taken.append(atom)
            left //= length
        if left > 1:
            return atoms.fresh(value), "misfit"
        if len(taken) > 1:
            trails = taken[0] in rests
            hows.add("tears" if trails and cut else "trails" if trails else "leads" if cut else "clean")
        made.append(tuple(taken) or ones.get(place, ()))
    return tuple(made), max(hows, key=_WORST.index)


def _ones(atoms: Atoms, given: AxisList, shape: tuple[int, ...]) -> dict[int, Axis]:
    """Return where axes of size 1 go: to the place before or behind which equally much lies."""
    before: dict[int, list[Axis]] = {}
    length = 1
    for axis in given:
        if atoms.size(axis) == 1:
            before.setdefault(length, []).append(axis)
        length *= max(atoms.size(axis), 1)
    found: dict[int, Axis] = {}
    length = 1
    for place, size in enumerate(shape):
        if size == 1 and before.get(length):
            found[place] = before[length].pop(0)
        length *= max(size, 1)
    return found
