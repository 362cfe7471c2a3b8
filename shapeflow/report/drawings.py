"""What a section shows as drawings of its own: attention with its sizes, feature maps to scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapeflow.graph.folding import tail
from shapeflow.report.names import Names
from shapeflow.report.view import Attention, Sheet
from shapeflow.report.words import Words
from shapeflow.trace import Op, Port, Trace, Value

KINDS = ("scaled_dot_product_attention", "multi_head_attention_forward")
MOST_ATTENTION = 4
MOST_SHEETS = 8
LEAST_SIDE = 4
"""Smaller maps are no pictures."""


def attention_in(trace: Trace, ops: Iterable[int], names: Names, words: Words) -> tuple[Attention, ...]:
    """Return each kind of attention among ``ops`` once, with how often it occurs."""
    kinds: dict[tuple[str, ...], list[tuple[int, Attention]]] = {}
    for number in ops:
        op = trace.ops[number]
        if op.target in KINDS:
            drawn = _attention(trace, op, names, words)
            if drawn is not None:
                key = (drawn.query_shape, drawn.key_shape, drawn.value_shape, drawn.score)
                kinds.setdefault(key, []).append((number, drawn))
    result = []
    for alike in list(kinds.values())[:MOST_ATTENTION]:
        first = alike[0][1]
        values = {name: getattr(first, name) for name in Attention.__slots__}
        result.append(Attention(**{**values, "times": words("n-calls", n=len(alike))}))
    return tuple(result)


def _attention(trace: Trace, op: Op, names: Names, words: Words) -> Attention | None:
    """Return the sizes of one attention op that shows queries, keys and values by head."""
    tensors = [trace.values[port.value] for port in op.inputs if port.value is not None]
    if len(tensors) < 3 or op.target != KINDS[0] or any(len(value.shape) < 3 for value in tensors[:3]):
        return None
    query, key, value = tensors[:3]
    out = next((trace.values[port.value] for port in op.outputs if port.value is not None), None)
    score = _score(trace, op.outputs)
    lead = query.shape[:-2]
    call = trace.calls[op.call] if op.call is not None else None
    shape = ", ".join(map(str, (*lead, query.shape[-2], key.shape[-2])))
    return Attention(
        title=tail(call) if call is not None else op.target,
        selector=names.op(op.id),
        times="",
        heads=lead[-1] if len(lead) > 1 else 1,
        queries=query.shape[-2],
        keys=key.shape[-2],
        width=query.shape[-1],
        score=str(score) if score is not None else f"{query.dtype}[{shape}]",
        note=words("score-fused" if score is None or not score.materialized else "score-real"),
        query_shape=str(query),
        key_shape=str(key),
        value_shape=str(value),
        out_shape=str(out) if out is not None else "",
        windows=lead[0] if lead else 1,
    )


def _score(trace: Trace, ports: Sequence[Port]) -> Value | None:
    return next(
        (trace.values[port.value] for port in ports if port.name == "score" and port.value is not None), None
    )


def sheets_of(trace: Trace, values: Iterable[int], names: Names, unused: frozenset[int]) -> tuple[Sheet, ...]:
    """Return the feature maps among ``values``; nothing unless there are two sizes to compare."""
    found: dict[tuple[int, ...], Sheet] = {}
    for number in values:
        value = trace.values[number]
        layout = _layout(value.shape)
        if layout is not None:
            height, width, channels = layout
            found.setdefault(
                value.shape,
                Sheet(str(value), names.value(number), channels, height, width, number in unused),
            )
    if len({(sheet.height, sheet.width) for sheet in found.values()}) < 2:
        return ()
    return tuple(sorted(found.values(), key=lambda sheet: -sheet.height * sheet.width)[:MOST_SHEETS])


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
