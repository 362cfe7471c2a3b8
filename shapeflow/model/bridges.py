"""The steps that all ways from one place to another have in common: cut one, and nothing gets there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

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
    into: dict[int, int] = dict.fromkeys(starts, 1)
    """Value -> the ways that lead from starts to it."""
    led: list[int] = []
    """The ops that ways lead into."""
    for op in _between(trace.cached(_steps), links, starts, goals):
        ways = 0
        for value in links.read[op]:
            if value in into and (value not in starts or at_op(op) >= starts[value]):
                ways += into[value]
        if ways:
            led.append(op)
            _add(into, links.made[op], ways)
    out_of: dict[int, int] = dict.fromkeys(goals, 1)
    """Value -> the ways that lead from it to goals."""
    onwards: dict[int, int] = {}
    """Op -> the ways that lead from what it makes to goals."""
    for op in reversed(led):
        ways = sum([out_of[value] for value in links.made[op] if value in out_of])
        if ways:
            onwards[op] = ways
            _add(out_of, links.read[op], ways)
    total = sum(into.get(goal, 0) for goal in goals) % _PRIME
    if not total:
        return
    for op in led:
        for value in links.read[op] if op in onwards else ():
            if into.get(value, 0) * onwards[op] % _PRIME == total:
                yield op, value


def _add(counts: dict[int, int], values: Iterable[int], ways: int) -> None:
    for value in values:
        counts[value] = (counts.get(value, 0) + ways) % _PRIME


def _steps(trace: Records) -> list[int]:
    """Return the ops of a run, of those that were opened what is in them."""
    opened = {op.parent for op in trace.ops}
    return [op.id for op in trace.ops if op.id not in opened]


def _between(
    ops: Sequence[int], links: Links, starts: Mapping[int, Moment], goals: Mapping[int, Moment]
) -> Sequence[int]:
    """Return the ops from the first that reads a start to the last that makes a goal: no way has others."""
    reading = [op for start in starts for op in links.readers[start]]
    making = [op for goal in goals for op in links.makers[goal]]
    if not reading or not making:
        return []
    return ops[bisect_left(ops, min(reading)) : bisect_right(ops, max(making))]
