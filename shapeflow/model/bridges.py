"""The steps that all ways from one place to another have in common: cut one, and nothing gets there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shapeflow.model.links import Links
from shapeflow.model.moments import Moment, at_op
from shapeflow.model.records import Records

_PRIME = (1 << 61) - 1
"""Ways are counted modulo this: there may be more than a number in a computer holds."""


def bridges(
    trace: Records, starts: Mapping[int, Moment], goals: Mapping[int, Moment]
) -> Iterator[tuple[int, int]]:
    """Yield the ops, each with a value that it reads, over which every way from starts to goals leads.

    A composite op that was opened is left out: the ops in it are the way.

    Args:
        trace: the run.
        starts: values, each with the moment from which on what is done with it counts.
        goals: values, each with the last moment at which it is where it is looked for.
    """
    links = trace.cached(Links)
    ops = _between(trace.cached(_steps), links, starts, goals)
    into: dict[int, int] = dict.fromkeys(starts, 1)
    for op in ops:
        ways = sum(
            into.get(value, 0)
            for value in links.read[op]
            if value not in starts or at_op(op) >= starts[value]
        )
        if ways:
            for value in links.made[op]:
                into[value] = (into.get(value, 0) + ways) % _PRIME
    out_of: dict[int, int] = dict.fromkeys(goals, 1)
    for op in reversed(ops):
        ways = sum(out_of.get(value, 0) for value in links.made[op])
        if ways:
            for value in links.read[op]:
                out_of[value] = (out_of.get(value, 0) + ways) % _PRIME
    total = sum(into.get(goal, 0) for goal in goals) % _PRIME
    if not total:
        return
    for op in ops:
        onwards = sum(out_of.get(value, 0) for value in links.made[op])
        for value in links.read[op]:
            if onwards and into.get(value, 0) * onwards % _PRIME == total:
                yield op, value


def _steps(trace: Records) -> list[int]:
    """Return the ops of a run, of those that were opened what is in them."""
    opened = {op.parent for op in trace.ops}
    return [op.id for op in trace.ops if op.id not in opened]


def _between(
    ops: Sequence[int], links: Links, starts: Mapping[int, Moment], goals: Mapping[int, Moment]
) -> Sequence[int]:
    """Return the ops from the first that reads a start to the last that makes a goal: no way has others."""
    first = next((at for at, op in enumerate(ops) if not starts.keys().isdisjoint(links.read[op])), len(ops))
    last = len(ops)
    while last > first and goals.keys().isdisjoint(links.made[ops[last - 1]]):
        last -= 1
    return ops[first:last]
