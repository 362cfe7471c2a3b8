"""Values that are never read, and the ops that computed them.

A value is *used* if it reaches an end: what the caller of the model gets, what Python reads, memory that
outlives the run. Where one entry call hands values to a later one (encode, then decode), the first is a
stage and what it returns is not an end by itself; nor is it one where the later call only hands it back.

Where somebody not looked into still holds a value when the run is over, it *may* be used: such an end is a
doubt, and nothing that reaches it counts as unused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shapeflow.model.containers import ids_at, values_at
from shapeflow.model.links import Links, path_to
from shapeflow.model.moments import FIRST, LAST, Moment, Moments, at_op
from shapeflow.model.records import Call, Op, Records, Value
from shapeflow.model.unseen import is_unseen


@dataclass(frozen=True, slots=True)
class Use:
    """Where a value goes."""

    text: str
    """In one line: ``returned by '.forward_grounding()'``, ``read into Python (bool) in 'text'``."""
    path: tuple[int, ...]
    """Ids of the ops of a shortest path to there."""
    values: tuple[int, ...]
    """Ids of the values along it, one more than ops."""
    certain: bool = True
    """False if it may be used and nobody can tell: whoever holds it was not looked into."""


@dataclass(frozen=True, slots=True)
class _End:
    """One end of the data flow."""

    text: str
    until: Moment
    """The last moment at which the value may have gone there."""
    certain: bool = True


class _Ends:
    """Where the data flow of a trace ends, with the reasons by value, and what flows there."""

    def __init__(self, trace: Records) -> None:
        self.why: dict[int, list[_End]] = {}
        self._trace = trace
        self._links = trace.cached(Links)
        self._moments = trace.cached(Moments)
        for escape in trace.escapes:
            place = "" if escape.call is None else f" in '{trace.calls[escape.call].name}'"
            until = LAST if escape.call is None else self._moments.ended[escape.call]
            self._end([escape.value], _End(f"read into Python ({escape.how}){place}", until))
        self._returned()
        if not trace.run.complete:
            self._interrupted()
        self._effects()
        self._kept()
        self.used = self._links.up(self.why)
        """Values that reach an end, or may reach one."""

    def goals(self, certain: bool) -> dict[int, Moment]:
        """Return the values that go to an end of this kind, each with the last moment of it."""
        found = {}
        for value, ends in self.why.items():
            moments = [end.until for end in ends if end.certain is certain]
            if moments:
                found[value] = max(moments)
        return found

    def _end(self, values: Iterable[int | None], end: _End) -> None:
        for value in values:
            if value is not None:
                self.why.setdefault(value, []).append(end)

    def _kept(self) -> None:
        """Add what somebody holds when the run is over."""
        for value in self._trace.values:
            if value.kept == "?":
                text = "something that was not looked into still holds it after the run"
                self._end([value.id], _End(text, LAST, certain=False))
            elif value.kept:
                self._end([value.id], _End(f"kept by the model as '{value.kept}'", LAST))
        given = [value.id for value in self._trace.values if value.origin != "op"]
        for call in self._trace.calls:
            for port in call.outputs if call.parent is None else ():
                if is_unseen(port):  # what an op made and is in there is alive, and was told above
                    text = f"it may be in '{call.name}:{port.name}', {port.text}, which was not looked into"
                    self._end(given, _End(text, LAST, certain=False))

    def _returned(self) -> None:
        """Add what the entry calls give to the caller, and what is computed outside all calls."""
        roots: list[Call] = []
        """Call -> the entry call it runs in."""
        for call in self._trace.calls:
            roots.append(call if call.parent is None else roots[call.parent])
        for call in self._trace.calls:
            if call.parent is None and not self._is_stage(call, roots):
                end = _End(f"returned by '{call.name}'", self._moments.ended[call.id])
                self._end(self._own_results(call), end)
        for op in self._trace.ops:
            if op.call is None:
                self._end(self._links.made[op.id], _End(f"made outside the model by '{op.target}'", LAST))

    def _own_results(self, root: Call) -> list[int]:
        """Return what an entry call returns, without what another one made and it only hands back."""
        values = dict.fromkeys(ids_at(root.outputs))
        makers = self._links.makers
        return [
            value
            for value in values
            if not makers[value] or any(root.first_op <= op < root.last_op for op in makers[value])
        ]

    def _is_stage(self, root: Call, roots: list[Call]) -> bool:
        """Return whether an op in another entry call reads what this one made and returned."""
        if not self._trace.run.complete:
            return False  # the rest of the run might have read anything
        made = (value for value in self._own_results(root) if self._links.makers[value])
        readers = (self._trace.ops[op].call for value in made for op in self._links.readers[value])
        return any(call is not None and roots[call].name != root.name for call in readers)

    def _interrupted(self) -> None:
        """Add what the calls that never ended had made so far: the rest of the run would have read it."""
        failed = _End("made when the run failed", LAST)
        broken = {call.id for call in self._trace.calls if call.raised}
        for call in self._trace.calls:
            if call.parent in broken:
                self._end(ids_at(call.outputs), failed)
        for op in self._trace.ops:
            if op.call in broken:
                self._end(self._links.made[op.id], failed)

    def _effects(self) -> None:
        """Add what is written into memory from outside the run, and what ops without a result read."""
        outer = {value.storage for value in self._trace.values if value.origin != "op"} - {None}
        for op in self._trace.ops:
            made = self._links.made[op.id]
            if op.target == "backward":
                self._end(made, _End("kept as a gradient by 'backward'", LAST))
            if _writes(op):
                kept = [value for value in made if self._trace.values[value].storage in outer]
                text = f"written into memory from outside by '{op.target}'"
                self._end(kept, _End(text, self._moments.op_ended(op.id)))
            if not made and not any(port.value is not None for port in op.outputs):
                self._end(self._links.read[op.id], _End(f"read by '{op.target}'", at_op(op.id)))


def _writes(op: Op) -> bool:
    """Return whether an op writes into one of its inputs."""
    return op.target.strip("_") == "setitem" or (op.target.endswith("_") and not op.target.endswith("__"))


def dead(trace: Records) -> tuple[Value, ...]:
    """Return the values, made by ops, that reach no end of the data flow, in the order of the run.

    Details of a composite op count only if the composite op's own results are dead.
    """
    ids = trace.cached(_dead_ids)
    return tuple(value for value in trace.values if value.id in ids)


def _dead_ids(trace: Records) -> frozenset[int]:
    links, used = trace.cached(Links), trace.cached(_Ends).used
    dead_ids = set()
    for value in trace.values:
        if value.origin != "op" or not value.materialized or value.id in used:
            continue
        makers = [trace.ops[op] for op in links.makers[value.id]]
        if _on_top(makers):
            # A write that is seen through another view of the same memory was not for nothing.
            matters = any(_writes(op) and not used.keys().isdisjoint(links.made[op.id]) for op in makers)
        else:
            matters = any(not used.keys().isdisjoint(links.made[_outermost(trace, op).id]) for op in makers)
        if not matters:
            dead_ids.add(value.id)
    return frozenset(dead_ids)


def _on_top(makers: Iterable[Op]) -> bool:
    """Return whether one of the ops is at the author's level, no detail of a composite op."""
    return any(op.parent is None for op in makers)


def _outermost(trace: Records, op: Op) -> Op:
    """Return the op at the author's level that a detail belongs to."""
    while op.parent is not None:
        op = trace.ops[op.parent]
    return op


def unused(trace: Records) -> tuple[Value, ...]:
    """Return the values, made by ops, that nobody reads, in the order of the run.

    Left out is what would only be noise: details of composite ops, tensors that were never built, and
    views or overwritten states of memory that is read through another value.
    """
    links, ends = trace.cached(Links), trace.cached(_Ends)
    read_memory = {trace.values[value].storage for value in ends.why}
    read_memory |= {value.storage for value in trace.values if value.origin != "op"}
    for op in trace.ops:
        made = {trace.values[value].storage for value in links.made[op.id]}
        read = {trace.values[value].storage for value in links.read[op.id]}
        # An op that only makes views of what it reads, or writes into it, does not use it up.
        read_memory |= read if made - read or not made or None in made else set()
    return tuple(
        value
        for value in trace.values
        if value.origin == "op"
        and value.materialized
        and not links.readers[value.id]
        and value.id not in ends.why
        and (value.storage is None or value.storage not in read_memory)
        and _on_top(trace.ops[op] for op in links.makers[value.id])
    )


def wasted(trace: Records) -> tuple[Op, ...]:
    """Return the ops, details of composite ops left out, that made nothing that is used."""
    links, ids = trace.cached(Links), trace.cached(_dead_ids)
    return tuple(
        op
        for op in trace.ops
        if op.parent is None
        and any(value in ids for value in links.made[op.id])
        and all(value in ids or not trace.values[value].materialized for value in links.made[op.id])
    )


def wasted_flops(trace: Records) -> int:
    """Return the FLOPs of the ops that made nothing that is used."""
    return sum(op.flops for op in wasted(trace))


def reaching_an_end(trace: Records) -> Mapping[int, object]:
    """Return the values that are used or may be, by id."""
    return trace.cached(_Ends).used


def unused_somewhere(trace: Records) -> set[int]:
    """Return the values that reach no end, or are not used any more after a call that gives them."""
    ends, readers = trace.cached(_Ends), trace.cached(Links).readers
    found = {value.id for value in trace.values if value.id not in ends.used}
    seen: set[int] = set()
    for call in sorted(trace.calls, key=lambda call: -call.last_op):  # the last that gives a value decides
        given = values_at(call.outputs) - seen
        seen |= given
        unread = {value for value in given if max(readers[value], default=-1) < call.last_op}
        found |= unread - ends.why.keys()
    return found


def first_use(trace: Records, starts: Mapping[int, Moment]) -> Use | None:
    """Return the nearest end of the data flow that any of the values reaches; None: all are unused.

    Args:
        trace: the run.
        starts: values, each with the moment from which on its uses count.
    """
    ends = trace.cached(_Ends)
    for certain in (True, False):
        goals = ends.goals(certain)
        reached, goal = trace.cached(Links).way(starts, goals)
        if goal is None:
            continue
        since = FIRST if reached[goal] is not None else starts[goal]
        end = next(end for end in ends.why[goal] if end.certain is certain and end.until >= since)
        return Use(end.text, *path_to(reached, goal), certain)
    return None
