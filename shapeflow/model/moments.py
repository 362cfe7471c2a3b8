"""When a tensor is at a place: the order in which calls and ops begin and end.

A port is a place at a moment: an input when its call or op begins, an output when that ends. What was done
with the same tensor before that moment does not come from this place: a call may hand on what it was given,
or use what it made before it returns it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from shapeflow.model.containers import ids_at, told
from shapeflow.model.match import Match
from shapeflow.model.records import Port, Records

Moment = tuple[int, int]
"""How many ops had begun, and a number that orders what happens between two ops."""

FIRST: Moment = (-1, -1)
LAST: Moment = (sys.maxsize, sys.maxsize)


def at_op(op: int) -> Moment:
    """Return the moment at which an op reads its inputs."""
    return op, sys.maxsize


class Moments:
    """When each call of a trace began and ended, and when each op ended."""

    def __init__(self, trace: Records) -> None:
        self.began: list[Moment] = []
        """Call -> when it began."""
        self.ended: list[Moment] = [LAST] * len(trace.calls)
        """Call -> when it ended."""
        self._op_ended = list(range(1, len(trace.ops) + 1))
        running: list[int] = []
        tick = 0
        for call in trace.calls:
            while running and running[-1] != call.parent:
                tick += 1
                left = running.pop()
                self.ended[left] = (trace.calls[left].last_op, tick)
            tick += 1
            self.began.append((call.first_op, tick))
            running.append(call.id)
        for left in reversed(running):
            tick += 1
            self.ended[left] = (trace.calls[left].last_op, tick)
        for op in reversed(trace.ops):  # a composite op ends behind its details
            if op.parent is not None:
                self._op_ended[op.parent] = max(self._op_ended[op.parent], self._op_ended[op.id])

    def op_ended(self, op: int) -> Moment:
        """Return when an op had given its results."""
        return self._op_ended[op], -1

    def of(self, match: Match, port: Port) -> Moment:
        """Return when a tensor is at a port of what a selector names."""
        return self.of_side(match, is_input(match, port))

    def of_side(self, match: Match, inputs: bool) -> Moment:
        """Return when the inputs, or the outputs, of what a selector names are there."""
        if match.op is not None:
            return at_op(match.op.id) if inputs else self.op_ended(match.op.id)
        assert match.call is not None
        return (self.began if inputs else self.ended)[match.call.id]


def is_input(match: Match, port: Port) -> bool:
    """Return whether a port, perhaps one in a large container, is an input of what a selector names."""
    return any(
        port.name == given.name or (given.container is not None and port.name.startswith(given.name))
        for given in told(match.owner.inputs)
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor at a port."""

    value: int
    when: Moment
    """The moment at which it is there: what is done with it afterwards counts as coming from there."""


def places(trace: Records, matches: list[Match], side: str) -> list[Place]:
    """Return the tensors at what selectors name.

    Args:
        trace: the run.
        matches: what is named.
        side: what a call or op without a port stands for: ``in``, ``out`` or ``both``.
    """
    moments = trace.cached(Moments)
    found = []
    for match in matches:
        if match.port is not None:
            if match.port.value is not None:
                # A parameter or buffer is there before the run.
                when = FIRST if match.tensor else moments.of(match, match.port)
                found.append(Place(match.port.value, when))
            continue
        for inputs in {"in": (True,), "out": (False,), "both": (True, False)}[side]:
            when = moments.of_side(match, inputs)
            ports = match.owner.inputs if inputs else match.owner.outputs
            found += [Place(value, when) for value in ids_at(ports)]
    return found
