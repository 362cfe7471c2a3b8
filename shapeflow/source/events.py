"""What happened at each line of the model's source: calls and ops with what they gave, in their order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from shapeflow.model.ports import Port
from shapeflow.model.records import Call, Op
from shapeflow.model.trace import Trace


@dataclass(frozen=True, slots=True)
class Event:
    """A call or op that a source line made."""

    names: frozenset[str]
    """What the code may call it: the op's target, or the name of the module or method."""
    record: Call | Op
    execution: int | None
    """Id of the call whose code the line belongs to; None outside all calls."""
    order: tuple[int, int]
    """When it ended, among all events."""
    is_direct: bool
    """False for what a module called at the line did itself, in code that is not shown."""

    @property
    def is_call(self) -> bool:
        """Whether it is a call of a module or helper method."""
        return isinstance(self.record, Call)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """What it gave; not what it changed besides, nor the scores that a fused kernel never builds."""
        return tuple(port for port in self.record.outputs if _GIVEN.match(port.name))


_GIVEN = re.compile(r"out(?!\.written\b)")
Events = Mapping[str, Mapping[int, list[Event]]]
"""File -> line -> what happened there, in the order in which it ended."""


def events_of(trace: Trace) -> Events:
    """Return what happened at each line of source that the trace names.

    Ops inside of a composite op are left out: they are torch's, not the line's.
    """
    found: dict[str, dict[int, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for op in trace.ops:
        if op.source is not None and op.parent is None:
            source = trace.sources[op.source]
            running = _execution(trace, op.call, op.source)
            happened = Event(frozenset({op.target}), op, running, (op.id, 0), op.call == running)
            found[source.file][source.line].append(happened)
    for call in trace.calls:
        if call.source is not None and not call.raised:
            source = trace.sources[call.source]
            running = _execution(trace, call.parent, call.source)
            # A call ends after its last op, and before the calls around it.
            order = (call.last_op - 1, len(trace.calls) - call.id)
            happened = Event(_names(trace, call), call, running, order, call.parent == running)
            found[source.file][source.line].append(happened)
    for lines in found.values():
        for events in lines.values():
            events.sort(key=lambda event: event.order)
    return found


def _execution(trace: Trace, call: int | None, source: int) -> int | None:
    """Return the call whose code made something: a module called at the line is not it.

    Where code calls itself at the line, the innermost call that runs this code is meant.
    """
    passed: list[Call] = []
    while call is not None and trace.calls[call].source == source:
        passed.append(trace.calls[call])
        call = trace.calls[call].parent
    if call is None:
        return None
    own = trace.calls[call]
    again = (one for one in passed if (one.class_name, one.method) == (own.class_name, own.method))
    return next((one.id for one in again), call)


def _names(trace: Trace, call: Call) -> frozenset[str]:
    """Return what code may call a module or method: of ``layers.0`` that is ``layers``.

    Of ``heads.boxes`` it is both names, if ``heads`` is a container that never runs itself.
    """
    if call.method != "forward":
        return frozenset({call.method})
    names = set()
    parts = call.path.split(".")
    while parts:
        name = parts.pop()
        if not name.isdigit():
            names.add(name)
            above = trace.module_by_path.get(".".join(parts))
            if above is None or above.callable:
                break
    return frozenset(names)
