"""Changes of which module runs, and when: a layer left out, layers or steps in another order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import combinations, pairwise

from shapeflow.coverage.mutation.change import ARRANGING, TRANSPARENT, Base, Change
from shapeflow.coverage.mutation.edit import Edit, exchange
from shapeflow.coverage.mutation.unfit import Unfit
from shapeflow.model.call_tree import pattern
from shapeflow.model.making import operands, operator_of
from shapeflow.model.records import Call, Op, Records, call_key


def left_out(base: Base) -> Iterator[Change]:
    """Yield: a layer never runs, the one before or behind it runs twice."""
    for group in base.numbered():
        for first, second in pairwise(group):
            for gone, twice in ((first, second), (second, first)):
                yield Change(
                    "layer left out",
                    pattern(gone.path),
                    f"`{gone.path}` may never run, and `{twice.path}` runs twice",
                    partial(relabelled, base, {gone.path: twice.path}, (gone,)),
                    (
                        _chain(first),
                        f"count calls {base.name(gone)} = 1",
                        f"count calls {base.name(twice)} = 1",
                    ),
                )


def swapped_layers(base: Base) -> Iterator[Change]:
    """Yield: two layers that follow each other run in the other order."""
    for group in base.numbered():
        for first, second in pairwise(group):
            paths = {first.path: second.path, second.path: first.path}
            yield Change(
                "layers swapped",
                pattern(first.path),
                f"`{second.path}` may run before `{first.path}`",
                partial(relabelled, base, paths, (first, second)),
                (_chain(first), *_order(base, first, second)),
            )


def swapped_steps(base: Base) -> Iterator[Change]:
    """Yield: two modules of one kind, such as ``norm1`` and ``norm2``, stand in for each other."""
    groups: dict[object, list[Call]] = {}
    for call in base.working:
        module = base.trace.module_by_path.get(call.path)
        if call.path and module and module.parameters and base.times[call.key] == 1:
            groups.setdefault((call.parent, base.tree.signature[call.id]), []).append(call)
    for group in groups.values():
        for first, second in combinations(group[:8], 2):
            if pattern(first.path) != pattern(second.path):
                paths = {first.path: second.path, second.path: first.path}
                yield Change(
                    "steps swapped",
                    pattern(first.path),
                    f"`{second.path}` may stand where `{first.path}` stands, and the reverse",
                    partial(relabelled, base, paths, (first, second)),
                    (*_order(base, first, second), *_given(base, second), *_given(base, first)),
                )


def swapped_ops(base: Base) -> Iterator[Change]:
    """Yield: two ops of which one follows the other, each keeping the shape, in the other order."""
    users = base.trace.users
    for op in base.plain_ops:
        made = _kept(base, op)
        readers = users.get(made, ()) if made is not None else ()
        following = base.trace.ops[readers[0]] if len(readers) == 1 else None
        if following is None or following.call != op.call or following.parent is not None:
            continue
        if _kept(base, following) is None or _same_work(op, following) or _commute(op, following):
            continue
        yield Change(
            "ops swapped",
            base.place(op),
            f"`{base.op_name(following)}` may come before `{base.op_name(op)}`",
            partial(_exchanged, op, following),
            (f"{base.op_name(op)}:out reaches {base.op_name(following)}:in[0]",),
        )


def _chain(layer: Call) -> str:
    return f"chain {layer.path.rpartition('.')[0]}.*"


def _order(base: Base, first: Call, second: Call) -> tuple[str, ...]:
    return (f"{base.name(first)}:out reaches {base.name(second)}:in",)


def _given(base: Base, call: Call) -> Iterator[str]:
    """Yield the claims where what a call is given comes from."""
    for port, value in base.activations(tuple(call.inputs)):
        yield f"{base.value_name(value.id)} reaches {base.name(call)}:{port.name}"
    for port, value in base.activations(tuple(call.outputs)):
        for user in base.trace.users.get(value.id, ())[:2]:
            op = base.trace.ops[user]
            for taken in op.inputs:
                if taken.value == value.id:
                    yield f"{base.name(call)}:{port.name} reaches {base.op_name(op)}:{taken.name}"


def relabelled(base: Base, paths: Mapping[str, str], calls: tuple[Call, ...]) -> Edit:
    """Return the change by which calls, with all in them, are those of other modules, with their parameters.

    Raises:
        Unfit: another module has no such module or parameter in it.
    """
    trace, edit = base.trace, Edit()
    inside = set()
    for call in calls:
        last = call.id + 1
        inside.add(call.id)
        while last < len(trace.calls) and trace.calls[last].parent in inside:
            inside.add(last)
            last += 1
    by_name = trace.cached(_parameters)
    tables = {}
    for name, number in by_name.items():
        other = _moved(name, paths)
        if other is not None:
            tables[number] = by_name.get(other, -1)
    for number in sorted(inside):
        call = trace.calls[number]
        path = _moved(call.path, paths)
        changed = exchange(call.inputs, tables), exchange(call.outputs, tables)
        if path is not None and path not in trace.module_by_path:
            raise Unfit
        edit.calls[number] = replace(
            call, path=call.path if path is None else path, inputs=changed[0], outputs=changed[1]
        )
    for call in calls:
        for op in trace.ops[call.first_op : call.last_op]:
            inputs = exchange(op.inputs, tables)
            if inputs != op.inputs:
                edit.ops[op.id] = replace(op, inputs=inputs)
    records: list[Call | Op] = [*edit.calls.values(), *edit.ops.values()]
    if any(port.value == -1 for record in records for port in record.ports):
        raise Unfit
    _numbered_again(base, edit)
    return edit


def _parameters(trace: Records) -> dict[str, int]:
    return {v.name: v.id for v in trace.values if v.origin in ("parameter", "buffer")}


def _moved(path: str, paths: Mapping[str, str]) -> str | None:
    """Return the path of a module, or name of a parameter, with its beginning exchanged; None if it stays."""
    for old, new in paths.items():
        if path == old or path.startswith(f"{old}."):
            return new + path[len(old) :]
    return None


def _numbered_again(base: Base, edit: Edit) -> None:
    """Count the calls of the modules whose calls became others."""
    calls = base.trace.calls
    keys = {key for n, call in edit.calls.items() for key in (call.key, calls[n].key)}
    met: dict[str, int] = {}
    for number, original in enumerate(calls):
        call = edit.calls.get(number, original)
        key = call_key(call.path, call.method)
        if key in keys:
            met[key] = met.get(key, -1) + 1
            if call.index != met[key]:
                edit.calls[number] = replace(call, index=met[key])


def _kept(base: Base, op: Op) -> int | None:
    """Return the value that an op makes of one tensor, if that has its shape; None if it is not so simple."""
    given = base.activations(op.inputs)
    if len(given) != 1 or len(op.outputs) != 1 or op.target in TRANSPARENT | ARRANGING:
        return None
    made = base.trace.value_at(op.outputs[0])
    if made is None or made.id == given[0][1].id or made.shape != given[0][1].shape:
        return None
    return made.id if made.dtype == given[0][1].dtype and given[0][0].name == "in[0]" else None


def _same_work(one: Op, other: Op) -> bool:
    rest = [[(p.name, p.text, p.value) for p in op.inputs if p.name != "in[0]"] for op in (one, other)]
    return one.target == other.target and rest[0] == rest[1]


def _commute(one: Op, other: Op) -> bool:
    """Return whether the order of two ops with a constant means nothing: ``x * 2 / 3``."""
    plain = all(operator_of(op) and any(port.value is None for port in operands(op)) for op in (one, other))
    signs = {operator_of(op) for op in (one, other)}
    return plain and (signs <= {"*", "/"} or signs <= {"+", "-"})


def _exchanged(first: Op, second: Op) -> Edit:
    """Return the change by which the work of two ops is done in the other order."""
    edit = Edit()
    for op, work in ((first, second), (second, first)):
        given = next(port for port in op.inputs if port.name == "in[0]")
        inputs = tuple(
            replace(port, value=given.value) if port.name == "in[0]" else port for port in work.inputs
        )
        edit.ops[op.id] = replace(op, target=work.target, inputs=inputs, source=work.source, flops=work.flops)
    return edit
