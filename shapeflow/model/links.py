"""Which op makes and which op reads each value: plain lists, made once a trace.

An op leads from each value it reads to each value it makes. A composite op (such as
``multi_head_attention_forward``) and the ops that it was opened into lie side by side: both lead on.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from copy import copy

from shapeflow.model.moments import FIRST, Moment, at_op
from shapeflow.model.records import Op, Records

Predecessors = dict[int, "tuple[int, int] | None"]
"""Value -> the op and the value it was reached from; None for a start."""


class Links:
    """The data flow of one trace."""

    def __init__(self, trace: Records) -> None:
        self.read = [
            list(dict.fromkeys([port.value for port in op.inputs if port.value is not None]))
            for op in trace.ops
        ]
        """Op -> the values it reads."""
        self.readers: list[list[int]] = [[] for _ in trace.values]
        """Value -> the ops that read it."""
        for number, read in enumerate(self.read):
            for value in read:
                self.readers[value].append(number)
        self.made = self._made(trace)
        """Op -> the values it makes: its output ports, and values that name it as their producer."""
        self.makers: list[list[int]] = [[] for _ in trace.values]
        """Value -> the ops that make it: none, one, or a composite op and the last of its details."""
        for number, made in enumerate(self.made):
            for value in made:
                self.makers[value].append(number)

    def _made(self, trace: Records) -> list[list[int]]:
        made = [
            dict.fromkeys([port.value for port in op.outputs if port.value is not None]) for op in trace.ops
        ]
        for values, read in zip(made, self.read, strict=True):
            for handed_on in read:
                values.pop(handed_on, None)  # it is not made: no way leads back through it
        for value in trace.values:
            if value.producer is not None:
                made[value.producer][value.id] = None
        return [list(values) for values in made]

    def users(self, trace: Records, value: int) -> list[Op]:
        """Return the ops that read a value, without details of others and what gives the value back as it is.

        Dropout that is switched off gives back what it is given: who reads its result reads the value, too.
        """
        readers = [trace.ops[number] for number in self.readers[value]]
        return [
            op for op in readers if op.parent is None and not any(port.value == value for port in op.outputs)
        ]

    def with_ops(self, trace: Records, ops: Iterable[int]) -> Links:
        """Return the links of a trace that differs from this one's in what some ops read and give only."""
        other = copy(self)
        other.read, other.readers = list(self.read), list(self.readers)
        other.made, other.makers = list(self.made), list(self.makers)
        for op in ops:
            read = list(
                dict.fromkeys([port.value for port in trace.ops[op].inputs if port.value is not None])
            )
            given = [port.value for port in trace.ops[op].outputs if port.value is not None]
            named = sorted(value for value in self.made[op] if trace.values[value].producer == op)
            made = list(dict.fromkeys([*(value for value in given if value not in read), *named]))
            _relink(other.readers, op, other.read[op], read)
            _relink(other.makers, op, other.made[op], made)
            other.read[op], other.made[op] = read, made
        return other

    def way(
        self, starts: Mapping[int, Moment], goals: Mapping[int, Moment]
    ) -> tuple[Predecessors, int | None]:
        """Return what the starts flow into, nearest first, up to the first goal that is met; and this goal.

        Args:
            starts: values, each with the moment from which on what is done with it counts.
            goals: values, each with the last moment at which it is where it is looked for.
        """
        return _flood(starts, self.readers, self.made, goals)

    def lead(self, starts: Mapping[int, Moment], goals: Mapping[int, Moment], above: Container[int]) -> bool:
        """Return whether ``way`` meets a goal; it costs little where what flows into them is known.

        Args:
            starts: as for ``way``.
            goals: as for ``way``.
            above: what flows into the goals, as ``up`` gives it.
        """
        return any(
            (start in goals and goals[start] >= moment)
            or any(
                value in above
                for op in self.readers[start]
                if moment == FIRST or at_op(op) >= moment
                for value in self.made[op]
            )
            for start, moment in starts.items()
        )

    def up(self, starts: Iterable[int]) -> Predecessors:
        """Return what flows into the starts, nearest first."""
        return _flood(dict.fromkeys(starts, FIRST), self.makers, self.read, {})[0]


def _relink(links: list[list[int]], op: int, before: Iterable[int], after: Iterable[int]) -> None:
    """Take an op from the links of the values that it had, and put it to those that it has."""
    before, after = set(before), set(after)
    for value in before - after:
        links[value] = [other for other in links[value] if other != op]
    for value in after - before:
        links[value] = sorted([*links[value], op])


def _flood(
    starts: Mapping[int, Moment],
    ops: Sequence[Iterable[int]],
    values: Sequence[Iterable[int]],
    goals: Mapping[int, Moment],
) -> tuple[Predecessors, int | None]:
    """Return what the starts lead to, and the first goal that is met.

    Args:
        starts: values, each with the moment from which on what is done with it counts.
        ops: value -> the ops that lead on from it.
        values: op -> the values that it leads to, from whichever value it was come to.
        goals: where to stop.
    """
    reached: Predecessors = {}
    gone: set[int] = set()
    since = dict(starts)
    for start, moment in starts.items():
        reached[start] = None
        if start in goals and goals[start] >= moment:
            return reached, start
    queue = list(reached)
    for value in queue:  # it grows while it is walked: breadth first
        moment = since.get(value, FIRST)
        for op in ops[value]:
            if op in gone or (moment > FIRST and at_op(op) < moment):
                continue
            gone.add(op)
            for other in values[op]:
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
