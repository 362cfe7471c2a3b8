"""Changes of what is computed: an op less or more, another constant, another item."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from shapeflow.coverage.mutation.change import ARRANGING, CREATING, TRANSPARENT, Base, Change, words
from shapeflow.coverage.mutation.edit import Edit
from shapeflow.coverage.mutation.wiring import behind, count_in_parent, count_of, without
from shapeflow.coverage.units import is_authors
from shapeflow.model.handed_on import handed_on
from shapeflow.model.records import Op, Port

_NO_CONSTANTS = (
    ARRANGING
    | TRANSPARENT
    | CREATING
    | words(
        """
        meshgrid tensor as_tensor interpolate cat stack pad roll sum mean embedding
        conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d
        max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d
        """
    )
)
"""Targets of ops whose numbers mostly say shapes, dtypes or axes, which are told by what comes out."""
_SAYS_NOTHING = words("in.inplace")
"""Arguments that change no number."""
_SHAPES = {"layer_norm": "in[1]", "rms_norm": "in[1]"}
"""Arguments that say a shape, which the tensors have anyhow."""
_WORDS = {"bilinear": "nearest", "nearest": "bilinear", "none": "tanh", "constant": "reflect"}


def ops_less(base: Base) -> Iterator[Change]:
    """Yield: an op that keeps the shape of its tensor, such as an activation or a norm, is left out."""
    for op in base.plain_ops:
        given = base.activations(op.inputs)
        made = base.trace.value_at(op.outputs[0]) if len(op.outputs) == 1 else None
        if op.target in ARRANGING | CREATING or len(given) != 1 or made is None:
            continue
        if not is_authors(base.trace, op):
            continue  # a layer norm without its norm is no change that can be made to a model
        value = given[0][1]
        if (value.dtype, value.shape) != (made.dtype, made.shape) or made.id == value.id:
            continue
        if handed_on(base.trace, op, made.id) is not None:  # a `cat` of one tensor
            continue
        yield Change(
            "an op less",
            base.place(op),
            f"`{base.op_name(op)}` may be left out",
            partial(without, base, op, value.id),
            (*count_of(base, op),),
        )


def ops_more(base: Base) -> Iterator[Change]:
    """Yield: what a module gives goes through one more ``relu``."""
    for call in base.working:
        pair = base.through(call)
        if pair is None or not pair[1].dtype.startswith(("f", "bf")):
            continue
        yield Change(
            "an op more",
            base.place(call),
            f"what `{base.name(call)}` gives may go through one more relu",
            partial(behind, base, call, "relu", (pair[1],)),
            count_in_parent(base, call, "relu"),
        )


def other_constants(base: Base) -> Iterator[Change]:
    """Yield: an op is given another number, truth or word."""
    for op in base.plain_ops:
        if op.target in _NO_CONSTANTS:
            continue
        for port in op.inputs:
            plain = port.value is None and port.name not in (*_SAYS_NOTHING, _SHAPES.get(op.target))
            text = other_text(port.text) if plain else ""
            if text:
                yield _constant("another constant", base, op, port, text)
    for op in base.trace.ops:
        if op.target == "interpolate" and op.parent is None:
            for port in op.inputs:
                if port.name == "in.mode" and (text := other_text(port.text)):
                    yield _constant("another constant", base, op, port, text)


def other_items(base: Base) -> Iterator[Change]:
    """Yield: another item is taken of a tensor, such as the output of another layer from a stack."""
    for op in base.trace.ops:
        if op.target != "getitem" or op.parent is not None or len(op.inputs) != 2:
            continue
        value, text = base.trace.value_at(op.inputs[0]), op.inputs[1].text
        if value is None or not value.shape or value.shape[0] < 2 or not text.lstrip("-").isdigit():
            continue
        index = int(text)
        other = index - 1 if index > 0 or (index < 0 and -index < value.shape[0]) else index + 1
        yield _constant("another item", base, op, op.inputs[1], str(other))


def _with_text(base: Base, op: Op, port: Port, text: str) -> Edit:
    """Give an op another argument: where its module has that as an attribute, all ops of the module."""
    edit, trace = Edit(), base.trace
    call = None if op.call is None else trace.calls[op.call]
    number = None if call is None or call.method != "forward" else base.module_numbers.get(call.path)
    name = port.name.removeprefix("in.")
    module = None if number is None else trace.modules[number]
    if number is None or module is None or repr(module.attributes.get(name)) != port.text:
        edit.ops[op.id] = _given(op, port, text)
        return edit
    edit.modules[number] = replace(module, attributes={**module.attributes, name: ast.literal_eval(text)})
    for other in trace.ops:
        if (
            other.target == op.target
            and other.call is not None
            and trace.calls[other.call].key == module.path
        ):
            edit.ops[other.id] = _given(other, port, text)
    return edit


def _given(op: Op, port: Port, text: str) -> Op:
    """Return an op with another plain argument in one place."""
    same = (port.name, port.text)
    return replace(
        op,
        inputs=tuple(replace(one, text=text) if (one.name, one.text) == same else one for one in op.inputs),
    )


def other_text(text: str) -> str:
    """Return another plain argument than this one, as a trace writes it; empty if it is no number or word."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return ""
    other = _other(value)
    return "" if other is None else repr(other)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * 2 if value else 0.5
    return _WORDS.get(value) if isinstance(value, str) else None


def _constant(kind: str, base: Base, op: Op, port: Port, text: str) -> Change:
    name = f"{base.op_name(op)}:{port.name}"
    plain = port.text.strip("'\"")
    return Change(
        kind,
        f"{base.place(op)}:{port.name}",
        f"`{name}` may be {text} instead of {port.text}",
        partial(_with_text, base, op, port, text),
        (f'{name}  "{plain}"',),
    )
