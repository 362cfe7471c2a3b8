"""``broadcast`` and ``coincidence``: tensors that fit each other, and their axes do not belong together."""

from __future__ import annotations

from collections.abc import Iterator

from shapeflow.lint.atoms import Axis
from shapeflow.lint.axes import Axes
from shapeflow.lint.axis_ops import axes_of
from shapeflow.lint.finding import Found
from shapeflow.lint.op_names import ELEMENTWISE
from shapeflow.model.records import Op, Records


def accidental_broadcast(trace: Records) -> Iterator[Found]:
    """Yield the ops on ``[B, 1]`` and ``[B]`` that give ``[B, B]``: an axis meets itself as another one."""
    for op, left, right in _pairs(trace):
        axes = trace.cached(axes_of)
        one, other = axes.shape(left), axes.shape(right)
        place = _crossed(axes, left, right)
        if place is None:
            continue
        made = next((port for port in op.outputs if port.value is not None), None)
        result = "" if made is None else f" gives {trace.content(made)}"
        short, long = sorted((one, other), key=len)
        wanted = f"{list(short)} lies under the last of {list(long)}, whose axis of {short[place]} is another"
        yield Found.at(op, f"{op.target} of {trace.values[left]} and {trace.values[right]}{result}: {wanted}")


def _crossed(axes: Axes, left: int, right: int) -> int | None:
    """Return where an axis is stretched along an axis of the other tensor, that has it elsewhere already."""
    one, other = axes[left], axes[right]
    if len(one) == len(other):
        return None
    short, long = (left, right) if len(one) < len(other) else (right, left)
    sizes, axis_list = axes.shape(short), axes[short]
    if axes.kinds(sum(axis_list, ())) <= {"parameter"}:
        return None
    for back in range(-len(sizes), 0):
        size, against = sizes[back], axes.shape(long)[back]
        if size <= 1 or against != 1:
            continue
        for place, axis in enumerate(axes[long]):
            if (
                place - len(axes[long]) != back
                and axes.shape(long)[place] == size
                and _same(axes, axis, axis_list[back], long, place, short, back)
            ):
                return back
    return None


def _same(axes: Axes, axis: Axis, other: Axis, long: int, place: int, short: int, back: int) -> bool:
    """Return whether two axes of one size are the same, or the first of two inputs of the run."""
    if axis == other:
        return True
    return place == 0 and back == -len(axes.shape(short)) and _first(axes, axis) and _first(axes, other)


def _first(axes: Axes, axis: Axis) -> bool:
    """Return whether an axis stands first in an input of the run."""
    atoms = [axes.atoms.all[atom] for atom in axis]
    return bool(atoms) and all(atom.kind == "input" and atom.axis == 0 for atom in atoms)


def coincidence(trace: Records) -> Iterator[Found]:
    """Yield the ops where an axis lies against another one, and the right one stands beside it."""
    for op, left, right in _pairs(trace):
        axes = trace.cached(axes_of)
        if len(axes[left]) == len(axes[right]):
            continue
        short, long = (left, right) if len(axes[left]) < len(axes[right]) else (right, left)
        for back in range(-len(axes[short]), 0):
            axis, against = axes[short][back], axes[long][back]
            if not axis or not against or axis == against:
                continue
            meant = [
                place
                for place, one in enumerate(axes[long])
                if one == axis or (place == 0 and _first(axes, one) and _first(axes, axis))
            ]
            if (
                not meant
                or (meant == [0] and len(axes[long]) + back == 0)
                or axes.kinds(axis) <= {"parameter"}
            ):
                continue
            size = axes.shape(short)[back]
            if size == 1 and not _first(axes, axis):
                continue
            only = len(axes[short]) == 1
            axis_text = "the only axis" if only else f"axis {len(axes[short]) + back}"
            what = (
                f"{op.target} of {trace.values[left]} and {trace.values[right]}: {axis_text} of the shorter"
            )
            place = len(axes[long]) + back
            yield Found.at(op, f"{what} one is axis {meant[0]} of the longer one, and lies on axis {place}")
            break


def _pairs(trace: Records) -> Iterator[tuple[Op, int, int]]:
    """Yield the ops on two tensors number by number, with these."""
    for op in trace.ops:
        if op.target.rstrip("_") in ELEMENTWISE:
            given = [port.value for port in op.inputs if port.value is not None and port.name != "in.out"]
            for right in given[1:]:
                yield op, given[0], right
