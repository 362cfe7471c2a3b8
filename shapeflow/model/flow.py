"""What went where: producers, users, whether data reaches a place, and what is used at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from shapeflow.common.text import counted, listing
from shapeflow.errors import SelectorError
from shapeflow.model.containers import ids_at
from shapeflow.model.links import Links, Predecessors, path_to
from shapeflow.model.match import Match
from shapeflow.model.records import Escape, Op, Records, Value
from shapeflow.model.selector import select
from shapeflow.model.unused import Use, dead, first_use, unused, wasted, wasted_flops

__all__ = [
    "Doubt",
    "Reach",
    "Step",
    "Use",
    "dead",
    "fold",
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
class Doubt:
    """Why ``never reaches`` is not proven."""

    kind: Literal["escape", "unknown origin"]
    value: int
    """Id of the value that was read into Python, or whose making was not seen."""
    text: str
    """The reason in one line."""

    def __str__(self) -> str:
        return self.text


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

    def __bool__(self) -> bool:
        return self.answer == "yes"


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a path that runs in one call."""

    call: int | None
    """Id of the innermost call; None outside all calls."""
    ops: tuple[int, ...]
    value: int
    """Id of the value that leaves it."""


def values_at(trace: Records, selector: str, side: Literal["in", "out", "both"] = "out") -> tuple[int, ...]:
    """Return the ids of the values that a selector names.

    Args:
        trace: where to look.
        selector: ports, or calls and ops.
        side: what a call or op without a port stands for: what it was given, what it returned, or both.

    Raises:
        SelectorError: the selector names nothing, or nothing that is a tensor (``no-tensor``).
    """
    matches = select(trace, selector)
    found = dict.fromkeys(value for match in matches for value in _values_of(match, side))
    if not found:
        held = ", ".join(dict.fromkeys(match.port.text for match in matches if match.port)) or "no tensor"
        raise SelectorError("no-tensor", f"'{selector}' holds {held}", expected="a place that holds a tensor")
    return tuple(found)


def value_at(trace: Records, selector: str) -> Value:
    """Return the one tensor that a selector names; a call or op without a port stands for what it returned.

    Raises:
        SelectorError: the selector names nothing, no tensor, or several (``ambiguous-path``).
    """
    numbers = values_at(trace, selector)
    if len(numbers) > 1:
        names = [match.name for match in select(trace, selector)]
        raise SelectorError(
            "ambiguous-path",
            f"'{selector}' names {counted(len(numbers), 'tensor')}, and one is asked for",
            found=listing(names),
            hint=f"{names[0]}, or select('{selector}') for all",
        )
    return trace.values[numbers[0]]


def _values_of(match: Match, side: str) -> list[int]:
    if match.port is not None:
        return [] if match.port.value is None else [match.port.value]
    owner = match.owner
    sides = {"in": [owner.inputs], "out": [owner.outputs], "both": [owner.inputs, owner.outputs]}[side]
    return [value for ports in sides for value in ids_at(ports)]


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

    Raises:
        SelectorError: the selector names nothing, or no tensor.
    """
    return first_use(trace, values_at(trace, selector))


def reaches(trace: Records, source: str, destination: str) -> Reach:
    """Return whether any value of ``source`` flows into any value of ``destination``.

    A call or op without a port means, as the source, what it returned; as the destination, all that it
    was given or returned. The same tensor in both places counts.

    Raises:
        SelectorError: a selector names nothing, or no tensor.
    """
    links = trace.cached(Links)
    starts, goals = values_at(trace, source), set(values_at(trace, destination, "both"))
    reached = links.down(starts, goals)
    hit = next(reversed(reached))
    if hit in goals:
        return Reach("yes", *path_to(reached, hit))
    made = max((op for goal in goals for op in links.makers[goal]), default=-1)
    complete = max(made, _chosen(trace, destination))
    last = max((op for value in reached for op in links.makers[value] if op <= made), default=None)
    doubts = (
        *_escapes(trace, reached, complete),
        *_unknown_origins(trace, starts, goals),
    )
    return Reach("undecided" if doubts else "no", doubts=tuple(dict.fromkeys(doubts)), last=last)


def _chosen(trace: Records, destination: str) -> int:
    """Return the op before which it was settled which of the tensors it was given a call gives back."""
    settled = -1
    for match in select(trace, destination):
        if match.call is None or match.op is not None:
            continue
        call = match.call
        ports = call.outputs if match.port is None else [port for port in call.outputs if port == match.port]
        for port in ports:
            producer = None if port.value is None else trace.values[port.value].producer
            if port.value is not None and (producer is None or producer < call.first_op):
                settled = max(settled, call.last_op)
    return settled


def _escapes(trace: Records, reached: Predecessors, complete: int) -> Iterable[Doubt]:
    """Yield the escapes of the source's data that came early enough to change the destination."""
    for escape in trace.escapes:
        if escape.value in reached and _earliest(trace, escape) <= complete:
            place = "outside all calls" if escape.call is None else f"in '{trace.calls[escape.call].name}'"
            line = trace.line(escape.source)
            read = f"{escape.how} of {trace.values[escape.value]} {place}{line and f', {line}'}"
            yield Doubt("escape", escape.value, f"{read}, was read into Python and may choose a branch")


def _earliest(trace: Records, escape: Escape) -> int:
    """Return the first op that can have run after an escape."""
    made = min(trace.cached(Links).makers[escape.value], default=-1) + 1
    return made if escape.call is None else max(made, trace.calls[escape.call].first_op)


def _unknown_origins(trace: Records, starts: Iterable[int], goals: Iterable[int]) -> Iterable[Doubt]:
    """Yield the values on the way to the destination that may have been made, unseen, from the source."""
    if not trace.cached(_any_unseen):
        return
    links = trace.cached(Links)
    source_made = min(min(links.makers[start], default=-1) for start in starts)
    for number in links.up(goals):
        value = trace.values[number]
        readers = links.readers[number]
        # What an op read before the source existed cannot come from it.
        if value.origin == "unknown" and (not readers or readers[0] > source_made):
            where = f", first read by '{trace.ops[readers[0]].target}'," if readers else ""
            name = f" '{value.name}'" if value.name else ""
            yield Doubt("unknown origin", number, f"the making of {value}{name}{where} was not seen")


def _any_unseen(trace: Records) -> bool:
    """Return whether the making of any value was not seen; mostly all was, and nobody need look upstream."""
    return any(value.origin == "unknown" for value in trace.values)


def fold(trace: Records, reach: Reach | Use) -> tuple[Step, ...]:
    """Return a path folded to the calls that it runs through, in order."""
    pairs = zip(reach.path, reach.values[1:], strict=True)
    steps = []
    for call, group in groupby(pairs, key=lambda pair: trace.ops[pair[0]].call):
        ops, values = zip(*group, strict=True)
        steps.append(Step(call, ops, values[-1]))
    return tuple(steps)
