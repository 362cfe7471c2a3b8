"""From the builders of a run to the finished records of a trace."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from shapeflow.model.containers import Container, ContainerTable, with_containers
from shapeflow.model.records import Call, Escape, Op
from shapeflow.recording.builders import CallBuilder
from shapeflow.recording.trace_builder import TraceBuilder


class Finalized(NamedTuple):
    """The finished records, renumbered where helpers that took and gave no tensor are left out."""

    calls: tuple[Call, ...]
    ops: tuple[Op, ...]
    escapes: tuple[Escape, ...]
    containers: tuple[Container, ...]
    numbers: dict[int, int]
    """Id of an unfinished call -> id of the finished call that it is, or that it ran in."""


def _flops_inside(builder: TraceBuilder, first: int, last: int) -> int:
    """Return the FLOPs of a call that runs inside an op."""
    return sum(op.flops for op in builder.ops[first:last] if op.parent is None or op.parent < first)


def finalize(builder: TraceBuilder) -> Finalized:
    """Return the finished records."""
    numbers: dict[int, int] = {}
    kept: list[CallBuilder] = []
    for call in builder.calls:
        if not call.dropped:
            numbers[call.id] = len(kept)
            kept.append(call)
        elif call.parent in numbers:
            numbers[call.id] = numbers[call.parent]

    def renamed(call: int | None) -> int | None:
        return None if call is None else numbers.get(call)

    last_op = len(builder.ops)
    flops = list(accumulate((op.flops if op.parent is None else 0 for op in builder.ops), initial=0))
    counts: dict[str, int] = {}
    containers = tuple(builder.containers.writer.records)
    table = ContainerTable(containers)
    calls = []
    for call in kept:
        index = counts[call.key] = counts.get(call.key, -1) + 1
        first, last = min(call.first_op, last_op), min(call.last_op, last_op)
        calls.append(
            Call(
                numbers[call.id],
                call.path,
                call.method,
                index,
                call.class_name,
                renamed(call.parent),
                with_containers(tuple(call.inputs), table),
                with_containers(tuple(call.outputs), table),
                first,
                last,
                flops[last] - flops[first] if call.within is None else _flops_inside(builder, first, last),
                call.source,
                call.raised,
            )
        )
    ops = [
        Op(
            op.id,
            op.target,
            op.call if op.call is None else numbers.get(op.call),
            tuple(op.inputs),
            tuple(op.outputs),
            op.source,
            op.parent,
            op.flops,
            op.live_bytes,
        )
        for op in builder.ops
    ]
    escapes = tuple(Escape(item.value, item.how, renamed(item.call), item.source) for item in builder.escapes)
    return Finalized(tuple(calls), tuple(ops), escapes, containers, numbers)
