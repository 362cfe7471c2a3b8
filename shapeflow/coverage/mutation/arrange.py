"""Parts of a run in another order, or left out: the records of calls, ops and values get other ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shapeflow.coverage.mutation.unfit import Unfit
from shapeflow.model.containers import Container, ContainerTable, told, with_containers
from shapeflow.model.records import Call, Op, Port, Value
from shapeflow.model.trace import Trace


@dataclass(frozen=True, slots=True)
class Part:
    """Ops that follow each other, and the calls that begin among them with all in them."""

    ops: range
    calls: range


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Parts that lie side by side, and which of them are left, in their new order."""

    parts: tuple[Part, ...]
    left: tuple[int, ...]

    @property
    def ops(self) -> range:
        """The ops of all parts."""
        return range(self.parts[0].ops.start, self.parts[-1].ops.stop)

    @property
    def calls(self) -> range:
        """The calls of all parts."""
        return range(self.parts[0].calls.start, self.parts[-1].calls.stop)


def arranged(trace: Trace, arrangement: Arrangement) -> Trace:
    """Return a trace with parts in another order; what is left out is gone, with the values it made.

    Raises:
        Unfit: something that is left out is still held somewhere.
    """
    move = _Moves(trace, arrangement)
    if trace.run.failure is not None:
        raise Unfit
    calls = [move.call(trace.calls[number]) for number in move.old_calls]
    ops = [move.op(trace.ops[number]) for number in move.old_ops]
    values = tuple(move.made(value) for value in trace.values if value.id not in move.gone)
    escapes = tuple(
        replace(
            escape,
            value=move.value(escape.value),
            call=None if escape.call is None else move.kept_call(escape.call),
        )
        for escape in trace.escapes
    )
    peak = trace.run.peak_op
    run = replace(trace.run, peak_op=None if peak is None else move.new_op.get(peak, move.first))
    return replace(
        trace,
        run=run,
        calls=tuple(numbered_again(calls)),
        ops=tuple(ops),
        values=values,
        escapes=escapes,
        containers=tuple(move.table.records),
    )


def numbered_again(calls: Sequence[Call]) -> list[Call]:
    """Return calls with the number that each has among those of its module or helper."""
    met: dict[str, int] = {}
    found = []
    for call in calls:
        met[call.key] = met.get(call.key, -1) + 1
        found.append(call if call.index == met[call.key] else replace(call, index=met[call.key]))
    return found


class _Moves:
    """Where everything is afterwards."""

    def __init__(self, trace: Trace, arrangement: Arrangement) -> None:
        parts = [arrangement.parts[number] for number in arrangement.left]
        self.first = arrangement.ops.start
        self.end = arrangement.ops.stop
        self.region = arrangement.ops
        self.old_ops = _order(len(trace.ops), arrangement.ops, [part.ops for part in parts])
        self.old_calls = _order(len(trace.calls), arrangement.calls, [part.calls for part in parts])
        self.new_op = {old: new for new, old in enumerate(self.old_ops)}
        self.new_call = {old: new for new, old in enumerate(self.old_calls)}
        self.less = len(trace.ops) - len(self.old_ops)
        self.shift: dict[int, int] = {}
        start = self.first
        for part in parts:
            self.shift.update(dict.fromkeys(part.calls, start - part.ops.start))
            start += len(part.ops)
        made = [value for value in trace.values if value.producer is not None]
        self.gone = frozenset(value.id for value in made if value.producer not in self.new_op)
        left = [value.id for value in trace.values if value.id not in self.gone]
        self.new_value = {old: new for new, old in enumerate(left)}
        self.table = ContainerTable([self._container(one) for one in trace.containers])

    def value(self, number: int) -> int:
        if number in self.gone:
            raise Unfit
        return self.new_value[number]

    def kept_call(self, number: int) -> int:
        if number not in self.new_call:
            raise Unfit
        return self.new_call[number]

    def ports(self, ports: Sequence[Port]) -> Sequence[Port]:
        if not self.gone:
            return ports
        return with_containers(tuple(map(self._port, told(ports))), self.table)

    def _port(self, port: Port) -> Port:
        if port.value is None or self.value(port.value) == port.value:
            return port
        return Port(port.name, self.value(port.value), port.text, port.alias, port.container)

    def _container(self, container: Container) -> Container:
        edits = tuple(replace(edit, entries=tuple(map(self._port, edit.entries))) for edit in container.edits)
        return replace(container, edits=edits)

    def made(self, value: Value) -> Value:
        number = self.new_value[value.id]
        producer = None if value.producer is None else self.new_op[value.producer]
        # When its memory is free again is not known of a run that never was.
        same = (number, producer, None) == (value.id, value.producer, value.freed)
        return value if same else replace(value, id=number, producer=producer, freed=None)

    def call(self, call: Call) -> Call:
        first, last = call.first_op, call.last_op
        if call.id in self.shift:
            first, last = first + self.shift[call.id], last + self.shift[call.id]
        else:
            first -= self.less if first >= self.end else 0
            last -= self.less if last >= self.end else 0
        return replace(
            call,
            id=self.new_call[call.id],
            parent=None if call.parent is None else self.kept_call(call.parent),
            first_op=first,
            last_op=last,
            inputs=self.ports(call.inputs),
            outputs=self.ports(call.outputs),
        )

    def op(self, op: Op) -> Op:
        if not self.gone and op.id not in self.region:
            return op  # others may have moved, but what is left has its place
        return Op(
            self.new_op[op.id],
            op.target,
            None if op.call is None else self.kept_call(op.call),
            tuple(self.ports(op.inputs)),
            tuple(self.ports(op.outputs)),
            op.source,
            None if op.parent is None else self.new_op[op.parent],
            op.flops,
            op.live_bytes,
        )


def _order(number: int, region: range, parts: Sequence[range]) -> list[int]:
    """Return old ids in their new order."""
    return [
        *range(region.start),
        *(old for part in parts for old in part),
        *range(region.stop, number),
    ]
