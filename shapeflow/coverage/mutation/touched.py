"""What a change touches, by which the claims are found that it may contradict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shapeflow.coverage.mutation.edit import Edit, holders_of
from shapeflow.model.containers import ids_at
from shapeflow.model.path_index import OUTSIDE
from shapeflow.model.records import Call, Op
from shapeflow.model.trace import Trace


@dataclass(frozen=True)
class Touched:
    """What a change touches, by the names and ids of the original trace."""

    keys: frozenset[str]
    """The modules and helper methods at whose calls or ops something is otherwise."""
    ops: frozenset[int]
    edges: tuple[tuple[int, int], ...]
    """From each value to each other that a changed or added op leads to."""
    values: frozenset[int]
    """What is at ports of calls and ops that are otherwise."""
    made: frozenset[int]
    """What is otherwise itself, or made by an op that is."""


def touched(trace: Trace, edit: Edit) -> Touched:
    """Return what a change touches."""
    keys: set[str] = set()
    for number, call in edit.calls.items():
        keys |= {call.key, trace.calls[number].key}
    ops = [*(trace.ops[number] for number in edit.ops), *edit.ops.values()]
    if edit.dropped is not None:
        ops.append(trace.ops[edit.dropped[0]])
    if edit.added is not None:
        ops.append(edit.added[1])
    holders = trace.cached(holders_of)
    for value in edit.values:
        ops += [trace.ops[number] for number in holders.ops.get(value, ())]
        keys |= {trace.calls[number].key for number in holders.calls.get(value, ())}
    for op in ops:
        keys |= {OUTSIDE} if op.call is None else {trace.calls[op.call].key}
        if op.call in edit.calls:
            keys.add(edit.calls[op.call].key)
    keys |= {trace.modules[number].path for number in edit.modules}
    moved = _moved(trace, edit)
    ops += [trace.ops[number] for number in moved]
    keys |= _keys_of_moved(trace, edit, moved)
    new = [*edit.ops.values(), *([edit.added[1]] if edit.added else [])]
    edges = tuple((start, end) for op in new for start in ids_at(op.inputs) for end in ids_at(op.outputs))
    gone = {edit.dropped[0]} if edit.dropped else set()
    calls = [*edit.calls.values(), *(trace.calls[number] for number in edit.calls)]
    records: list[Op | Call] = [*ops, *calls]
    values = {v for record in records for v in (*ids_at(record.inputs), *ids_at(record.outputs))}
    values |= edit.values.keys()
    changed = [*new, *(trace.ops[number] for number in (*edit.ops, *gone, *moved))]
    made = {*edit.values, *(value for op in changed for value in ids_at(op.outputs))}
    return Touched(
        frozenset(keys), frozenset({*edit.ops, *gone, *moved}), edges, frozenset(values), frozenset(made)
    )


def _moved(trace: Trace, edit: Edit) -> frozenset[int]:
    """Return the ops that come at another time, or not at all."""
    return frozenset() if edit.order is None else frozenset(edit.order.ops)


def _keys_of_moved(trace: Trace, edit: Edit, moved: frozenset[int]) -> set[str]:
    """Return the modules and helpers of calls and ops that come at another time, or not at all."""
    if edit.order is None:
        return set()
    called = {trace.calls[number].key for number in edit.order.calls}
    around = {trace.ops[number].call for number in moved}
    return called | {OUTSIDE if call is None else trace.calls[call].key for call in around}


def leaks(edges: Iterable[tuple[int, int]], reached: frozenset[int], values: int) -> bool:
    """Return whether steps lead from what is reached to a value that was not.

    Args:
        edges: the steps.
        reached: values that the data of some place gets to.
        values: number of values in the original trace; later ones are new, and lead on.
    """
    found = set(reached)
    pairs = set(edges)
    while True:
        further = {end for start, end in pairs if start in found} - found
        if any(end < values for end in further):
            return True
        if not further:
            return False
        found |= further
