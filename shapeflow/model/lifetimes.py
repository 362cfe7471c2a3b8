"""Which activations were in memory when an op ended."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from shapeflow.model.records import Records


def largest_alive(trace: Records, at: Iterable[int], most: int) -> dict[int, tuple[int, ...]]:
    """Return the largest activations that were in memory when ops ended, by the op.

    Args:
        trace: a run; an older one does not say when memory was free again.
        at: ids of ops.
        most: activations of each.

    Returns:
        Ids of values, one for each memory, the largest first. Empty for an older trace.
    """
    if not trace.run.gradients:  # recorded since memory is followed, and in every run with a call
        return {}
    order = ends(trace)
    place = {op: position for position, op in enumerate(order)}
    begins: dict[int, list[tuple[int, int]]] = {}
    stops: dict[int, list[tuple[int, int]]] = {}
    seen: set[int] = set()
    for value in trace.values:
        if value.storage is None or value.storage in seen:
            continue
        seen.add(value.storage)
        if value.producer is None or not value.materialized:
            continue
        entry = (value.bytes, -value.id)  # of equal ones the older first
        born = place[value.producer]
        until = len(order) if value.freed is None else place[value.freed]
        if until > born:
            begins.setdefault(born, []).append(entry)
            stops.setdefault(until, []).append(entry)
    alive: list[tuple[int, int]] = []
    wanted, found = set(at), {}
    for position, op in enumerate(order):
        for entry in stops.get(position, ()):
            del alive[bisect_left(alive, entry)]
        for entry in begins.get(position, ()):
            insort(alive, entry)
        if op in wanted:
            found[op] = tuple(-number for _, number in reversed(alive[-most:]))
    return found


def ends(trace: Records) -> list[int]:
    """Return the ids of the ops in the order in which they ended: what is inside a composite op before it."""
    order: list[int] = []
    opened: list[int] = []
    for op in trace.ops:
        while opened and opened[-1] != op.parent:
            order.append(opened.pop())
        opened.append(op.id)
    return order + opened[::-1]
