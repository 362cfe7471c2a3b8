"""Claims that may notice a change: how what it touches is made, and what the kind of change knows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from shapeflow.coverage.makings import made_at, made_by
from shapeflow.coverage.mutation.change import Base, Change
from shapeflow.coverage.mutation.edit import Edit
from shapeflow.model.containers import told

MOST = 30
"""So many lines on how something is made are tried."""


def noticing(base: Base, change: Change, edit: Edit) -> Iterator[str]:
    """Yield claims that may notice a change, the best first: a count says little of what is wrong."""
    weak = [line for line in change.notice if line.startswith("count ") or " reaches " in line]
    yield from (line for line in change.notice if line not in weak)
    yield from islice(_makings(base, edit), MOST)
    yield from weak


def _makings(base: Base, edit: Edit) -> Iterator[str]:
    """Yield how what changes is made, in the trace as it is."""
    changed = [*([] if edit.dropped is None else [edit.dropped[0]]), *edit.ops]
    for number in dict.fromkeys(changed):
        yield from made_by(base.names, base.trace.ops[number])
    for number, call in edit.calls.items():
        original = base.trace.calls[number]
        before = {port.name: port.value for port in (*told(original.inputs), *told(original.outputs))}
        for port in (*told(call.inputs), *told(call.outputs)):
            if port.value is not None and before.get(port.name) != port.value:
                yield from made_at(base.names, f"{base.name(original)}:{port.name}")
