"""What the run costs: by stage, over time, and for nothing."""

from __future__ import annotations

from collections.abc import Sequence

from shapeflow.common.units import format_bytes
from shapeflow.model.call_tree import tail
from shapeflow.model.containers import values_at
from shapeflow.model.costs import Stage, leaf_stages, total_flops, total_parameters
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.flow import wasted_flops
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.link_model import LinkView
from shapeflow.reporting.view.numbers_model import Memory, NumbersView, StageView

POINTS = 320
"""Points of the memory curve that a page draws."""
MOST_UNUSED = 200


def numbers_of(trace: Trace, names: ExactNames) -> NumbersView:
    """Return the costs of a run."""
    flops, wasted = total_flops(trace), wasted_flops(trace)
    stages = leaf_stages(trace)
    return NumbersView(
        parameters=total_parameters(trace),
        flops=flops,
        peak_bytes=trace.run.peak_bytes,
        stages=tuple(_stage(names, stage, flops) for stage in stages),
        memory=_memory(trace, names, stages),
        wasted_flops=wasted,
        wasted_share=wasted / flops if flops else 0.0,
        unused=tuple(unused_outputs(trace, names)),
    )


def _stage(names: ExactNames, stage: Stage, total: int) -> StageView:
    return StageView(
        selector=names.call(stage.calls[0]),
        title=stage.path,
        class_name=stage.class_name,
        calls=len(stage.calls),
        parameters=stage.parameters or 0,
        flops=stage.flops,
        share=stage.flops / total if total else 0.0,
        bytes=stage.bytes,
    )


def _memory(trace: Trace, names: ExactNames, items: Sequence[Stage]) -> Memory | None:
    """Return the curve of live bytes, thinned so that every peak stays."""
    live = [op.live_bytes for op in trace.ops]
    if not any(live):
        return None
    step = max(1, len(live) // POINTS)
    points = []
    for start in range(0, len(live), step):
        part = live[start : start + step]
        top = max(range(len(part)), key=part.__getitem__)
        points.append((start + top, part[top]))
    top_op = (
        trace.run.peak_op if trace.run.peak_op is not None else max(range(len(live)), key=live.__getitem__)
    )
    peak = trace.run.peak_bytes or live[top_op]
    stages = []
    for item in items:
        first, last = trace.calls[item.calls[0]], trace.calls[item.calls[-1]]
        title = tail(first) if len(item.calls) == 1 else item.name
        stages.append((title if title != "." else first.class_name, first.first_op, last.last_op))
    at = LinkView(names.op(top_op), names.op(top_op).rpartition("@")[0]) if top_op < len(trace.ops) else None
    return Memory(tuple(points), len(live), peak, format_bytes(peak), at, tuple(stages))


def unused_outputs(trace: Trace, names: ExactNames) -> list[LinkView]:
    """Return the tensors that calls return and nobody reads, each once, in the order of the run."""
    unused = {value.id for value in trace.unused()}
    returned = {value for call in trace.calls for value in unused & values_at(call.outputs)}
    selectors = [(number, names.value(number)) for number in sorted(returned)]
    return [LinkView(name, name, str(trace.values[number])) for number, name in selectors]
