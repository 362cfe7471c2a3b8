"""``mixed-axes``: a reshape that puts numbers where only a transpose should have put them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import prod
from operator import mul

from shapeflow.lint.axes import Axes, Reshape
from shapeflow.lint.axis_ops import axes_of
from shapeflow.lint.batch import Batch
from shapeflow.lint.finding import Found
from shapeflow.model.links import Links
from shapeflow.model.records import Op, Records

_TRICKS = frozenset({"pad", "cat", "as_strided", "gather", "index_select"})
"""Where one of these made what is reshaped, the shift of numbers is meant: relative positions, say."""
_PASSING = frozenset({"contiguous", "reshape", "view", "clone", "getitem", "narrow"})


def mixed_axes(trace: Records) -> Iterator[Found]:
    """Yield the reshapes after which an axis has numbers of several of its places before."""
    axes = trace.cached(axes_of)
    for number, reshape in axes.reshapes.items():
        op = trace.ops[number]
        given = axes.given(op)[0]
        made = next((port.value for port in op.outputs if port.value is not None), None)
        if made is None:
            continue
        before, after = axes.shape(given), axes.shape(made)
        moved = _moved(reshape, after) or _torn_batch(trace, given, made)
        if moved is None or trace.values[given].origin in ("parameter", "buffer") or _is_trick(trace, op):
            continue
        sizes = " x ".join(str(size) for size, _ in reshape.before)
        evidence = (
            ()
            if len(reshape.before) == len([n for n in before if n != 1])
            else (f"its numbers are in the order {sizes}",)
        )
        yield Found.at(
            op,
            f"{op.target} makes {trace.values[made]} of {trace.values[given]}: the axis of {moved} is at "
            "another place, but no number moved",
            *evidence,
        )


def _moved(reshape: Reshape, after: Sequence[int]) -> int | None:
    """Return the size of an axis that the author meant to move; None if the reshape only splits and joins."""
    if reshape.how == "clean":
        return None
    old = [size for size, _ in reshape.before]
    new = [size for size in after if size != 1]
    if reshape.how == "leads" and sorted(old) != sorted(new):
        return None  # windows: whole axes and the number of pieces of the next
    swapped = _swapped(old, new)
    if swapped or reshape.how == "trails":
        return swapped  # several places of one axis may be put together with the next
    stood = set(zip(old, _before(old), strict=True))
    for size, before in zip(new, _before(new), strict=True):
        if size in old and (size, before) not in stood:
            return size
    return None


def _torn_batch(trace: Records, given: int, made: int) -> int | None:
    """Return the size of the batch where a reshape takes it apart that has something before it.

    With an even batch the two directions of a recurrent layer, ``[2, B, D]``, fit as ``[B, 2 * D]``.
    """
    axes, batch = trace.cached(axes_of), trace.cached(Batch)
    for place, axis in enumerate(axes[given]):
        if not batch.begins(axis) or prod(axes.shape(given)[:place]) == 1:
            continue
        homes = [{_origin(axes, atom) for atom in home} for home in axes[made]]
        torn = [home for home in homes if _origin(axes, axis[0]) in home]
        if len(torn) > 1 and all(len(home) > 1 for home in torn):
            return axes.shape(given)[place]
    return None


def _origin(axes: Axes, atom: int) -> tuple[int, int]:
    """Return the value and the axis of it that an atom is of, in whatever parts."""
    return axes.atoms.all[atom].value, axes.atoms.all[atom].axis


def _swapped(old: Sequence[int], new: Sequence[int]) -> int | None:
    """Return the size of what was first and is last now, where two neighbours have changed places."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    old, new = old[start:], new[start:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    befores = _before(new)
    for place in range(1, len(old)):
        first, second = prod(old[:place]), prod(old[place:])
        if first != second and second in befores:
            return first
    return None


def _before(sizes: Sequence[int]) -> list[int]:
    """Return for each axis how many numbers its neighbours before it make."""
    return list(accumulate(sizes, mul, initial=1))[:-1]


def _is_trick(trace: Records, op: Op) -> bool:
    """Return whether what is reshaped was only just padded or joined."""
    makers = trace.cached(Links).makers
    for _ in range(4):
        given = next((port.value for port in op.inputs if port.value is not None), None)
        before = None if given is None or not makers[given] else trace.ops[makers[given][0]]
        if before is None:
            return False
        if before.target in _TRICKS:
            return True
        if before.target not in _PASSING:
            return False
        op = before
    return False
