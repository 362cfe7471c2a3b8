"""Changes of whole steps: a layer that is gone with all it did, two unlike steps in the other order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from shapeflow.coverage.mutation.arrange import Arrangement, Part
from shapeflow.coverage.mutation.change import Base, Change, same_type
from shapeflow.coverage.mutation.edit import Edit, exchange, holders_of, rewire
from shapeflow.coverage.mutation.unfit import Unfit
from shapeflow.model.call_tree import pattern
from shapeflow.model.containers import ids_at, told
from shapeflow.model.records import Call, Value

_MOST_STEPS = 80
"""A call that does more itself is no block of a few steps."""


def removed(base: Base) -> Iterator[Change]:
    """Yield: a layer never runs, and what it was given goes on; no other runs instead."""
    for group in base.numbered():
        chain = f"chain {group[0].path.rpartition('.')[0]}.*"
        for call in group:
            yield Change(
                "layer skipped",
                pattern(call.path),
                f"`{call.path}` may never run, and what it would be given goes on",
                partial(_without_call, base, call),
                (chain, f"count calls {call.path} = 1"),
            )


def _without_call(base: Base, call: Call) -> Edit:
    """Return the change by which a call, with all in it, is gone.

    Raises:
        Unfit: it gives no tensor that is like one that it is given.
    """
    made = next(
        (v for v in _values(base, call, given=False) if _made_in(v, call.first_op, call.last_op)), None
    )
    given = next((v for v in _values(base, call, given=True) if made and same_type(v, made)), None)
    if made is None or given is None:
        raise Unfit
    edit = Edit()
    rewire(base.trace, edit, {made.id: given.id}, call.last_op - 1)
    calls = base.inside(call)
    for number in calls:
        edit.calls.pop(number, None)
    edit.order = Arrangement((Part(range(call.first_op, call.last_op), calls),), ())
    return edit


def _values(base: Base, call: Call, *, given: bool) -> Iterator[Value]:
    for port in told(call.inputs if given else call.outputs):
        value = base.tensor(port)
        if value is not None:
            yield value


def _made_in(value: Value, first: int, last: int) -> bool:
    return value.producer is not None and first <= value.producer < last


def unlike(base: Base) -> Iterator[Change]:
    """Yield: two steps of a block that do different things, one on what the other gave, the other way round.

    ``x = x + attention(x); x = x + mlp(x)`` becomes ``x = x + mlp(x); x = x + attention(x)``.
    """
    for call in base.trace.calls:
        for first, second in _neighbours(base, call):
            one, other = _main(base, first), _main(base, second)
            if one is None or other is None or _classes(base, first) == _classes(base, second):
                continue
            if _only_adds(base, first) and _only_adds(base, second):
                continue  # a sum in another order is the same
            yield Change(
                "unlike steps swapped",
                f"{pattern(one.name)} and {pattern(other.name)}",
                f"the step with `{base.name(other)}` may come before that with `{base.name(one)}`",
                partial(_swapped, base, first, second),
                (f"{base.name(one)} before {base.name(other)}",),
            )


@dataclass(frozen=True, slots=True)
class _Step:
    """What happens between two moments at which one tensor alone goes on."""

    part: Part
    given: Value
    made: Value


def _neighbours(base: Base, call: Call) -> Iterator[tuple[_Step, _Step]]:
    """Yield the pairs of steps in a call of which the second goes on with what the first gave."""
    cuts = list(_cuts(base, call))
    steps: list[_Step | None] = []
    if not cuts:
        return
    start, given = cuts[0]
    for end, value in cuts[1:]:
        if any(end <= user < call.last_op for user in base.trace.users.get(given.id, ())):
            continue  # it goes on beside the other, as around the branch of a residual
        if not same_type(given, value):
            start, given = end, value
            steps.append(None)
            continue
        step = _Step(_part(base, call, start, end), given, value)
        if _main(base, step) is None:
            continue  # views, dropout: they go along with what comes next
        steps.append(step)
        start, given = end, value
    for first, second in pairwise(steps):
        if first is not None and second is not None and first.made.id == second.given.id:
            yield first, second


def _cuts(base: Base, call: Call) -> Iterator[tuple[int, Value]]:
    """Yield where one tensor alone goes on in a call: the op behind, and the tensor, from the first on."""
    own = base.tree.own_ops[call.id]
    children = [base.trace.calls[child] for child in base.tree.children[call.id]]
    ends = sorted({*(op + 1 for op in own), *(child.last_op for child in children)} - {call.first_op})
    ends = [end for end in ends if not any(child.first_op < end < child.last_op for child in children)]
    given = next(_values(base, call, given=True), None)
    if given is None or len(ends) > _MOST_STEPS or len(children) < 2:
        return
    yield call.first_op, given
    uses = base.last_uses
    outputs = set(ids_at(call.outputs))
    alive: dict[int, Value] = {}
    position = call.first_op
    for end in ends:
        for op in base.trace.ops[position:end]:
            for value in ids_at(op.outputs):
                if _made_in(base.trace.values[value], call.first_op, end):
                    alive[value] = base.trace.values[value]
        position = end
        last = end == call.last_op
        alive = {n: v for n, v in alive.items() if uses.get(n, -1) >= end or (last and n in outputs)}
        if len(alive) == 1:
            yield end, next(iter(alive.values()))


def _part(base: Base, call: Call, start: int, end: int) -> Part:
    """Return the ops from one to another with the calls that run there."""
    below = [
        base.trace.calls[child]
        for child in base.tree.children[call.id]
        if start <= base.trace.calls[child].first_op
        and base.trace.calls[child].last_op <= end
        and base.trace.calls[child].first_op < end
    ]
    if not below:
        return Part(range(start, end), range(0))
    return Part(range(start, end), range(below[0].id, base.inside(below[-1]).stop))


def _main(base: Base, step: _Step) -> Call | None:
    """Return the call of a step that has most parameters."""
    calls = [base.trace.calls[number] for number in step.part.calls]
    sizes = [(base.trace.module_by_path[call.path].parameters, -call.id) for call in calls]
    most, number = max(sizes, default=(0, 0))
    return base.trace.calls[-number] if most else None


def _only_adds(base: Base, step: _Step) -> bool:
    """Return whether a step adds something to what it is given, and that does not depend on it."""
    readers = [base.trace.ops[op] for op in base.trace.users.get(step.given.id, ()) if op in step.part.ops]
    return all(op.target in ("add", "add_") and op.id == step.made.producer for op in readers)


def _classes(base: Base, step: _Step) -> list[str]:
    return [base.trace.module_by_path[base.trace.calls[n].path].class_name for n in step.part.calls]


def _swapped(base: Base, first: _Step, second: _Step) -> Edit:
    """Return the change by which two steps come in the other order.

    Raises:
        Unfit: they are no neighbours, or more than one tensor goes from one to the other.
    """
    if first.part.ops.stop != second.part.ops.start or first.part.calls.stop != second.part.calls.start:
        raise Unfit
    before, between, behind = first.given.id, first.made.id, second.made.id
    edit = Edit(order=Arrangement((first.part, second.part), (1, 0)))
    holders = base.trace.cached(holders_of)
    for value in {before, between, behind}:
        for number in holders.ops.get(value, ()):
            op = base.trace.ops[number]
            names = _names(number, first, second)
            edit.ops[number] = replace(
                op, inputs=exchange(op.inputs, names), outputs=exchange(op.outputs, names)
            )
        for number in holders.calls.get(value, ()):
            call = base.trace.calls[number]
            if number in first.part.calls or number in second.part.calls:
                place = first if number in first.part.calls else second
                taken = given = _names(place.part.ops.start, first, second)
            else:
                end = second.part.ops.stop
                taken = {behind: between} if call.first_op >= end else {}
                given = {behind: between} if call.last_op >= end else {}
            edit.calls[number] = replace(
                call, inputs=exchange(call.inputs, taken), outputs=exchange(call.outputs, given)
            )
    return edit


def _names(number: int, first: _Step, second: _Step) -> dict[int, int]:
    """Return what an op takes instead of what it took."""
    if number in first.part.ops:
        return {first.given.id: second.made.id}
    if number in second.part.ops:
        return {first.made.id: first.given.id}
    return {second.made.id: first.made.id} if number >= second.part.ops.stop else {}
