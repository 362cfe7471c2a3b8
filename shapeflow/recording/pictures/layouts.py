"""Which axes of a value are height, width and channels, found by what ops did with them.

A convolution says what is height and width; from there the axes are followed through reshapes, permutations
and the like. Sizes alone prove nothing: 196 tokens may be a picture of 14 x 14 or 196 words. What an op does
with the axes that is not known here ends it: of such a value no picture is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from shapeflow.model.records import Port, Value
from shapeflow.recording.builders import OpBuilder

_CHANNELS_FIRST = frozenset(
    {
        *("conv2d", "conv_transpose2d", "batch_norm", "group_norm", "instance_norm", "interpolate"),
        *("max_pool2d", "_max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"),
        *("pixel_shuffle", "pixel_unshuffle", "grid_sample", "upsample"),
    }
)
_RESHAPES = frozenset({"reshape", "view", "flatten", "unflatten", "squeeze", "unsqueeze", "view_as"})
_PERMUTES = frozenset({"permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis"})
_MIXES = frozenset({"matmul", "bmm", "baddbmm", "einsum", "gather", "sort", "scaled_dot_product_attention"})
"""Results may have the shape of an argument and be about something else."""
_PARTS = frozenset({"chunk", "split", "tensor_split", "unbind", "select", "getitem", "narrow"})


_SLICE = re.compile(r"(-?\d+)?:(-?\d+)?(:\d+)?|\.\.\.")


@dataclass(frozen=True, slots=True)
class Layout:
    """The axes of a value: two of height and width, or one in which they are a row."""

    height: int
    width: int
    axes: tuple[int, ...]
    """Height and width, or the axis of tokens."""
    channels: int | None = None
    skip: int = 0
    """Tokens before the first pixel, such as a class token."""

    @property
    def tokens(self) -> int:
        """Pixels of the grid."""
        return self.height * self.width


class Layouts:
    """The layouts of the values of one run.

    Args:
        values: the values so far.
    """

    def __init__(self, values: Sequence[Value]) -> None:
        self._values = values
        self._known: dict[int, Layout] = {}
        self.pairs: dict[int, tuple[Layout | None, Layout | None]] = {}
        """Values that have a number for each query and key: the layouts of both."""

    def of(self, value: int | None) -> Layout | None:
        """Return the layout of a value, if it is known to be a map."""
        return None if value is None else self._known.get(value)

    def shape(self, value: int) -> tuple[int, ...]:
        """Return the shape of a value."""
        return self._values[value].shape

    def ended(self, op: OpBuilder) -> None:
        """Learn from an op that has ended."""
        given = [port.value for port in op.inputs if port.value is not None]
        for port in op.outputs:
            if port.value is not None and port.name.startswith("out"):
                found = self._result(op, given, port.value)
                if found is not None:
                    self._known[port.value] = found
                else:
                    self._pair(op, given, port.value)

    def _pair(self, op: OpBuilder, given: Sequence[int], made: int) -> None:
        """Note what products of queries with keys are, and follow them to the weights."""
        shape = self.shape(made)
        if op.target in ("matmul", "bmm", "baddbmm", "__matmul__"):
            sides = []
            for value, axis in zip(given[-2:], (-2, -1), strict=False):
                layout, rank = self._known.get(value), len(self.shape(value))
                sides.append(layout if layout is not None and layout.axes == (rank + axis,) else None)
            if len(sides) == 2 and any(side is not None for side in sides):
                self.pairs[made] = sides[0], sides[1]
        else:
            source = next((value for value in given if value in self.pairs), None)
            if source is not None and self.shape(source)[-2:] == shape[-2:] and op.target not in _MIXES:
                self.pairs[made] = self.pairs[source]

    def _result(  # noqa: PLR0911 - one for each kind of op
        self, op: OpBuilder, given: Sequence[int], made: int
    ) -> Layout | None:
        shape, target = self.shape(made), op.target
        if target in _CHANNELS_FIRST and len(shape) == 4:
            return Layout(*shape[2:], (2, 3), 1)
        if target == "cat":
            return self._joined(given, shape)
        source = next((value for value in given if value in self._known), None)
        if source is None or target in _MIXES:
            return None
        before, layout = self.shape(source), self._known[source]
        if target in _RESHAPES:
            return reshaped(layout, before, shape)
        if target in _PERMUTES:
            return permuted(layout, target, len(before), _integers(op.inputs))
        if target in _PARTS:
            return part(layout, op, before, shape)
        if len(shape) != len(before):
            return None
        return kept(layout, target, before, shape, is_first=given[0] == source)

    def _joined(self, given: Sequence[int], shape: tuple[int, ...]) -> Layout | None:
        """Return the layout of ``cat``: along another axis, or with tokens around those of a map."""
        offsets: dict[int, int] = {}
        for value in given:
            before, layout = self.shape(value), self._known.get(value)
            differ = [axis for axis, (a, b) in enumerate(zip(before, shape, strict=False)) if a != b]
            if layout is not None and len(before) == len(shape) and len(differ) <= 1:
                if not differ or differ[0] not in layout.axes:
                    return layout
                if len(layout.axes) == 1:
                    return replace(layout, skip=layout.skip + offsets.get(differ[0], 0))
                return None
            for axis in differ:
                offsets[axis] = offsets.get(axis, 0) + before[axis]
        return None


def kept(
    layout: Layout, target: str, before: tuple[int, ...], after: tuple[int, ...], *, is_first: bool
) -> Layout | None:
    """Return the layout after an op that leaves the axes where they are, if it is one."""
    if target == "linear":
        last = len(after) - 1
        fits = is_first and last not in layout.axes and after[:-1] == before[:-1]
        return replace(layout, channels=last) if fits and layout.channels in (last, None) else None
    if target == "pad" and len(layout.axes) == 2:
        height, width = (after[axis] for axis in layout.axes)
        return replace(layout, height=height, width=width)
    return layout if after == before else None


def reshaped(layout: Layout, before: tuple[int, ...], after: tuple[int, ...]) -> Layout | None:
    """Return the layout after ``reshape``: an axis is where as many elements stand before it as did."""

    def place(axis: int | None, size: int | None = None) -> int | None:
        if axis is None:
            return None
        wanted, size = prod(before[:axis]), before[axis] if size is None else size
        return next(
            (new for new, have in enumerate(after) if have == size and prod(after[:new]) == wanted), None
        )

    channels = place(layout.channels)
    places = [place(axis) for axis in layout.axes]
    if all(axis is not None for axis in places):
        return replace(layout, axes=tuple(axis for axis in places if axis is not None), channels=channels)
    if len(layout.axes) == 2 and layout.axes[1] == layout.axes[0] + 1:
        row = place(layout.axes[0], layout.tokens)
        return None if row is None else replace(layout, axes=(row,), channels=channels)
    if len(layout.axes) == 1 and not layout.skip and before[layout.axes[0]] == layout.tokens:
        first = place(layout.axes[0], layout.height)
        if first is not None and after[first + 1 : first + 2] == (layout.width,):
            return replace(layout, axes=(first, first + 1), channels=channels)
    return None


def permuted(layout: Layout, target: str, rank: int, numbers: Sequence[int]) -> Layout | None:
    """Return the layout after axes changed places, by the numbers that the op was given."""
    order = list(range(rank))
    axes = [number % rank for number in numbers]
    if target == "permute" and len(axes) == rank:
        order = axes
    elif target in ("transpose", "swapaxes", "swapdims") and len(axes) == 2:
        order[axes[0]], order[axes[1]] = order[axes[1]], order[axes[0]]
    elif target in ("movedim", "moveaxis") and len(axes) == 2:
        order.insert(axes[1], order.pop(axes[0]))
    else:
        return None
    if sorted(order) != list(range(rank)):
        return None
    where = {old: new for new, old in enumerate(order)}
    channels = None if layout.channels is None else where[layout.channels]
    return replace(layout, axes=tuple(where[axis] for axis in layout.axes), channels=channels)


def part(layout: Layout, op: OpBuilder, before: tuple[int, ...], after: tuple[int, ...]) -> Layout | None:
    """Return the layout of a part: along another axis, or without one that is not of the map."""
    if len(after) == len(before):
        if all(after[axis] == before[axis] for axis in layout.axes):
            return layout
        return _sliced(layout, op, after)
    numbers = _integers(op.inputs)
    if len(after) != len(before) - 1:
        return None
    if op.target in ("unbind", "select"):
        gone = (numbers[0] if numbers else 0) % len(before)
    elif op.target == "getitem" and len(op.inputs) == 2 and re.fullmatch(r"-?\d+", op.inputs[1].text):
        gone = 0
    else:
        return None
    if gone in layout.axes:
        return None
    channels = None if layout.channels in (None, gone) else layout.channels
    moved = tuple(axis - (axis > gone) for axis in layout.axes)
    return replace(layout, axes=moved, channels=None if channels is None else channels - (channels > gone))


def _sliced(layout: Layout, op: OpBuilder, after: tuple[int, ...]) -> Layout | None:
    """Return the layout of ``x[:, 1:]`` where all pixels of a row are still there, or of a smaller map."""
    parts = op.inputs[1].text.strip("()[]").split(", ") if len(op.inputs) == 2 else []
    if op.target != "getitem" or not all(_SLICE.fullmatch(text) for text in parts):
        return None
    if len(layout.axes) == 2:  # cut out, or every second pixel
        height, width = (after[axis] for axis in layout.axes)
        return replace(layout, height=height, width=width)
    axis = layout.axes[0]
    if axis >= len(parts) or parts[axis].count(":") != 1 or "..." in parts:
        return None
    start, _, _ = parts[axis].partition(":")
    skip = layout.skip - int(start or 0)
    return replace(layout, skip=skip) if 0 <= skip <= after[axis] - layout.tokens else None


def _integers(inputs: Sequence[Port]) -> list[int]:
    return [int(text) for port in inputs if port.value is None for text in re.findall(r"-?\d+", port.text)]
