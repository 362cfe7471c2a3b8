"""Which axis of each tensor of a run is which axis of what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from shapeflow.lint.atoms import Atoms, Axis, AxisList, How
from shapeflow.model.links import Links
from shapeflow.model.records import Op, Records

_KINDS = {"input": "input", "parameter": "parameter", "buffer": "parameter"}


@dataclass(frozen=True, slots=True)
class Reshape:
    """What a reshape did to the order of numbers."""

    before: tuple[tuple[int, str], ...]
    """Size and kind of each atom that it was given, those of size 1 left out."""
    how: How


class Axes:
    """The axes of every value of a trace; ``axis_ops.axes_of`` makes it."""

    def __init__(self, trace: Records) -> None:
        self.trace = trace
        self.atoms = Atoms(trace)
        self.reshapes: dict[int, Reshape] = {}
        self._axes: dict[int, AxisList] = {}
        self._last: dict[int, AxisList] = {}
        """The same in their last parts, once all ops were followed."""
        self._followed = False

    def follow(self, rule: Callable[[Axes, Op, int], AxisList | None]) -> None:
        """Find the axes of all that ops made, by what ``rule`` says of an op and a value that it made."""
        opened = {op.parent for op in self.trace.ops}
        made = self.trace.cached(Links).made
        for op in self.trace.ops:
            if op.id in opened:
                continue  # what it was opened into says more
            for value in made[op.id]:
                if value not in self._axes:
                    self._keep(value, rule(self, op, value))
        self._followed = True  # from here on no axis is taken apart

    def _keep(self, value: int, axes: AxisList | None) -> None:
        """Keep the axes of a value, with new ones where what was found cannot be right."""
        shape = self.trace.values[value].shape
        if axes is None or len(axes) != len(shape):
            self._axes[value] = self.atoms.fresh(value)
            return
        self._axes[value] = tuple(
            axis if self.atoms.size(axis) == size else self.atoms.new(size, "made", value, place)
            for place, (axis, size) in enumerate(zip(axes, shape, strict=True))
        )

    def __getitem__(self, value: int) -> AxisList:
        """Return the axes of a value, in parts where they were taken apart anywhere in the run."""
        known = self._last.get(value)
        if known is not None:
            return known
        if value not in self._axes:
            kind = _KINDS.get(self.trace.values[value].origin, "made")
            self._axes[value] = self.atoms.fresh(value, kind)  # type: ignore[arg-type]
        axes = tuple(map(self.atoms.parts, self._axes[value]))
        if self._followed:
            self._last[value] = axes
        return axes

    def given(self, op: Op) -> list[int]:
        """Return the values that an op was given, in their order."""
        return [port.value for port in op.inputs if port.value is not None and port.name != "in.out"]

    def kinds(self, axis: Axis) -> set[str]:
        """Return where the parts of an axis come from."""
        return {self.atoms.all[atom].kind for atom in axis}

    def shape(self, value: int) -> tuple[int, ...]:
        """Return the sizes of a value."""
        return self.trace.values[value].shape

    def flat(self, axis_list: AxisList) -> tuple[tuple[int, str], ...]:
        """Return size and kind of each atom of some axes, those of size 1 left out."""
        atoms = [self.atoms.all[atom] for axis in axis_list for atom in self.atoms.parts(axis)]
        return tuple((atom.size, atom.kind) for atom in atoms if atom.size != 1)

    def broadcast(self, values: Iterable[int], shape: tuple[int, ...]) -> AxisList:
        """Return the axes of what an op makes of several tensors, number by number."""
        given = [(self[value], self.shape(value)) for value in values]
        found: list[Axis] = []
        for place, size in enumerate(shape):
            back = place - len(shape)
            axes = [axes[back] for axes, sizes in given if -back <= len(sizes) and sizes[back] == size]
            found.append(self.best(axes))
        return tuple(found)

    def best(self, axis_list: Iterable[Axis]) -> Axis:
        """Return, of axes that lie on each other, the one of which most is known: an input's before all."""
        return min(axis_list, key=self._rank, default=())

    def _rank(self, axis: Axis) -> int:
        kinds = self.kinds(axis)
        if not kinds:
            return 4
        if "input" in kinds:
            return 0
        return 3 if kinds <= {"parameter"} else 2 if kinds <= {"expand", "parameter"} else 1
