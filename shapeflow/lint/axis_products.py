"""What matrix products, attention and recurrent layers do to axes."""

from __future__ import annotations

import re
from collections.abc import Callable

from shapeflow.lint.arguments import flag
from shapeflow.lint.atoms import Axis, AxisList
from shapeflow.lint.axes import Axes
from shapeflow.model.records import Op

RNNS = frozenset({"lstm", "gru", "rnn_tanh", "rnn_relu"})


def is_weight(axes: Axes, value: int) -> bool:
    """Return whether a value is a parameter or buffer, or a part or another arrangement of some."""
    axis_list = axes[value]
    return bool(axis_list) and all(axes.kinds(axis) <= {"parameter"} for axis in axis_list) and any(axis_list)


def _linear(axes: Axes, op: Op, value: int) -> AxisList | None:
    return (*axes[axes.given(op)[0]][:-1], _features(axes, value))


def _features(axes: Axes, value: int) -> Axis:
    shape = axes.shape(value)
    return axes.atoms.new(shape[-1], "features", value, len(shape) - 1)


def _addmm(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes.given(op)
    return _product(axes, given[1], given[2], value) if len(given) == 3 else None


def _matmul(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes.given(op)
    return _product(axes, given[0], given[1], value) if len(given) > 1 else None


def _product(axes: Axes, left: int, right: int, value: int) -> AxisList | None:
    first, second, shape = axes[left], axes[right], axes.shape(value)
    rows = first[-2:-1] if len(first) > 1 else ()
    if len(second) < 2:
        columns: AxisList = ()
    else:
        columns = (_features(axes, value),) if is_weight(axes, right) else second[-1:]
    tail = len(rows) + len(columns)
    if tail > len(shape):
        return None
    outer = shape[: len(shape) - tail]
    found: list[Axis] = []
    for place, size in enumerate(outer):
        back = place - len(outer) - 2
        held = [
            one[back] for one in (first, second) if -back <= len(one) and axes.atoms.size(one[back]) == size
        ]
        found.append(axes.best(held))
    return (*found, *rows, *columns)


def einsum_terms(op: Op) -> tuple[list[str], str] | None:
    """Return the letters of what an ``einsum`` is given, and of its result; None where they are not plain."""
    text = op.inputs[0].text.strip("'\"").replace(" ", "")
    if not re.fullmatch(r"[a-zA-Z,]+->[a-zA-Z]*", text):
        return None
    sides, result = text.split("->")
    return sides.split(","), result


def _einsum(axes: Axes, op: Op, value: int) -> AxisList | None:
    told, given = einsum_terms(op), axes.given(op)
    if told is None or len(told[0]) != len(given):
        return None
    terms, result = told
    known: dict[str, Axis] = {}
    for weights in (False, True):  # what is computed says more of an axis than a table of weights
        for letters, one in zip(terms, given, strict=True):
            if is_weight(axes, one) is weights and len(letters) == len(axes[one]):
                for letter, axis in zip(letters, axes[one], strict=True):
                    known.setdefault(letter, axis)
    return tuple(known.get(letter, ()) for letter in result)


def _attention(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes.given(op)
    if len(given) < 3:
        return None
    query, key, values = (axes[one] for one in given[:3])
    outer = [axes.best(held) for held in zip(query[:-2], key[:-2], strict=False)]
    score = any(port.value == value and port.name != "out" for port in op.outputs)
    return (*outer, query[-2], key[-2] if score else values[-1])


def _recurrent(axes: Axes, op: Op, value: int) -> AxisList | None:
    given = axes[axes.given(op)[0]]
    if any(port.value == value and port.name in ("out", "out[0]") for port in op.outputs):
        return (*given[:-1], _features(axes, value))
    if len(given) != 3 or len(axes.shape(value)) != 3:
        return None
    batch = given[0] if batch_first(op) else given[1]
    return (axes.atoms.new(axes.shape(value)[0], "made", value, 0), batch, _features(axes, value))


def batch_first(op: Op) -> bool:
    """Return whether a recurrent layer takes the batch before time: the last flag that it is given."""
    flags = [port.text for port in op.inputs if port.text in ("True", "False")]
    return flag(op, "batch_first") or bool(flags and flags[-1] == "True")


def _multi_head(axes: Axes, op: Op, value: int) -> AxisList | None:
    """Return the axes of what attention gives where it was not opened."""
    given = axes.given(op)
    query, key = axes[given[0]], axes[given[1]]
    if any(port.value == value and port.name in ("out", "out[0]") for port in op.outputs):
        return (*query[:-1], _features(axes, value))
    return (query[1], query[0], key[0]) if len(query) == 3 and len(axes.shape(value)) == 3 else None


PRODUCTS: dict[str, Callable[[Axes, Op, int], AxisList | None]] = {
    "linear": _linear,
    "addmm": _addmm,
    "baddbmm": _addmm,
    **dict.fromkeys(("matmul", "bmm", "mm", "mv"), _matmul),
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _multi_head,
    **dict.fromkeys(RNNS, _recurrent),
}
