"""Why nobody can be sure that data does not go from one place to another.

A trace follows tensors. What Python read, what was made unseen and what was not looked into may carry data
on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shapeflow.model.containers import ids_at
from shapeflow.model.links import Links, Predecessors
from shapeflow.model.moments import Moment, is_input
from shapeflow.model.records import Escape, Port, Records
from shapeflow.model.selector import select
from shapeflow.model.unseen import is_unseen

SHARING = frozenset({"numpy", "dlpack", "data_ptr", "storage"})
"""Escapes after which Python may also write to the memory."""

Named = tuple[str, Mapping[int, Moment]]
"""A selector and the values that it names."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why ``never reaches`` is not proven."""

    kind: Literal["escape", "unknown origin", "not looked into"]
    value: int
    """Id of the value that was read into Python, whose making was not seen, or that is beside what was not
    looked into."""
    text: str
    """The reason in one line."""

    def __str__(self) -> str:
        return self.text


def doubts_between(
    trace: Records, source: Named, destination: Named, reached: Predecessors
) -> tuple[Doubt, ...]:
    """Return the reasons for which data may go to the destination on ways that were not seen.

    Args:
        trace: the run.
        source: where data comes from.
        destination: where no way was found to.
        reached: all that the source flows into.
    """
    links, starts, goals = trace.cached(Links), source[1], destination[1]
    made = max((op for goal in goals for op in links.makers[goal]), default=-1)
    complete = max(made, _chosen(trace, destination[0]))
    doubts = (
        *(Doubt("not looked into", next(iter(goals), 0), text) for text in unread_doubts(trace, source[0])),
        *_not_looked_into(trace, source[0], "out", next(iter(starts), 0)),
        *_not_looked_into(trace, destination[0], "both", next(iter(goals), 0)),
        *_escapes(trace, reached, len(trace.ops) if _memory_given(trace, goals) else complete),
        *_unknown_origins(trace, starts, goals),
    )
    return tuple(dict.fromkeys(doubts))


def opaque_at(trace: Records, selector: str, side: Literal["out", "both"]) -> Iterator[str]:
    """Yield a line for each thing at the places that a selector names that was not looked into."""
    for match in select(trace, selector):
        if match.port:
            ports: Sequence[Port] = [match.port]
        else:
            ports = match.owner.outputs if side == "out" else match.owner.ports
        for port in ports:
            if is_unseen(port):
                yield f"'{match.path}:{port.name}' holds {port.text}, which was not looked into"


def unread_doubts(trace: Records, selector: str) -> Iterator[str]:
    """Yield why nobody can be sure that nothing read the parameters and buffers that a selector names."""
    for match in select(trace, selector):
        if match.tensor is None or match.value is not None:
            continue
        if match.tensor.beside:
            other = "an unknown tensor" if match.tensor.beside == "?" else f"'{match.tensor.beside}'"
            yield f"'{match.path}' has the same memory as {other}, which was read"
        if not trace.run.complete:
            yield f"the run ended early, and might have read '{match.path}'"


def _not_looked_into(
    trace: Records, selector: str, side: Literal["out", "both"], beside: int
) -> Iterator[Doubt]:
    for text in opaque_at(trace, selector, side):
        yield Doubt("not looked into", beside, text)


def _memory_given(trace: Records, goals: Iterable[int]) -> bool:
    """Return whether Python got memory of something that flows into the goals: it may write there."""
    given = {trace.values[escape.value].storage for escape in trace.escapes if escape.how in SHARING}
    given.discard(None)
    return bool(given) and any(
        trace.values[value].storage in given for value in trace.cached(Links).up(goals)
    )


def _chosen(trace: Records, destination: str) -> int:
    """Return the op before which it was settled which of the tensors it was given a call gives back."""
    settled = -1
    for match in select(trace, destination):
        if match.call is None or match.op is not None:
            continue
        call = match.call
        if match.port is None:
            values = ids_at(call.outputs)
        else:
            values = [] if is_input(match, match.port) else ids_at([match.port])
        producers = [trace.values[value].producer for value in values]
        if any(producer is None or producer < call.first_op for producer in producers):
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
    source_made = min((min(links.makers[start], default=-1) for start in starts), default=-1)
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
