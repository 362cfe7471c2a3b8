"""Changes of tensors: another dtype, another size, a parameter of another shape, another learnt table.

A size changes in one tensor and in what ops make of it that keep its shape; it ends where an op gives another
shape. So the trace is no run that torch could make: it is what a claim would see that looks at this place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import prod

from shapeflow.coverage.mutation.change import Base, Change
from shapeflow.coverage.mutation.edit import Edit, exchange
from shapeflow.coverage.units import is_authors
from shapeflow.model.call_tree import pattern
from shapeflow.model.containers import told
from shapeflow.model.records import Call, Op, Port, Value

_OTHER_DTYPE = {
    "f32": "bf16",
    "f64": "f32",
    "bf16": "f32",
    "f16": "f32",
    "i64": "i32",
    "i32": "i64",
    "bool": "u8",
    "u8": "bool",
    "c64": "c128",
}


def other_dtypes(base: Base) -> Iterator[Change]:
    """Yield: what a module or helper gives has another dtype, and so have its views."""
    for call, port, value in _outputs(base):
        dtype = _OTHER_DTYPE.get(value.dtype)
        if dtype is None:
            continue
        name = f"{base.name(call)}:{port.name}"
        yield Change(
            "dtype",
            f"{base.place(call)}:{port.name}",
            f"`{name}` may be {dtype} instead of {value.dtype}",
            partial(_with_dtype, base, value, dtype),
            (f"{name}  {value}",),
        )


def other_sizes(base: Base) -> Iterator[Change]:
    """Yield: what a module or helper gives has another size along one axis."""
    for call, port, value in _outputs(base):
        for axis in range(len(value.shape)):
            name = f"{base.name(call)}:{port.name}"
            size = _other_size(value.shape[axis])
            yield Change(
                "size",
                f"{base.place(call)}:{port.name} dim {axis + 1}",
                f"dim {axis + 1} of `{name}` may be {size} instead of {value.shape[axis]}",
                partial(_resized, base, value, axis, size),
                (f"{name}  {value}",),
            )


def other_widths(base: Base) -> Iterator[Change]:
    """Yield: a parameter has another shape, and with the weight of a linear layer what that gives."""
    for op, port, value in _parameters(base):
        if not value.shape:
            continue
        size = _other_size(value.shape[0])
        yield Change(
            "parameter's shape",
            pattern(value.name),
            f"`{value.name}` may have {size} rows instead of {value.shape[0]}",
            partial(_wider, base, op, value, size),
            (f"{value.name}  {value}", f"{base.op_name(op)}:{port.name}  {value}"),
        )


def other_tables(base: Base) -> Iterator[Change]:
    """Yield: an op takes another learnt table of the same shape, of those that its module has."""
    alike: dict[object, list[Value]] = {}
    for value in base.trace.values:
        if value.origin in ("parameter", "buffer"):
            alike.setdefault((value.dtype, value.shape), []).append(value)
    for op, port, value in _parameters(base):
        if not is_authors(base.trace, op) or op.call is None:
            continue  # a linear layer has no other weight than its own
        path = base.trace.calls[op.call].path
        within = f"{path}." if path else ""
        others = [
            other
            for other in alike[value.dtype, value.shape]
            if other.id != value.id and other.name.startswith(within) and "[" not in other.name
        ]
        if others:
            _, nearest = min((abs(other.id - value.id), other.id) for other in others)
            table = base.trace.values[nearest]
            yield Change(
                "another table",
                pattern(value.name),
                f"`{base.op_name(op)}` may take `{table.name}` instead of `{value.name}`",
                partial(_other_table, base, op, value, table),
                (f"{value.name} reaches {base.op_name(op)}:{port.name}",),
            )


def resized(base: Base, value: Value, axis: int, size: int) -> dict[int, Value]:
    """Return a tensor, and what ops make of it that keep its shape, with another size along one axis."""
    trace = base.trace
    found: dict[int, Value] = {}
    queue = [value.id]
    for number in queue:
        if number in found:
            continue
        record = trace.values[number]
        shape = (*record.shape[:axis], size, *record.shape[axis + 1 :])
        found[number] = replace(record, shape=shape)
        for user in trace.users.get(number, ()):
            for port in trace.ops[user].outputs:
                made = trace.value_at(port)
                if made is not None and made.shape == record.shape and made.producer == user:
                    queue.append(made.id)
    return found


def _resized(base: Base, value: Value, axis: int, size: int) -> Edit:
    return Edit(values=resized(base, value, axis, size))


def _with_dtype(base: Base, value: Value, dtype: str) -> Edit:
    values = base.trace.values
    return Edit(values={n: replace(values[n], dtype=dtype) for n in _same_memory(base, value)})


def _outputs(base: Base) -> Iterator[tuple[Call, Port, Value]]:
    """Yield what calls give and made themselves."""
    for call in base.working:
        for port in told(call.outputs):
            value = base.trace.value_at(port)
            if value is not None and value.producer is not None and value.producer >= call.first_op:
                yield call, port, value


def _parameters(base: Base) -> Iterator[tuple[Op, Port, Value]]:
    """Yield each parameter and buffer with the first op that takes it."""
    met: set[int] = set()
    for op in base.trace.ops:
        if op.parent is not None:
            continue
        for port in op.inputs:
            value = base.trace.value_at(port)
            if value is not None and value.origin in ("parameter", "buffer") and value.id not in met:
                met.add(value.id)
                yield op, port, value


def _other_size(size: int) -> int:
    return size // 2 if size > 1 and size % 2 == 0 else size + 1


def _same_memory(base: Base, value: Value) -> list[int]:
    """Return a value, and those after it that share its memory and dtype."""
    if value.storage is None:
        return [value.id]
    later = base.trace.values[value.id :]
    return [v.id for v in later if v.storage == value.storage and v.dtype == value.dtype]


def _wider(base: Base, op: Op, value: Value, size: int) -> Edit:
    edit = Edit(values={value.id: replace(value, shape=(size, *value.shape[1:]))})
    _with_tensor(base, edit, value, size)
    made = base.trace.value_at(op.outputs[0]) if op.outputs else None
    if op.target == "linear" and len(value.shape) == 2 and made is not None:
        edit.values.update(resized(base, made, len(made.shape) - 1, size))
        bias = next(
            (base.trace.value_at(port) for port in op.inputs if port.name in ("in[2]", "in.bias")), None
        )
        if bias is not None:
            edit.values[bias.id] = replace(bias, shape=(size,))
            _with_tensor(base, edit, bias, size)
    return edit


def _with_tensor(base: Base, edit: Edit, value: Value, rows: int) -> None:
    """Let the module of a parameter have it with so many rows, and all modules around it so many elements."""
    path, _, name = value.name.rpartition(".")
    more = (rows - value.shape[0]) * prod(value.shape[1:]) if value.origin == "parameter" else 0
    for number, original in enumerate(base.trace.modules):
        module = edit.modules.get(number, original)
        if module.path == path:
            tensors = tuple(
                replace(tensor, shape=(rows, *tensor.shape[1:])) if tensor.name == name else tensor
                for tensor in module.tensors or ()
            )
            own = max(0, module.own_parameters + more)
            module = replace(module, tensors=None if module.tensors is None else tensors, own_parameters=own)
        if not module.path or path == module.path or path.startswith(f"{module.path}."):
            edit.modules[number] = replace(module, parameters=max(0, module.parameters + more))


def _other_table(base: Base, op: Op, value: Value, other: Value) -> Edit:
    names = {value.id: other.id}
    edit = Edit(ops={op.id: replace(op, inputs=exchange(op.inputs, names))})
    for inner in base.trace.ops[op.id + 1 :]:
        if inner.parent != op.id:
            break
        if any(port.value == value.id for port in inner.inputs):
            edit.ops[inner.id] = replace(inner, inputs=exchange(inner.inputs, names))
    return edit
