"""Which op makes and which op reads each value: plain lists, made once a trace.

An op leads from each value it reads to each value it makes. A composite op (such as
``multi_head_attention_forward``) and the ops that it was opened into lie side by side: both lead on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from shapeflow.model.moments import FIRST, Moment, at_op
from shapeflow.model.records import Records

Predecessors = dict[int, "tuple[int, int] | None"]
"""Value -> the op and the value it was reached from; None for a start."""


class Links:
    """The data flow of one trace."""

    def __init__(self, trace: Records) -> None:
        self.made: list[list[int]] = [[] for _ in trace.ops]
        """Op -> the values it makes: its output ports, and values that name it as their producer."""
        self.makers: list[list[int]] = [[] for _ in trace.values]
        """Value -> the ops that make it: none, one, or a composite op and the last of its details."""
        self.read: list[list[int]] = []
        """Op -> the values it reads."""
        self.readers: list[list[int]] = [[] for _ in trace.values]
        """Value -> the ops that read it."""
        for op in trace.ops:
            read = list(dict.fromkeys([port.value for port in op.inputs if port.value is not None]))
            self.read.append(read)
            for value in read:
                self.readers[value].append(op.id)
            for port in op.outputs:
                # An op that hands on what it was given has made nothing: no way leads back through it.
                if port.value is not None and port.value not in read and port.value not in self.made[op.id]:
                    self.made[op.id].append(port.value)
                    self.makers[port.value].append(op.id)
        for made in trace.values:
            if made.producer is not None and made.producer not in self.makers[made.id]:
                self.made[made.producer].append(made.id)
                self.makers[made.id].append(made.producer)

    @cached_property
    def _below(self) -> Steps:
        return _steps(self.readers, self.made)

    @cached_property
    def _above(self) -> Steps:
        return _steps(self.makers, self.read)

    def way(
        self, starts: Mapping[int, Moment], goals: Mapping[int, Moment]
    ) -> tuple[Predecessors, int | None]:
        """Return what the starts flow into, nearest first, up to the first goal that is met; and this goal.

        Args:
            starts: values, each with the moment from which on what is done with it counts.
            goals: values, each with the last moment at which it is where it is looked for.
        """
        return _flood(starts, self._below, goals)

    def up(self, starts: Iterable[int]) -> Predecessors:
        """Return what flows into the starts, nearest first."""
        return _flood(dict.fromkeys(starts, FIRST), self._above, {})[0]


Steps = list[list[tuple[int, int]]]
"""Value -> each op that leads on from it, with each value that the op leads to."""


def _steps(ops: Sequence[Sequence[int]], values: Sequence[Sequence[int]]) -> Steps:
    """Return the steps from each value over its ``ops`` to their ``values``."""
    return [[(op, other) for op in near for other in values[op]] for near in ops]


def _flood(
    starts: Mapping[int, Moment], steps: Steps, goals: Mapping[int, Moment]
) -> tuple[Predecessors, int | None]:
    reached: Predecessors = {}
    since = dict(starts)
    for start, moment in starts.items():
        reached[start] = None
        if start in goals and goals[start] >= moment:
            return reached, start
    queue = list(reached)
    for value in queue:  # it grows while it is walked: breadth first
        moment = since.get(value, FIRST)
        for op, other in steps[value]:
            if moment > FIRST and at_op(op) < moment:
                continue
            if other in reached and since.get(other, FIRST) == FIRST:
                continue
            # A start that is also reached from another one: all that was done with it counts.
            reached.pop(other, None)
            reached[other] = (op, value)
            since[other] = FIRST
            if other in goals:
                return reached, other
            queue.append(other)
    return reached, None


def path_to(reached: Predecessors, value: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the ops, and the values before, between and behind them, that lead from a start to a value."""
    ops, values = [], [value]
    while (step := reached[values[-1]]) is not None:
        ops.append(step[0])
        values.append(step[1])
    return tuple(reversed(ops)), tuple(reversed(values))
