"""Figures that are not graphs: attention with its sizes, feature maps to scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shapeflow.model.call_tree import tail
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.records import Op, Port, Value
from shapeflow.model.trace import Trace
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.figure_model import Attention, FeatureMap

FUSED = "scaled_dot_product_attention"
ATTENTION = (FUSED, "softmax")
"""The ops by which attention is known."""
PRODUCTS = ("bmm", "baddbmm", "matmul", "__matmul__", "einsum")
BETWEEN = (
    "add",
    "add_",
    "mul",
    "div",
    "masked_fill",
    "masked_fill_",
    "where",
    "dropout",
    "to",
    "type_as",
    "float",
)
"""What may stand between a product and the softmax, or the softmax and the next product."""
FARTHEST = 4
"""Ops looked at between them."""

MOST_ATTENTION = 4
MOST_SHEETS = 8
LEAST_SIDE = 4
"""Smaller maps are not drawn."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The tensors of one attention; the key as it enters the product of a fused op, not transposed."""

    op: int
    query: Value
    key: Value
    value: Value
    score: Value | None
    out: Value | None

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """What makes two attentions one kind."""
        return self.query.shape, self.key.shape, self.value.shape


def attention_in(
    trace: Trace, ops: Iterable[int], names: ExactNames, words: Translator
) -> tuple[Attention, ...]:
    """Return each kind of attention among ``ops`` once, with how often it occurs."""
    kinds: dict[tuple[tuple[int, ...], ...], list[_Parts]] = {}
    for number in ops:
        op = trace.ops[number]
        found = (
            _fused(trace, op)
            if op.target == FUSED
            else _written_out(trace, op)
            if op.target == "softmax"
            else None
        )
        if found is not None and min(len(shape) for shape in found.shapes) >= 3:
            kinds.setdefault(found.shapes, []).append(found)
    return tuple(_attention(trace, alike, names, words) for alike in list(kinds.values())[:MOST_ATTENTION])


def _attention(trace: Trace, alike: Sequence[_Parts], names: ExactNames, words: Translator) -> Attention:
    parts = alike[0]
    query, key = parts.query.shape, parts.key.shape
    lead = query[:-2]
    call = trace.ops[parts.op].call
    shape = ", ".join(map(str, (*lead, query[-2], key[-2])))
    built = parts.score is not None and parts.score.materialized
    return Attention(
        title=tail(trace.calls[call]) if call is not None else trace.ops[parts.op].target,
        selector=names.op(parts.op),
        times=words("n-calls", n=len(alike)),
        heads=lead[-1],
        queries=query[-2],
        keys=key[-2],
        width=query[-1],
        score=str(parts.score) if parts.score is not None else f"{parts.query.dtype}[{shape}]",
        built=built,
        note=words("score-real" if built else "score-fused"),
        query_shape=str(parts.query),
        key_shape=str(parts.key),
        value_shape=str(parts.value),
        out_shape=str(parts.out) if parts.out is not None else "",
        windows=lead[0] if len(lead) > 1 else 1,
    )


def _fused(trace: Trace, op: Op) -> _Parts | None:
    """Return the tensors of an attention that one kernel does."""
    tensors = _tensors(trace, op.inputs)
    outputs = {port.name: trace.values[port.value] for port in op.outputs if port.value is not None}
    if len(tensors) < 3:
        return None
    score = outputs.pop("score", None)
    query, key, value = tensors[:3]
    return _Parts(op.id, query, key, value, score, next(iter(outputs.values()), None))


def _written_out(trace: Trace, softmax: Op) -> _Parts | None:
    """Return the tensors of an attention that is written as product, softmax, product."""
    score = next((trace.values[p.value] for p in softmax.outputs if p.value is not None), None)
    before = _product_before(trace, softmax)
    after = _product_after(trace, softmax)
    if score is None or before is None or after is None:
        return None
    query, key = _tensors(trace, before.inputs)[-2:]
    value = next((v for v in reversed(_tensors(trace, after.inputs)) if v.shape != score.shape), None)
    if value is None or query.shape[-1] != key.shape[-2]:
        return None
    # The product takes the key transposed; shown is the key as people write it.
    upright = replace(key, shape=(*key.shape[:-2], key.shape[-1], key.shape[-2]))
    out = next((trace.values[p.value] for p in after.outputs if p.value is not None), None)
    return _Parts(softmax.id, query, upright, value, score, out)


def _product_before(trace: Trace, op: Op) -> Op | None:
    for _ in range(FARTHEST):
        first = next((port.value for port in op.inputs if port.value is not None), None)
        producer = trace.values[first].producer if first is not None else None
        if producer is None:
            return None
        op = trace.ops[producer]
        if op.target in PRODUCTS:
            return op if len(_tensors(trace, op.inputs)) > 1 else None
        if op.target not in BETWEEN:
            return None
    return None


def _product_after(trace: Trace, op: Op) -> Op | None:
    waiting = [op]
    for _ in range(FARTHEST):
        made = [port.value for one in waiting for port in one.outputs if port.value is not None]
        waiting = [trace.ops[user] for value in made for user in trace.users.get(value, ())]
        found = next((one for one in waiting if one.target in PRODUCTS), None)
        if found is not None:
            return found
        waiting = [one for one in waiting if one.target in BETWEEN]
    return None


def _tensors(trace: Trace, ports: Sequence[Port]) -> list[Value]:
    return [trace.values[port.value] for port in ports if port.value is not None]


def feature_maps_of(
    trace: Trace, values: Iterable[int], names: ExactNames, unused: frozenset[int]
) -> tuple[FeatureMap, ...]:
    """Return the feature maps among ``values``; nothing unless there are two sizes to compare."""
    found: dict[tuple[int, ...], FeatureMap] = {}
    for number in values:
        value = trace.values[number]
        layout = layout_of_map(trace, value)
        if layout is not None:
            height, width, channels = layout
            found.setdefault(
                value.shape,
                FeatureMap(str(value), names.value(number), channels, height, width, number in unused),
            )
    if len({(sheet.height, sheet.width) for sheet in found.values()}) < 2:
        return ()
    return tuple(sorted(found.values(), key=lambda sheet: -sheet.height * sheet.width)[:MOST_SHEETS])


def layout_of_map(trace: Trace, value: Value) -> tuple[int, int, int] | None:
    """Return height, width and channels of a feature map; None for what is none."""
    return None if _is_score(trace, value) else _layout(value.shape)


def _is_score(trace: Trace, value: Value) -> bool:
    """Return whether a tensor compares tokens with tokens, which looks like a map by its shape alone."""
    target = trace.ops[value.producer].target if value.producer is not None else ""
    return not value.materialized or target in ("softmax", *PRODUCTS[:3])


def _layout(shape: Sequence[int]) -> tuple[int, int, int] | None:
    """Return height, width and channels of a feature map, channels first or last."""
    if len(shape) != 4:
        return None
    _, first, middle, last = shape
    if middle == last >= LEAST_SIDE:
        return middle, last, first
    if first == middle >= LEAST_SIDE and last != middle:
        return first, middle, last
    return None
