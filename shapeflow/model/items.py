"""Which part of a tensor an index takes: ``x[:, 0]``, also through what was stacked or moved before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from shapeflow.model.handed_on import argument, gives, keeps_arrangement, tensors
from shapeflow.model.links import Links
from shapeflow.model.orders import order_of, plain_texts
from shapeflow.model.records import Op, Records

_NUMBER = re.compile(r"-?\d{1,9}")
_JOINS = ("stack", "cat", "concat")
_MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class Item:
    """One place along one axis of a value."""

    value: int
    axis: int
    index: int

    @property
    def text(self) -> str:
        """The index that takes it: ``:, -1``."""
        return ", ".join([":"] * self.axis + [str(self.index)])


def index_text(op: Op) -> str | None:
    """Return the index of ``x[index]`` as people write it; None if a tensor is part of it."""
    inside = [port for port in op.inputs if port.name.startswith("in[1]")]
    if any(port.value is not None for port in inside) or not inside:
        return None
    texts = [port.text for port in inside]
    if len(texts) == 1 and texts[0][:1] == "(" and texts[0][-1:] == ")":
        texts = texts[0][1:-1].strip(",").split(", ")
    return ", ".join(texts)


def narrowed_text(op: Op, rank: int) -> str | None:
    """Return the index that ``narrow(x, 0, 1, 3)`` takes: ``1:4``; None for another op."""
    if op.target != "narrow":
        return None
    axis, start, length = argument(op, "dim", 1), argument(op, "start", 2), argument(op, "length", 3)
    if not (axis and start and length) or not all(map(_NUMBER.fullmatch, (axis, start, length))):
        return None
    return ", ".join([":"] * (int(axis) % rank) + [f"{start}:{int(start) + int(length)}"])


def same_index(written: str, recorded: str, shape: tuple[int, ...]) -> bool:
    """Return whether two texts of an index take the same part of a tensor of this shape."""
    return _plain_index(written, shape) == _plain_index(recorded, shape)


def _plain_index(text: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return one text for each axis, ``...`` and numbers from the end worked out."""
    parts = [part.strip() for part in text.split(",")]
    axes = sum(part not in ("None", "...") for part in parts)
    filled: list[str] = []
    for part in parts:
        filled += [":"] * (len(shape) - axes) if part == "..." else [part]
    axis, plain = 0, []
    for part in filled:
        if part == "None":
            plain.append(part)
            continue
        size = shape[axis] if axis < len(shape) else 0
        axis += 1
        plain.append(_plain_part(part, size))
    while plain and plain[-1] == ":":
        plain.pop()
    return tuple(plain)


def _plain_part(part: str, size: int) -> str:
    if _NUMBER.fullmatch(part):
        number = int(part)
        return str(number + size if number < 0 else number)
    pieces = part.split(":")
    if len(pieces) not in (2, 3) or not all(not piece or _NUMBER.fullmatch(piece) for piece in pieces):
        return part
    start, stop, step = slice(*(int(piece) if piece else None for piece in pieces)).indices(size)
    return ":" if (start, stop, step) == (0, size, 1) else f"{start}:{stop}:{step}"


def item_of(trace: Records, op: Op, result: int) -> Item | None:
    """Return which place along which axis of its input an op gives, if it gives one."""
    given = tensors(op)
    if len(given) != 1 or given[0].value is None:
        return None
    source = given[0].value
    rank = len(trace.values[source].shape)
    if op.target == "getitem":
        text = index_text(op)
        parts = _plain_index(text, trace.values[source].shape) if text else ()
        numbers = [axis for axis, part in enumerate(parts) if _NUMBER.fullmatch(part)]
        others = {part for axis, part in enumerate(parts) if axis not in numbers}
        if len(numbers) == 1 and others <= {":"}:
            return Item(source, numbers[0], int(parts[numbers[0]]))
    elif op.target == "select":
        axis, index = argument(op, "dim", 1), argument(op, "index", 2)
        if axis and index and _NUMBER.fullmatch(axis) and _NUMBER.fullmatch(index):
            place = int(axis) % rank
            return Item(source, place, int(index) % max(trace.values[source].shape[place], 1))
    elif op.target == "unbind":
        axis = argument(op, "dim", 1) or "0"
        places = [number for number, port in enumerate(op.outputs) if port.value == result]
        if len(places) == 1 and _NUMBER.fullmatch(axis):
            return Item(source, int(axis) % rank, places[0])
    return None


def stages(trace: Records, item: Item) -> Iterator[Item]:
    """Yield an item, and what it was in the tensors that were only arranged anew, back to the first."""
    for _ in range(_MOST_STEPS):
        yield item
        op = _maker(trace, item.value)
        source = None if op is None or op.target in _JOINS else next(iter(tensors(op)), None)
        if op is None or source is None or source.value is None:
            return
        before, after = trace.values[source.value].shape, trace.values[item.value].shape
        axis = _axis_before(op, item.axis, before) if prod(before) == prod(after) else None
        if axis is None:
            return
        item = Item(source.value, axis, item.index)


def origin_of(trace: Records, item: Item) -> int | None:
    """Return the tensor that was stacked to become an item of a value; None if none was."""
    *_, first = stages(trace, item)
    op = _maker(trace, first.value)
    return _joined(trace, op, first) if op is not None and op.target in _JOINS else None


def _maker(trace: Records, value: int) -> Op | None:
    """Return the op that gives a value, if it is one that the author wrote."""
    makers = [trace.ops[op] for op in trace.cached(Links).makers[value] if trace.ops[op].parent is None]
    return makers[0] if len(makers) == 1 and gives(makers[0], value) else None


def _joined(trace: Records, op: Op, item: Item) -> int | None:
    """Return which of the tensors that an op joins an item comes from, if it is all of that tensor."""
    given = [port.value for port in tensors(op) if port.value is not None]
    axis = argument(op, "dim", 1) or argument(op, "axis", 1) or "0"
    rank = len(trace.values[item.value].shape)
    if not _NUMBER.fullmatch(axis) or int(axis) % rank != item.axis:
        return None
    if op.target == "stack":
        return given[item.index] if item.index < len(given) else None
    place = 0
    for value in given:
        size = trace.values[value].shape[item.axis]
        if place <= item.index < place + size:
            return value if size == 1 else None
        place += size
    return None


def _axis_before(op: Op, axis: int, shape: tuple[int, ...]) -> int | None:
    """Return which axis of its input, of this shape, an axis of the result was; None if it cannot be told."""
    text = index_text(op) if op.target == "getitem" else None
    if keeps_arrangement(op) or (text is not None and not _plain_index(text, shape)):
        return axis
    order = order_of(op.target, plain_texts(op), len(shape))
    return order[axis] if order is not None else None
