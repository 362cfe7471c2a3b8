"""What ops do to axes: a table of functions, by the name of the op."""

from __future__ import annotations

import re
from collections.abc import Callable

from shapeflow.lint.arguments import axes_argument, axis_argument, numbers
from shapeflow.lint.atoms import Axis, AxisList, Kind, regroup
from shapeflow.lint.axes import Axes, Reshape
from shapeflow.lint.axis_products import PRODUCTS
from shapeflow.lint.op_names import CONVOLUTIONS, KEEPING, POOLS, REDUCTIONS, RESHAPES
from shapeflow.model.items import index_text
from shapeflow.model.orders import ORDERINGS, order_of, plain_texts
from shapeflow.model.records import Op, Records

Rule = Callable[[Axes, Op, int], "AxisList | None"]


def axes_of(trace: Records) -> Axes:
    """Return the axes of every value of a trace, for ``trace.cached(axes_of)``."""
    axes = Axes(trace)
    axes.follow(_known_result)
    return axes


def _known_result(axes: Axes, op: Op, value: int) -> AxisList | None:
    """Return the same; None, too, where an op was not recorded as its rule expects it."""
    try:
        return _result(axes, op, value)
    except (IndexError, ValueError, ZeroDivisionError):
        return None


def _result(axes: Axes, op: Op, value: int) -> AxisList | None:
    """Return the axes of a value that an op made; None where nothing is known of it."""
    target = op.target if op.target.startswith("_") else op.target.rstrip("_")
    given = axes.given(op)
    if not given:
        return None
    rule = _TABLE.get(target)
    if rule is not None:
        return rule(axes, op, value)
    shape = axes.shape(value)
    if len(given) > 1 and all(_fits(axes.shape(one), shape) for one in given):
        return axes.broadcast(given, shape)
    return axes[given[0]] if axes.shape(given[0]) == shape else None


def _fits(shape: tuple[int, ...], result: tuple[int, ...]) -> bool:
    """Return whether a shape can be stretched to another."""
    pairs = zip(reversed(shape), reversed(result), strict=False)
    return len(shape) <= len(result) and all(size in (1, other) for size, other in pairs)


def _reshape(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes[axes.given(op)[0]]
    if 0 in axes.shape(value):
        return None
    before = axes.flat(given)
    found, how = regroup(axes.atoms, given, axes.shape(value), value)
    healed = given if how == "clean" else tuple(map(axes.atoms.healed, given))
    if healed != tuple(map(axes.atoms.parts, given)):
        found, how = regroup(axes.atoms, healed, axes.shape(value), value)
    axes.reshapes[op.id] = Reshape(before, how)
    return found


def _keep(axes: Axes, op: Op, value: int) -> AxisList | None:
    return axes[axes.given(op)[0]]


def _order(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes[axes.given(op)[0]]
    order = order_of(op.target, plain_texts(op), len(given))
    return None if order is None else tuple(given[place] for place in order)


def _squeeze(axes: Axes, op: Op, value: int) -> AxisList | None:
    given, shape = axes[axes.given(op)[0]], axes.shape(axes.given(op)[0])
    wanted = axes_argument(op, 1, len(given)) or range(len(given))
    gone = {place for place in wanted if shape[place] == 1}
    return tuple(axis for place, axis in enumerate(given) if place not in gone)


def _unsqueeze(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes[axes.given(op)[0]]
    place = axis_argument(op, 1, len(given) + 1, None)
    if place is None:
        return None
    return (*given[:place], axes.atoms.new(1, "added", value, place), *given[place:])


def _expand(axes: Axes, op: Op, value: int) -> AxisList | None:
    given, shape, result = axes[axes.given(op)[0]], axes.shape(axes.given(op)[0]), axes.shape(value)
    added = len(result) - len(given)
    found = []
    for place, size in enumerate(result):
        known = place >= added and shape[place - added] == size
        found.append(given[place - added] if known else axes.atoms.new(size, "expand", value, place))
    return tuple(found)


def _same_sizes(axes: Axes, op: Op, value: int) -> AxisList | None:
    """Return the axes of the first tensor where the sizes did not change."""
    given, shape, result = axes[axes.given(op)[0]], axes.shape(axes.given(op)[0]), axes.shape(value)
    if len(shape) != len(result):
        return None
    kind: Kind = "joined" if op.target == "pad" else "made"
    return tuple(
        axis if old == new else axes.atoms.new(new, kind, value, place)
        for place, (axis, old, new) in enumerate(zip(given, shape, result, strict=True))
    )


def _convolution(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes.given(op)
    rank = len(axes.shape(value))
    if len(given) < 2 or len(axes.shape(given[1])) != rank or len(axes.shape(given[0])) != rank:
        return None  # without a batch axis
    found = list(_same_sizes(axes, op, value) or ())
    if found:
        found[1] = axes.atoms.new(axes.shape(value)[1], "features", value, 1)[:]
    return tuple(found)


def _reduce(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes[axes.given(op)[0]]
    result = axes.shape(value)
    if len(axes.given(op)) > 1:  # max(a, b)
        return axes.broadcast(axes.given(op), result)
    place = 2 if op.target.endswith("norm") else 1
    gone = axes_argument(op, place, len(given))
    if len(result) == len(given):
        return tuple(
            axes.atoms.new(1, "kept", value, number) if number in gone or not gone else axis
            for number, axis in enumerate(given)
        )
    return tuple(axis for number, axis in enumerate(given) if number not in gone) if gone else None


def _getitem(axes: Axes, op: Op, value: int) -> AxisList | None:
    text = index_text(op)
    given = axes[axes.given(op)[0]]
    if text is None or not re.fullmatch(r"[-\d:, .None]+", text):
        return None
    parts = [part.strip() for part in text.split(",") if part.strip()]
    named = sum(part not in ("None", "...") for part in parts)
    if "..." not in parts:
        parts.append("...")
    result, place = axes.shape(value), 0
    found: list[Axis] = []
    for part in parts:
        if part == "None":
            found.append(axes.atoms.new(1, "added", value, len(found)))
        elif part == "...":
            rest = len(given) - named
            found += given[place : place + rest]
            place += rest
        elif ":" not in part:
            place += 1
        else:
            whole = len(found) < len(result) and axes.atoms.size(given[place]) == result[len(found)]
            size = result[len(found)] if len(found) < len(result) else 0
            found.append(given[place] if whole else axes.atoms.new(size, "slice", value, len(found)))
            place += 1
    return tuple(found)


def _select(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes[axes.given(op)[0]]
    place = axis_argument(op, 1, len(given), 0)
    return tuple(axis for number, axis in enumerate(given) if number != place)


def _part(axes: Axes, op: Op, value: int) -> AxisList | None:
    """Return the axes of a part of a tensor along one axis."""
    given, result = axes[axes.given(op)[0]], axes.shape(value)
    shape = axes.shape(axes.given(op)[0])
    if len(shape) != len(result):
        return None
    return tuple(
        axis if old == new else axes.atoms.new(new, "slice", value, place)
        for place, (axis, old, new) in enumerate(zip(given, shape, result, strict=True))
    )


def _cat(axes: Axes, op: Op, value: int) -> AxisList | None:
    shape = axes.shape(value)
    place = axis_argument(op, 1, len(shape), 0, "dim", "axis")
    same = [one for one in axes.given(op) if len(axes.shape(one)) == len(shape)]
    if not same:
        return None
    if len(same) == 1 and axes.shape(same[0]) == shape:
        return axes[same[0]]
    found = list(axes.broadcast(same, shape))
    found[place or 0] = axes.atoms.new(shape[place or 0], "joined", value, place or 0)
    return tuple(found)


def _stack(axes: Axes, op: Op, value: int) -> AxisList | None:
    shape = axes.shape(value)
    place = axis_argument(op, 1, len(shape), 0) or 0
    rest = axes.broadcast(axes.given(op), (*shape[:place], *shape[place + 1 :]))
    return (*rest[:place], axes.atoms.new(shape[place], "joined", value, place), *rest[place:])


def _without_last(axes: Axes, op: Op, value: int) -> AxisList | None:
    return axes[axes.given(op)[0]][:-1]


def _with_last(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes[axes.given(op)[0]]
    return (*given, axes.atoms.new(2, "made", value, len(given)))


def _embedding(axes: Axes, op: Op, value: int) -> AxisList | None:
    shape = axes.shape(value)
    last = axes.atoms.new(shape[-1], "features", value, len(shape) - 1)
    return (*axes[axes.given(op)[0]], last)


def _where(axes: Axes, op: Op, value: int) -> AxisList | None:
    return axes.broadcast(axes.given(op)[::-1], axes.shape(value))


def _repeat(axes: Axes, op: Op, value: int) -> AxisList | None:
    return _same_sizes(axes, op, value) if numbers(op) else None


_TABLE: dict[str, Rule] = {
    **dict.fromkeys(RESHAPES, _reshape),
    **dict.fromkeys(KEEPING, _keep),
    **dict.fromkeys(ORDERINGS, _order),
    **dict.fromkeys(REDUCTIONS, _reduce),
    **dict.fromkeys(POOLS, _same_sizes),
    **dict.fromkeys(CONVOLUTIONS, _convolution),
    **dict.fromkeys(("repeat", "tile", "repeat_interleave"), _repeat),
    **dict.fromkeys(("split", "split_with_sizes", "chunk", "tensor_split", "narrow"), _part),
    **dict.fromkeys(("topk", "glu", "index_select"), _part),
    **dict.fromkeys(("cat", "concat", "concatenate"), _cat),
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), _expand),
    **dict.fromkeys(("select", "unbind"), _select),
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "getitem": _getitem,
    "stack": _stack,
    "where": _where,
    "view_as_complex": _without_last,
    "view_as_real": _with_last,
    "embedding": _embedding,
    "one_hot": _embedding,
    **PRODUCTS,
}
