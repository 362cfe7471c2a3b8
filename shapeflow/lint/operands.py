"""Which operand of an op that failed does not fit, along which axis, and what would have fitted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shapeflow.lint.arguments import axis_argument
from shapeflow.lint.op_names import CONVOLUTIONS, ELEMENTWISE
from shapeflow.model.handed_on import argument
from shapeflow.model.records import Op, Port, Records


@dataclass(frozen=True, slots=True)
class Misfit:
    """An operand, and why it does not fit."""

    port: Port
    axis: int | None = None
    """The axis that does not fit; None if that is not known."""
    needed: str = ""
    """What would have fitted, as a sentence; empty if that is not known."""
    dtype: bool = False
    """It is the dtype that does not fit."""


def misfits(trace: Records, op: Op, message: str = "") -> list[Misfit]:
    """Return the operands that do not fit: those that were computed, or the first if none is seen not to fit.

    Args:
        trace: the run.
        op: the op that failed.
        message: the words of torch.
    """
    given = [port for port in op.inputs if port.value is not None and port.name != "in.out"]
    target = op.target.rstrip("_")
    rule = _TABLE.get(target) or (_elementwise if target in ELEMENTWISE else None)
    try:
        found = rule(trace, op, given) if rule is not None and len(given) > 1 else []
    except (IndexError, ValueError):  # it was not called as the rule expects
        found = []
    if not found and "type" in message and target in _ONE_DTYPE and len(given) > 1:
        found = _dtypes(trace, op, given)
    computed = [misfit for misfit in found if not _is_weight(trace, misfit.port)]
    if computed or found:
        return computed or found
    return [Misfit(port) for port in given if not _is_weight(trace, port)][:2]


def _is_weight(trace: Records, port: Port) -> bool:
    return port.value is not None and trace.values[port.value].origin in ("parameter", "buffer")


def _shape(trace: Records, port: Port) -> tuple[int, ...]:
    assert port.value is not None
    return trace.values[port.value].shape


def _told(trace: Records, port: Port) -> str:
    """Return a tensor with its name, if it has one that says something."""
    value = trace.value_at(port)
    named = value is not None and value.origin != "op" and value.name
    return f"{value.name} {value}" if named and value else str(value)


def _dtypes(trace: Records, op: Op, given: Sequence[Port]) -> list[Misfit]:
    one, other = (trace.values[port.value].dtype for port in given[:2] if port.value is not None)
    if one == other:
        return []
    needed = f"{op.target} needs one dtype, and {_told(trace, given[1])} has {other}"
    return [Misfit(given[0], None, needed, dtype=True), Misfit(given[1], None, dtype=True)]


def _embedding(trace: Records, op: Op, given: Sequence[Port]) -> list[Misfit]:
    table = _shape(trace, given[1])
    value = trace.value_at(given[0])
    if value is not None and value.dtype not in ("i64", "i32"):
        return [Misfit(given[0], None, f"indices of i64 or i32, not {value.dtype}", dtype=True)]
    return [Misfit(given[0], None, f"indices from 0 to {table[0] - 1}, as {_told(trace, given[1])} has rows")]


def _linear(trace: Records, op: Op, given: Sequence[Port]) -> list[Misfit]:
    weight = _shape(trace, given[1])
    mine = _shape(trace, given[0])
    if not weight or not mine or weight[-1] == mine[-1]:
        return []
    needed = f"linear needs [..., {weight[-1]}] here, as {_told(trace, given[1])} has it"
    return [Misfit(given[0], len(mine) - 1, needed)]


def _product(trace: Records, op: Op, given: Sequence[Port]) -> list[Misfit]:
    left, right = given[-2:]
    one, other = _shape(trace, left), _shape(trace, right)
    if not one or not other:
        return []
    row = max(len(other) - 2, 0)
    if one[-1] != other[row]:
        needed = f"the last axis of one, {one[-1]}, has to be axis {row} of the other, {other[row]}"
        return [Misfit(left, len(one) - 1, needed), Misfit(right, row)]
    return _stretched(trace, given[-2:], one[:-2], other[:-2])


def _convolution(trace: Records, op: Op, given: Sequence[Port]) -> list[Misfit]:
    mine, weight = _shape(trace, given[0]), _shape(trace, given[1])
    transposed = "transpose" in op.target
    groups = argument(op, "groups", 6) or "1"
    times = int(groups) if groups.isdigit() and not transposed else 1
    needed = weight[0] if transposed else weight[1] * times if len(weight) > 1 else 0
    channels = 1 - (len(weight) - len(mine))  # one picture may come without a batch
    if channels not in (0, 1):
        axes = f"{len(weight)} axes here, or {len(weight) - 1} without a batch"
        return [Misfit(given[0], None, f"{op.target} needs {axes}, and gets {len(mine)}")]
    if mine[channels] != needed:
        shape = f"[{'B, ' * channels}{needed}, ...]"
        return [
            Misfit(given[0], channels, f"{op.target} needs {shape} here, as {_told(trace, given[1])} has it")
        ]
    return []


def _join(trace: Records, op: Op, given: Sequence[Port]) -> list[Misfit]:
    given = [port for port in given if _shape(trace, port) != (0,)]  # which fits everything
    shapes = [_shape(trace, port) for port in given]
    ranks = Counter(map(len, shapes))
    rank = ranks.most_common(1)[0][0]
    place = axis_argument(op, 1, rank, 0, "dim", "axis") if op.target != "stack" else None
    for port, shape in zip(given, shapes, strict=True):
        if len(shape) != rank:
            return [Misfit(port, None, f"{op.target} needs {rank} axes here, as the others have")]
    for axis in range(rank):
        sizes = Counter(shape[axis] for shape in shapes)
        if axis == place or len(sizes) < 2:
            continue
        usual = sizes.most_common(1)[0][0]
        odd = [port for port, shape in zip(given, shapes, strict=True) if shape[axis] != usual]
        if len(given) == 2:
            odd = list(given)
        return [Misfit(port, axis, f"axis {axis} has to be equal in all, and is not joined") for port in odd]
    return []


def _norm(trace: Records, op: Op, given: Sequence[Port]) -> list[Misfit]:
    mine = _shape(trace, given[0])
    if op.target == "layer_norm":
        wanted = [int(text) for text in re.findall(r"\d+", argument(op, "normalized_shape", 1) or "")]
        if wanted and list(mine[-len(wanted) :]) != wanted:
            text = f"layer_norm needs [..., {', '.join(map(str, wanted))}] here"
            return [Misfit(given[0], len(mine) - 1, text)]
        return []
    weights = [port for port in given[1:] if len(_shape(trace, port)) == 1]
    if weights and len(mine) > 1 and _shape(trace, weights[0])[0] != mine[1]:
        text = f"{op.target} needs [B, {_shape(trace, weights[0])[0]}, ...] here"
        return [Misfit(given[0], 1, f"{text}, as {_told(trace, weights[0])} has it")]
    return []


def _attention(trace: Records, op: Op, given: Sequence[Port]) -> list[Misfit]:
    shapes = [_shape(trace, port) for port in given]
    if len(shapes) > 1 and shapes[0][-1:] != shapes[1][-1:]:
        return [
            Misfit(port, len(_shape(trace, port)) - 1, "query and key need one width") for port in given[:2]
        ]
    if len(shapes) > 2 and shapes[1][-2:-1] != shapes[2][-2:-1]:
        return [
            Misfit(port, len(_shape(trace, port)) - 2, "key and value need one length") for port in given[1:3]
        ]
    if len(shapes) > 3 and len(shapes[0]) > 1 and len(shapes[1]) > 1:
        scores = (*shapes[0][:-1], shapes[1][-2])
        return _stretched(trace, [given[0], given[3]], scores, shapes[3])[1:]
    return []


def _one_shape(trace: Records, op: Op, given: Sequence[Port]) -> list[Misfit]:
    """Return a target that has not just the shape of the prediction, as some losses want it."""
    one, other = _shape(trace, given[0]), _shape(trace, given[1])
    if one == other:
        return []
    return [Misfit(port, None, f"{op.target} needs one shape for both") for port in given[:2]]


def _elementwise(trace: Records, op: Op, given: Sequence[Port]) -> list[Misfit]:
    for right in given[1:]:
        found = _stretched(trace, (given[0], right), _shape(trace, given[0]), _shape(trace, right))
        if found:
            return found
    return []


def _stretched(
    trace: Records, ports: Sequence[Port], one: Sequence[int], other: Sequence[int]
) -> list[Misfit]:
    """Return two tensors whose sizes, matched from the last axis on, do not fit."""
    for back in range(1, min(len(one), len(other)) + 1):
        if one[-back] != other[-back] and 1 not in (one[-back], other[-back]):
            needed = f"sizes are matched from the last axis on, and {one[-back]} meets {other[-back]}"
            return [Misfit(ports[0], len(one) - back, needed), Misfit(ports[1], len(other) - back)]
    return []


_Rule = Callable[[Records, Op, Sequence[Port]], list[Misfit]]
_ONE_DTYPE = frozenset({"linear", "matmul", "bmm", "mm", "addmm", "baddbmm", "mv", *CONVOLUTIONS})
_TABLE: dict[str, _Rule] = {
    "embedding": _embedding,
    "linear": _linear,
    **dict.fromkeys(("matmul", "bmm", "mm", "addmm", "baddbmm", "mv"), _product),
    **dict.fromkeys(CONVOLUTIONS, _convolution),
    **dict.fromkeys(("cat", "stack", "concat", "concatenate"), _join),
    **dict.fromkeys(("layer_norm", "batch_norm", "group_norm"), _norm),
    "scaled_dot_product_attention": _attention,
    **dict.fromkeys(("binary_cross_entropy", "binary_cross_entropy_with_logits"), _one_shape),
}
