"""Changes of where data comes from: residuals, other outputs, exchanged inputs, unused results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise

from shapeflow.coverage.mutation.change import Base, Change, same_type
from shapeflow.coverage.mutation.edit import Edit, exchange, rewire
from shapeflow.coverage.mutation.unfit import Unfit
from shapeflow.model.call_tree import pattern
from shapeflow.model.containers import told
from shapeflow.model.records import Call, Op, Port, Value

_SYMMETRIC = frozenset(
    ["add", "mul", "eq", "ne", "logical_and", "logical_or", "bitwise_and", "bitwise_or", "maximum", "minimum"]
)
"""Targets of ops whose inputs can be exchanged."""


def lost_residuals(base: Base) -> Iterator[Change]:
    """Yield: of a sum of two tensors of one shape only the one that was made last is left."""
    for op in base.plain_ops:
        given = base.activations(op.inputs)
        made = base.trace.value_at(op.outputs[0]) if len(op.outputs) == 1 else None
        if op.target not in ("add", "add_") or len(given) != 2 or made is None:
            continue
        if given[0][1].id == given[1][1].id or not all(same_type(value, made) for _, value in given):
            continue
        (_, lost), (_, left) = sorted(given, key=lambda pair: pair[1].producer or -1)
        lost_port = next(port for port, value in given if value.id == lost.id)
        name = base.op_name(op)
        yield Change(
            "residual dropped",
            base.place(op),
            f"`{base.value_name(lost.id)}` may no longer be added in `{name}`",
            partial(without, base, op, left.id),
            (f"{base.value_name(lost.id)} reaches {name}:{lost_port.name}", *count_of(base, op)),
        )


def new_residuals(base: Base) -> Iterator[Change]:
    """Yield: what a module was given is added to what it gives."""
    for call in base.working:
        pair = base.through(call)
        if pair is None or pair[0].dtype in ("bool",):
            continue
        yield Change(
            "residual added",
            base.place(call),
            f"`{base.name(call)}:in` may be added to what `{base.name(call)}` gives",
            partial(behind, base, call, "add", (pair[1], pair[0])),
            (*_uses(base, call, pair[1]), *count_in_parent(base, call, "add")),
        )


def other_outputs(base: Base) -> Iterator[Change]:
    """Yield: who takes the output of a layer takes that of the layer before."""
    for group in base.numbered():
        inside = [(call.first_op, call.last_op) for call in group]
        gives = [_only_output(base, call) for call in group]
        for number in range(1, len(group)):
            value, other = gives[number], gives[number - 1]
            if value is None or other is None or value.id == other.id:
                continue
            for user in base.trace.users.get(value.id, ()):
                if any(first <= user < last for first, last in inside):
                    continue
                op = base.trace.ops[user]
                port = next(port for port in op.inputs if port.value == value.id)
                taker = _taker(base, op, value)
                yield Change(
                    "another layer's output",
                    f"{pattern(group[number].path)} in {base.place(op)}",
                    f"`{taker}` may take the output of `{group[number - 1].path}` instead of "
                    f"`{group[number].path}`",
                    partial(_takes, base, op, {value.id: other.id}),
                    (f"{base.value_name(value.id)} reaches {base.op_name(op)}:{port.name}",),
                )


def exchanged_inputs(base: Base) -> Iterator[Change]:
    """Yield: an op takes two tensors of one shape the other way round, such as a query and a key."""
    for op in base.plain_ops:
        given = base.activations(op.inputs)
        if op.target in _SYMMETRIC:
            continue
        for (one, left), (other, right) in pairwise(given):
            if left.id == right.id or not same_type(left, right):
                continue
            yield Change(
                "inputs exchanged",
                base.place(op),
                f"`{base.op_name(op)}` may take `{one.name}` and `{other.name}` the other way round",
                partial(_with_inputs, op, {left.id: right.id, right.id: left.id}),
                tuple(
                    f"{base.value_name(value.id)} reaches {base.op_name(op)}:{port.name}"
                    for port, value in ((one, left), (other, right))
                ),
            )
    for call in base.working:
        for (one, left), (other, right) in pairwise(base.activations(told(call.inputs))):
            if left.id == right.id or not same_type(left, right):
                continue
            yield Change(
                "inputs exchanged",
                base.place(call),
                f"`{base.name(call)}` may be given `{one.name}` and `{other.name}` the other way round",
                partial(_given, base, call, {left.id: right.id, right.id: left.id}),
            )


def exchanged_results(base: Base) -> Iterator[Change]:
    """Yield: two results of one op, such as those of ``chunk``, are taken the other way round."""
    for op in base.trace.ops:
        made = base.activations(op.outputs)
        if op.id in base.opened or op.parent is not None:
            continue
        for (one, left), (other, right) in pairwise(made):
            if left.id == right.id or not same_type(left, right):
                continue
            users = [base.trace.ops[user] for user in base.trace.users.get(left.id, ())[:1]]
            yield Change(
                "results exchanged",
                base.place(op),
                f"`{one.name}` and `{other.name}` of `{base.op_name(op)}` may be taken the other way round",
                partial(_with_outputs, op, {left.id: right.id, right.id: left.id}),
                tuple(
                    f"{base.op_name(op)}:{one.name} reaches {base.op_name(user)}:{port.name}"
                    for user in users
                    for port in user.inputs
                    if port.value == left.id
                ),
            )


def unused_results(base: Base) -> Iterator[Change]:
    """Yield: a module runs, and what it was given is used instead of what it gives."""
    for call in base.working:
        pair = base.through(call)
        if pair is None or not base.trace.users.get(pair[1].id):
            continue
        yield Change(
            "result not used",
            base.place(call),
            f"what `{base.name(call)}` gives may be left unused, and what it was given goes on",
            partial(_goes_on, base, call, pair),
            _uses(base, call, pair[1]),
        )


def without(base: Base, op: Op, left: int) -> Edit:
    """Return the change by which an op is left out, and one of its inputs goes on in place of its output.

    Raises:
        Unfit: what it made was kept by the model, too, or made a second time.
    """
    made = op.outputs[0].value
    assert made is not None, "the op makes a tensor"
    if base.trace.values[made].producer != op.id:
        raise Unfit
    edit = Edit(dropped=(op.id, made))
    rewire(base.trace, edit, {made: left}, op.id)
    return edit


def behind(base: Base, call: Call, target: str, given: tuple[Value, ...]) -> Edit:
    """Return the change by which the caller does one more op with what a call gave.

    Raises:
        Unfit: nobody takes it.
    """
    trace = base.trace
    number = len(trace.values)
    made = replace(given[0], id=number, producer=call.last_op, storage=None, name="", origin="op")
    op = Op(
        call.last_op,
        target,
        call.parent,
        tuple(Port(f"in[{place}]", value.id) for place, value in enumerate(given)),
        (Port("out", number),),
        call.source,
    )
    edit = Edit(added=(call.last_op, op, made))
    rewire(trace, edit, {given[0].id: number}, call.last_op - 1)
    for inner in base.inside(call):
        edit.calls.pop(inner, None)
    if not edit.calls and not edit.ops:
        raise Unfit
    return edit


def count_of(base: Base, op: Op) -> tuple[str, ...]:
    """Return the claim on how many such ops there are."""
    name = base.op_name(op).partition("@")[0]
    return (f"count ops {name} = {base.alike[name]}",)


def count_in_parent(base: Base, call: Call, target: str) -> tuple[str, ...]:
    """Return the claim on how many ops of a kind the caller of a call does itself."""
    parent = "" if call.parent is None else base.trace.calls[call.parent].name
    name = f"{parent}/{target}"
    return (f"count ops {name} = {base.alike.get(name, 0)}",)


def _uses(base: Base, call: Call, made: Value) -> tuple[str, ...]:
    """Return the claims on where the output of a call goes."""
    port = next(port for port in told(call.outputs) if port.value == made.id)
    claims = []
    for user in base.trace.users.get(made.id, ())[:2]:
        op = base.trace.ops[user]
        claims += [
            f"{base.name(call)}:{port.name} reaches {base.op_name(op)}:{taken.name}"
            for taken in op.inputs
            if taken.value == made.id
        ]
    return tuple(claims)


def _only_output(base: Base, call: Call) -> Value | None:
    """Return the first tensor that a call gives, if it made it."""
    for port in told(call.outputs):
        value = base.trace.value_at(port)
        if value is not None and value.producer is not None and value.producer >= call.first_op:
            return value
    return None


def _taker(base: Base, op: Op, value: Value) -> str:
    """Return the outermost call that takes a value for an op, or the op itself."""
    for call in reversed(base.tree.ancestors(op.call)):
        record = base.trace.calls[call]
        if any(port.value == value.id for port in told(record.inputs)):
            return base.name(record)
    return base.op_name(op)


def _with_inputs(op: Op, names: dict[int, int]) -> Edit:
    return Edit(ops={op.id: replace(op, inputs=exchange(op.inputs, names))})


def _with_outputs(op: Op, names: dict[int, int]) -> Edit:
    return Edit(ops={op.id: replace(op, outputs=exchange(op.outputs, names))})


def _given(base: Base, call: Call, names: dict[int, int]) -> Edit:
    """Return the change by which a call, and all in it, is given other tensors."""
    edit = Edit()
    for number in base.inside(call):
        record = base.trace.calls[number]
        if number == call.id or any(port.value in names for port in told(record.inputs)):
            edit.calls[number] = replace(record, inputs=exchange(record.inputs, names))
    for op in base.trace.ops[call.first_op : call.last_op]:
        if any(port.value in names for port in op.inputs):
            edit.ops[op.id] = replace(op, inputs=exchange(op.inputs, names))
    return edit


def _takes(base: Base, op: Op, names: dict[int, int]) -> Edit:
    """Return the change by which an op, and the calls around it that were given the same, take another."""
    edit = Edit(ops={op.id: replace(op, inputs=exchange(op.inputs, names))})
    for number in base.tree.ancestors(op.call):
        call = base.trace.calls[number]
        if any(port.value in names for port in told(call.inputs)):
            edit.calls[number] = replace(call, inputs=exchange(call.inputs, names))
            for inner in base.trace.ops[call.first_op : call.last_op]:
                if any(port.value in names for port in inner.inputs):
                    edit.ops[inner.id] = replace(inner, inputs=exchange(inner.inputs, names))
            for below in base.inside(call):
                record = base.trace.calls[below]
                if any(port.value in names for port in told(record.inputs)):
                    edit.calls[below] = replace(record, inputs=exchange(record.inputs, names))
    return edit


def _goes_on(base: Base, call: Call, pair: tuple[Value, Value]) -> Edit:
    edit = Edit()
    rewire(base.trace, edit, {pair[1].id: pair[0].id}, call.last_op - 1)
    for inner in base.inside(call):
        edit.calls.pop(inner, None)
    if not edit.calls and not edit.ops:
        raise Unfit
    return edit
