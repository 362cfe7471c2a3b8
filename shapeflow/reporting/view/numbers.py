"""What the run costs: by stage, over time, and for nothing."""

from __future__ import annotations

from collections.abc import Sequence

from shapeflow.common.units import memory
from shapeflow.graph.build import unfold
from shapeflow.model.call_tree import Repeat, Structure, tail
from shapeflow.model.exact_names import Names
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.model import LinkView, Memory, NumbersView, StageView

STAGES = 24
POINTS = 320
"""Points of the memory curve that a page draws."""
MOST_UNUSED = 200


def numbers_of(trace: Trace, tree: Structure, names: Names) -> NumbersView:
    """Return the costs of a run."""
    from shapeflow.model.flow import wasted_flops

    flops = sum(op.flops for op in trace.ops if op.parent is None)
    wasted = wasted_flops(trace)
    items = stage_calls(tree)
    root = trace.module_by_path.get("")
    return NumbersView(
        parameters=root.parameters if root else sum(module.own_parameters for module in trace.modules),
        flops=flops,
        peak_bytes=trace.run.peak_bytes,
        stages=tuple(_stage(trace, names, item, flops) for item in items),
        memory=_memory(trace, names, items),
        wasted_flops=wasted,
        wasted_share=wasted / flops if flops else 0.0,
        unused=tuple(unused_outputs(trace, names)),
    )


def stage_calls(tree: Structure) -> list[int | Repeat]:
    """Return the calls that a table of stages lists, repeats folded, in the order of the run."""
    shown, _ = unfold(tree, tree.roots, None, STAGES)
    holders = {up for call in shown for up in tree.ancestors(call)[1:]}
    leaves = [call for call in shown if call not in holders]
    by_parent: dict[int | None, list[int]] = {}
    for call in leaves:
        by_parent.setdefault(tree.trace.calls[call].parent, []).append(call)
    items = [item for group in by_parent.values() for item in tree.fold(group)]
    return sorted(items, key=lambda item: item.calls[0] if isinstance(item, Repeat) else item)


def _calls(item: int | Repeat) -> tuple[int, ...]:
    return item.calls if isinstance(item, Repeat) else (item,)


def _stage(trace: Trace, names: Names, item: int | Repeat, total: int) -> StageView:
    calls = [trace.calls[call] for call in _calls(item)]
    flops = sum(
        op.flops for call in calls for op in trace.ops[call.first_op : call.last_op] if op.parent is None
    )
    paths = {call.path for call in calls if call.method == "forward"}
    modules = [trace.module_by_path[path] for path in paths if path in trace.module_by_path]
    last = {port.value for call in calls for port in call.outputs if port.value is not None}
    return StageView(
        selector=item.selector if isinstance(item, Repeat) else names.call(calls[0].id),
        title=item.selector if isinstance(item, Repeat) else calls[0].name,
        class_name=calls[0].class_name,
        calls=len(calls),
        parameters=sum(module.parameters for module in modules),
        flops=flops,
        share=flops / total if total else 0.0,
        bytes=sum(trace.values[value].bytes for value in last),
    )


def _memory(trace: Trace, names: Names, items: Sequence[int | Repeat]) -> Memory | None:
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
        first, last = trace.calls[_calls(item)[0]], trace.calls[_calls(item)[-1]]
        title = item.label if isinstance(item, Repeat) else tail(first)
        stages.append((title if title != "." else first.class_name, first.first_op, last.last_op))
    at = LinkView(names.op(top_op), names.op(top_op).rpartition("@")[0]) if top_op < len(trace.ops) else None
    return Memory(tuple(points), len(live), peak, memory(peak), at, tuple(stages))


def unused_outputs(trace: Trace, names: Names) -> list[LinkView]:
    """Return the tensors that calls return and nobody reads, each once, in the order of the run."""
    unused = {value.id for value in trace.unused()}
    returned = {port.value for call in trace.calls for port in call.outputs if port.value in unused}
    selectors = [(number, names.value(number)) for number in sorted(v for v in returned if v is not None)]
    return [LinkView(name, name, str(trace.values[number])) for number, name in selectors]
