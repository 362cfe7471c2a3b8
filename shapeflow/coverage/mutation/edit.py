"""A change to the records of a trace, and the trace that it makes: consistent, so that it can be saved.

Records are named by their ids in the original trace. Ops keep their order, and all ids behind one that is
dropped or added move; the number of a dropped value is given to the last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from shapeflow.coverage.mutation.arrange import Arrangement, arranged
from shapeflow.coverage.mutation.unfit import Unfit
from shapeflow.model.containers import Ports, ids_at, told
from shapeflow.model.links import Links
from shapeflow.model.moments import Moments
from shapeflow.model.owned import Owned
from shapeflow.model.path_index import PathIndex
from shapeflow.model.records import Call, Escape, Module, Op, Port, Records, Value
from shapeflow.model.trace import Trace

Record = TypeVar("Record")


@dataclass
class Edit:
    """What becomes of some records; the others stay."""

    calls: dict[int, Call] = field(default_factory=dict)
    ops: dict[int, Op] = field(default_factory=dict)
    values: dict[int, Value] = field(default_factory=dict)
    modules: dict[int, Module] = field(default_factory=dict)
    dropped: tuple[int, int] | None = None
    """An op, and the value that it made and that nobody holds any more."""
    added: tuple[int, Op, Value] | None = None
    """The op before which one is put, the op, and the value that it makes: the last one, by its number."""

    order: Arrangement | None = None
    """Parts of the run in another order, or left out; the records above are those before."""

    @property
    def shifts(self) -> bool:
        """Whether ids of ops move."""
        return self.dropped is not None or self.added is not None


class Holders:
    """Which calls and ops have a value at their ports."""

    def __init__(self, trace: Records) -> None:
        self.calls: dict[int, list[int]] = {}
        self.ops: dict[int, list[int]] = {}
        for records, held in ((trace.calls, self.calls), (trace.ops, self.ops)):
            for record in records:
                for value in {*ids_at(record.inputs), *ids_at(record.outputs)}:
                    held.setdefault(value, []).append(record.id)


def exchange(ports: Sequence[Port], values: dict[int, int]) -> tuple[Port, ...]:
    """Return ports that hold other values.

    Raises:
        Unfit: one is a large container, which refers to what was in it before, too.
    """
    if isinstance(ports, Ports):
        raise Unfit
    return tuple(
        Port(port.name, values[port.value], port.text, port.alias)
        if port.value is not None and port.value in values
        else port
        for port in ports
    )


def rewire(trace: Trace, edit: Edit, values: dict[int, int], since: int, *, outputs: bool = True) -> None:
    """Let everybody who takes some values after an op take others.

    Args:
        trace: the run.
        edit: what is changed.
        values: value -> what is taken instead.
        since: the op; ops behind it, and calls that begin or end behind it, are changed.
        outputs: whether calls that give a value give the other one, too.
    """
    holders = trace.cached(holders_of)
    for value in values:
        for number in holders.ops.get(value, ()):
            if number > since:
                op = edit.ops.get(number, trace.ops[number])
                taken, handed_on = exchange(op.inputs, values), exchange(op.outputs, values)
                edit.ops[number] = replace(op, inputs=taken, outputs=handed_on)
        for number in holders.calls.get(value, ()):
            call = edit.calls.get(number, trace.calls[number])
            inputs: Sequence[Port] = call.inputs
            if call.first_op > since:
                inputs = exchange(inputs, values)
            given = outputs and call.last_op > since
            edit.calls[number] = replace(
                call, inputs=inputs, outputs=exchange(call.outputs, values) if given else call.outputs
            )


def holders_of(trace: Records) -> Holders:
    """Return which calls and ops have a value at their ports."""
    return Holders(trace)


def apply(trace: Trace, edit: Edit) -> Trace:
    """Return the trace with a change.

    Raises:
        Unfit: what is dropped is also in a large container, or was read into Python.
    """
    calls, ops, values = list(trace.calls), list(trace.ops), list(trace.values)
    _put(calls, edit.calls)
    _put(ops, edit.ops)
    _put(values, edit.values)
    escapes, run = trace.escapes, trace.run
    if edit.shifts:
        _shift(edit, calls, ops, values)
        moved = _Positions(edit)
        peak = None if run.peak_op is None else moved.behind(run.peak_op)
        run = replace(run, peak_op=None if peak is None else min(peak, len(ops) - 1))
        if run.failure is not None:
            raise Unfit
        if edit.dropped is not None:
            escapes = _fill(trace, edit, edit.dropped[1], calls, ops, values)
    modules = tuple(edit.modules.get(number, module) for number, module in enumerate(trace.modules))
    changed_trace = replace(
        trace,
        run=run,
        modules=modules if edit.modules else trace.modules,
        calls=tuple(calls),
        ops=tuple(ops),
        values=tuple(values),
        escapes=escapes,
    )
    if edit.order is not None:
        return arranged(changed_trace, edit.order)
    _adopt(changed_trace, trace, edit)
    return changed_trace


def _put(records: list[Record], changed: Mapping[int, Record]) -> None:
    for number, record in changed.items():
        records[number] = record


class _Positions:
    """Where ops are after one was dropped or added."""

    def __init__(self, edit: Edit) -> None:
        self.dropped = None if edit.dropped is None else edit.dropped[0]
        self.added = None if edit.added is None else edit.added[0]

    def before(self, op: int) -> int:
        """Return the new place of an op, or of the end of what was before it."""
        less = self.dropped is not None and op > self.dropped
        more = self.added is not None and op > self.added
        return op - less + more

    def behind(self, op: int) -> int:
        """Return the new place of an op; where one was added before it, what was added is behind it."""
        return self.before(op) + (op == self.added)


def _shift(edit: Edit, calls: list[Call], ops: list[Op], values: list[Value]) -> None:
    """Drop or add an op, and move all ids of ops."""
    moved = _Positions(edit)
    inside: set[int] = set()
    if edit.added is not None:
        around = edit.added[1].call
        while around is not None:
            inside.add(around)
            around = calls[around].parent
    first = min(number for number in (moved.dropped, moved.added) if number is not None)
    for number in range(len(ops) - 1, first - 1, -1):
        op = ops[number]
        parent = None if op.parent is None else moved.behind(op.parent)
        ops[number] = Op(
            moved.behind(number),
            op.target,
            op.call,
            op.inputs,
            op.outputs,
            op.source,
            parent,
            op.flops,
            op.live_bytes,
        )
    if edit.dropped is not None:
        del ops[edit.dropped[0]]
    if edit.added is not None:
        ops.insert(edit.added[0], edit.added[1])
    for number, value in enumerate(values):
        if value.producer is not None and value.producer >= first:
            values[number] = _made_by(value, moved.behind(value.producer))
    if edit.added is not None:
        values.append(edit.added[2])
    for number, call in enumerate(calls):
        if call.last_op >= first:
            empty = call.first_op == call.last_op and number not in inside
            last = moved.behind if number in inside or empty else moved.before
            start = moved.before if number in inside else moved.behind
            calls[number] = replace(call, first_op=start(call.first_op), last_op=last(call.last_op))


def _made_by(value: Value, op: int) -> Value:
    """Return a value with another id of the op that made it."""
    return Value(
        value.id,
        value.dtype,
        value.shape,
        value.origin,
        op,
        value.name,
        value.storage,
        value.materialized,
        value.kept,
    )


def _fill(
    trace: Trace, edit: Edit, hole: int, calls: list[Call], ops: list[Op], values: list[Value]
) -> tuple[Escape, ...]:
    """Give the number of a dropped value to the last one; return the escapes with it."""
    last = len(values) - 1
    in_containers = {p.value for c in trace.containers for change in c.edits for p in change.entries}
    if {hole, last} & in_containers or any(escape.value == hole for escape in trace.escapes):
        raise Unfit
    if last != hole:
        names, holders, moved = {last: hole}, trace.cached(holders_of), _Positions(edit)
        for number in {*holders.ops.get(last, ()), *edit.ops} - {moved.dropped}:
            op = ops[moved.behind(number)]
            inputs, outputs = exchange(op.inputs, names), exchange(op.outputs, names)
            ops[op.id] = replace(op, inputs=inputs, outputs=outputs)
        for number in {*holders.calls.get(last, ()), *edit.calls}:
            call = calls[number]
            if any(port.value == last for port in (*told(call.inputs), *told(call.outputs))):
                inputs, outputs = exchange(call.inputs, names), exchange(call.outputs, names)
                calls[number] = replace(call, inputs=inputs, outputs=outputs)
        values[hole] = replace(values[last], id=hole)
    values.pop()
    return tuple(replace(escape, value=hole) if escape.value == last else escape for escape in trace.escapes)


def _adopt(changed: Trace, trace: Trace, edit: Edit) -> None:
    """Take over what the change leaves as it is, instead of working it out again."""
    if edit.shifts:
        return
    changed.adopt(Moments, trace.cached(Moments))
    keys = all(call.key == trace.calls[number].key for number, call in edit.calls.items())
    targets = all(
        (op.target, op.call) == (trace.ops[number].target, trace.ops[number].call)
        for number, op in edit.ops.items()
    )
    if keys and targets and not edit.modules:
        changed.adopt(PathIndex, trace.cached(PathIndex))
    links = trace.cached(Links)
    changed.adopt(Links, links.with_ops(changed, edit.ops) if edit.ops else links)
    if not edit.modules:
        changed.adopt(Owned, trace.cached(Owned))
