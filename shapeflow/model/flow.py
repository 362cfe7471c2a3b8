"""What went where: producers, users, whether data reaches a place, and what is used at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from shapeflow.common.text import counted, listing
from shapeflow.errors import SelectorError
from shapeflow.model.bridges import bridges
from shapeflow.model.doubts import SHARING, Doubt, doubts_between, opaque_at, unread_doubts
from shapeflow.model.links import Links, path_to
from shapeflow.model.match import Match
from shapeflow.model.members import each
from shapeflow.model.moments import Moment, Place, places
from shapeflow.model.records import Op, Records, Value
from shapeflow.model.selector import select
from shapeflow.model.unused import Use, dead, first_use, unused, wasted, wasted_flops

__all__ = [
    "Doubt",
    "Reach",
    "Step",
    "Use",
    "all_reach",
    "common_steps",
    "dead",
    "flooded",
    "fold",
    "opaque_at",
    "places_at",
    "producers",
    "reaches",
    "unused",
    "use_of",
    "users",
    "value_at",
    "values_at",
    "wasted",
    "wasted_flops",
]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether data flows from one place to another."""

    answer: Literal["yes", "no", "undecided"]
    path: tuple[int, ...] = ()
    """For yes: ids of the ops of a shortest path; empty if the very same tensor is in both places."""
    values: tuple[int, ...] = ()
    """For yes: ids of the values along it, one more than ops: the source's, then what each op made."""
    doubts: tuple[Doubt, ...] = ()
    """For undecided: why."""
    last: int | None = None
    """For no and undecided: id of the last op, up to the destination, that has data of the source."""
    start: bool = True
    """False if the source is a parameter or buffer that nothing read."""

    def __bool__(self) -> bool:
        return self.answer == "yes"

    def __repr__(self) -> str:
        more = counted(len(self.path), "op") if self else counted(len(self.doubts), "doubt")
        return f"<Reach {self.answer}{f', {more}' if self or self.doubts else ''}>"


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a path that runs in one call."""

    call: int | None
    """Id of the innermost call; None outside all calls."""
    ops: tuple[int, ...]
    value: int
    """Id of the value that leaves it."""


def places_at(trace: Records, selector: str, side: Literal["in", "out", "both"] = "out") -> list[Place]:
    """Return the tensors that a selector names, and when they are there.

    Args:
        trace: where to look.
        selector: ports, or calls and ops, or parameters and buffers; one that nothing read is no place.
        side: what a call or op without a port stands for: what it was given, what it returned, or both.

    Raises:
        SelectorError: the selector names nothing, or nothing that is a tensor (``no-tensor``).
    """
    matches = select(trace, selector)
    found = places(trace, matches, side)
    if not found and not any(match.tensor for match in matches):
        held = ", ".join(dict.fromkeys(match.port.text for match in matches if match.port)) or "no tensor"
        raise SelectorError("no-tensor", f"'{selector}' holds {held}", expected="a place that holds a tensor")
    return found


def values_at(trace: Records, selector: str, side: Literal["in", "out", "both"] = "out") -> tuple[int, ...]:
    """Return the ids of the values that a selector names; see ``places_at``.

    Raises:
        SelectorError: the selector names nothing, or nothing that is a tensor (``no-tensor``).
    """
    return tuple(dict.fromkeys(place.value for place in places_at(trace, selector, side)))


def value_at(trace: Records, selector: str) -> Value:
    """Return the one tensor that a selector names; a call or op without a port stands for what it returned.

    Raises:
        SelectorError: the selector names nothing, no tensor, or several (``ambiguous-path``).
    """
    numbers = values_at(trace, selector)
    if not numbers:
        raise SelectorError(
            "no-tensor", f"nothing read '{selector}' in this run", expected="one that was read"
        )
    if len(numbers) > 1:
        names = [name for match in select(trace, selector) for name in _tensors_of(match)]
        raise SelectorError(
            "ambiguous-path",
            f"'{selector}' names {counted(len(numbers), 'tensor')}, and one is asked for",
            found=listing(names),
            hint=f"{names[0]}, or trace.select('{selector}') for all",
        )
    return trace.values[numbers[0]]


def _tensors_of(match: Match) -> list[str]:
    """Return the selectors of the tensors that a match stands for."""
    if match.port is not None or match.tensor is not None:
        return [match.name]
    return [f"{match.name}:{port.name}" for port in match.owner.outputs if port.value is not None]


def producers(trace: Records, selector: str) -> tuple[Op, ...]:
    """Return the ops that made what is in a port; for a call or op, what it was given."""
    makers = trace.cached(Links).makers
    return _ops(trace, (op for value in values_at(trace, selector, "in") for op in makers[value]))


def users(trace: Records, selector: str) -> tuple[Op, ...]:
    """Return the ops that read what is in a port; for a call or op, what it returned."""
    readers = trace.cached(Links).readers
    return _ops(trace, (op for value in values_at(trace, selector) for op in readers[value]))


def _ops(trace: Records, ids: Iterable[int]) -> tuple[Op, ...]:
    return tuple(trace.ops[op] for op in sorted(set(ids)))


def use_of(trace: Records, selector: str) -> Use | None:
    """Return the nearest use of anything that a selector names; None: all of it is unused.

    Where nobody can tell, it is a use that is not ``certain``.

    Raises:
        SelectorError: the selector names nothing, or no tensor.
    """
    starts = _starts(places_at(trace, selector))
    if not starts:  # parameters and buffers that nothing read
        doubt = next(unread_doubts(trace, selector), "")
        return Use(doubt, (), (), certain=False) if doubt else None
    use = first_use(trace, starts)
    unseen = "" if use is not None and use.certain else next(opaque_at(trace, selector, "out"), "")
    return Use(unseen, (), (next(iter(starts)),), certain=False) if unseen else use


def _starts(found: Iterable[Place]) -> dict[int, Moment]:
    """Return values with the moment from which on what is done with them counts."""
    starts: dict[int, Moment] = {}
    for place in found:
        starts[place.value] = min(place.when, starts.get(place.value, place.when))
    return starts


def reaches(trace: Records, source: str, destination: str) -> Reach:
    """Return whether any value of ``source`` flows into any value of ``destination``.

    A call or op without a port means, as the source, what it returned; as the destination, all that it
    was given or returned. The same tensor in both places counts, if it is not there before it is at the
    source: what a call only hands through reaches what is done with it afterwards.

    Raises:
        SelectorError: a selector names nothing, or no tensor.
    """
    links = trace.cached(Links)
    starts, goals = _starts(places_at(trace, source)), _goals(places_at(trace, destination, "both"))
    reached, hit = links.way(starts, goals)
    if hit is not None:
        return Reach("yes", *path_to(reached, hit))
    made = max((op for goal in goals for op in links.makers[goal]), default=-1)
    last = max((op for value in reached for op in links.makers[value] if op <= made), default=None)
    doubts = doubts_between(trace, (source, starts), (destination, goals), reached)
    return Reach("undecided" if doubts else "no", doubts=doubts, last=last, start=bool(starts))


def all_reach(trace: Records, source: str, destination: str) -> tuple[str, str, Reach]:
    """Return whether each path that ``source`` names flows into each that ``destination`` names.

    A pattern means all that it names; a selector without one asks what ``reaches`` does.

    Returns:
        The first two selectors between which the answer is not yes, or else the last two, and the answer.

    Raises:
        SelectorError: a selector names nothing, or no tensor.
    """
    sources, destinations = each(trace, source), each(trace, destination)
    missed = len(sources) - 1, len(destinations) - 1
    if missed != (0, 0):
        links = trace.cached(Links)
        starts = [_starts(_places_or_none(trace, start, "out")) for start in sources]
        for number, goal in enumerate(destinations):  # from each goal upwards once, not from each start down
            goals = _goals(_places_or_none(trace, goal, "both"))
            above = links.up(goals)
            first = next((i for i, one in enumerate(starts) if not links.lead(one, goals, above)), None)
            if first is not None:
                missed = min(missed, (first, number))
    start, goal = sources[missed[0]], destinations[missed[1]]
    return start, goal, reaches(trace, start, goal)


def _places_or_none(trace: Records, selector: str, side: Literal["out", "both"]) -> list[Place]:
    """Return the tensors that a selector names, none where ``places_at`` refuses it."""
    try:
        return places_at(trace, selector, side)
    except SelectorError:
        return []


def common_steps(trace: Records, source: str, destination: str) -> Iterator[tuple[int, int]]:
    """Yield the ops, each with a value that it reads, over which all data from one place to another comes.

    Raises:
        SelectorError: a selector names nothing, or no tensor.
    """
    starts, goals = _starts(places_at(trace, source)), _goals(places_at(trace, destination, "both"))
    return bridges(trace, starts, goals)


def flooded(trace: Records, source: str) -> frozenset[int] | None:
    """Return the values that the data of a place gets to; None where some of it may get on unseen.

    Raises:
        SelectorError: the selector names nothing, or no tensor.
    """
    if any(value.origin == "unknown" for value in trace.values):
        return None
    if any(escape.how in SHARING for escape in trace.escapes):
        return None
    return frozenset(trace.cached(Links).way(_starts(places_at(trace, source)), {})[0])


def _goals(found: Iterable[Place]) -> dict[int, Moment]:
    """Return values with the last moment at which they are where they are looked for."""
    goals: dict[int, Moment] = {}
    for place in found:
        goals[place.value] = max(place.when, goals.get(place.value, place.when))
    return goals


def fold(trace: Records, reach: Reach | Use) -> tuple[Step, ...]:
    """Return a path folded to the calls that it runs through, in order."""
    pairs = zip(reach.path, reach.values[1:], strict=True)
    steps = []
    for call, group in groupby(pairs, key=lambda pair: trace.ops[pair[0]].call):
        ops, values = zip(*group, strict=True)
        steps.append(Step(call, ops, values[-1]))
    return tuple(steps)
