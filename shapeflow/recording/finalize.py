"""From the builders of a run to the finished records of a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple

from shapeflow.common.quick import maker
from shapeflow.model.containers import Container, ContainerTable, with_containers
from shapeflow.model.records import Call, Escape, Module, Op, Run, Value
from shapeflow.model.trace import Trace
from shapeflow.recording.builders import CallBuilder
from shapeflow.recording.excerpts import excerpts_of
from shapeflow.recording.failure import failure_of
from shapeflow.recording.trace_builder import TraceBuilder

OWN_CODE = ("factory", "python")
"""Adapters that run a model of the user's, and not one that a package brings."""


_call, _op, _value = maker(Call), maker(Op), maker(Value)
_but_freed = attrgetter(*(each.name for each in fields(Value) if each.name != "freed"))


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
    calls: list[Call] = []
    for call in kept:
        index = counts[call.key] = counts.get(call.key, -1) + 1
        first, last = min(call.first_op, last_op), min(call.last_op, last_op)
        calls.append(
            _call(
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
        _op(
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


def finished(
    builder: TraceBuilder, run: Run, modules: tuple[Module, ...], error: BaseException | None
) -> Trace:
    """Return the trace of a run that is over.

    Args:
        builder: what was recorded, all closed.
        run: what was run, without what the builder knows of it.
        modules: of the model.
        error: what ended it early.
    """
    parts = finalize(builder)
    run = replace(
        run,
        failure=None if error is None else failure_of(error, builder, parts.numbers),
        peak_bytes=builder.identity.memory.peak_bytes,
        peak_op=builder.peak_op,
        gradients=builder.mode.gradients,
        training=builder.mode.training,
    )
    return Trace(
        run,
        modules,
        parts.calls,
        parts.ops,
        _values(builder, len(parts.ops)),
        parts.escapes,
        tuple(builder.sources.sources),
        parts.containers,
        excerpts_of(builder.sources) if run.adapter in OWN_CODE else (),
        () if builder.pictures is None else builder.pictures.found(),
    )


def _values(builder: TraceBuilder, ops: int) -> tuple[Value, ...]:
    """Return the values, the first on each memory with the op at whose end that was free again."""
    values, waiting = list(builder.identity.values), dict(builder.freed)
    for number, value in enumerate(values):
        freed = None if value.storage is None else waiting.pop(value.storage, None)
        if freed is not None and freed < ops:
            values[number] = _value(*_but_freed(value), freed)
    return tuple(values)


def with_kept(builder: TraceBuilder, trace: Trace, kept: Mapping[int, str]) -> Trace:
    """Return the trace with what still holds values after the run, and with values seen only then."""
    if not kept:
        return trace
    known = len(trace.values)
    marked = [*trace.values, *builder.identity.values[known:]]
    for value, holder in kept.items():
        marked[value] = replace(marked[value], kept=holder)
    ops = trace.ops if len(marked) == known else finalize(builder).ops
    return replace(trace, ops=ops, values=tuple(marked))
