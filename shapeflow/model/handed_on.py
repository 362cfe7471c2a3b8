"""Which ops hand the numbers of a tensor on as they are: views, copies, casts, dropout that is switched off.

These may lie between a tensor and what is said to be made of it. What takes a part of a tensor or mixes
numbers does not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from shapeflow.model.records import Op, Port, Records

_COPIES = frozenset(
    {
        "contiguous",
        "data",
        "detach",
        "detach_",
        "requires_grad_",
        "alias",
        "clone",
        "cpu",
        "cuda",
        "pin_memory",
    }
)
"""Copies of a tensor as it is."""
_ARRANGED = frozenset(
    {
        "T",
        "mT",
        "expand",
        "expand_as",
        "flatten",
        "movedim",
        "moveaxis",
        "permute",
        "ravel",
        "reshape",
        "reshape_as",
        "squeeze",
        "squeeze_",
        "swapaxes",
        "swapdims",
        "t",
        "transpose",
        "transpose_",
        "unflatten",
        "unsqueeze",
        "unsqueeze_",
        "view",
        "view_as",
        "broadcast_to",
        "repeat",
        "tile",
    }
)
"""Views and copies of all of a tensor in another arrangement, repeated or not."""
_CASTS = frozenset(
    {"to", "type", "type_as", "float", "half", "double", "bfloat16", "int", "long", "short", "bool"}
)
_DROPOUTS = frozenset(
    {
        "dropout",
        "dropout_",
        "dropout1d",
        "dropout2d",
        "dropout3d",
        "alpha_dropout",
        "alpha_dropout_",
        "feature_dropout",
        "feature_alpha_dropout",
        "feature_alpha_dropout_",
    }
)
_PARTS = frozenset(
    {
        "getitem",
        "select",
        "narrow",
        "unbind",
        "split",
        "chunk",
        "tensor_split",
        "cat",
        "stack",
        "concat",
        "concatenate",
    }
)
"""These hand all on if their only tensor has as many numbers as their result."""


_SIMPLE_INDEX = re.compile(r"\(?(?:(?:-?\d*(?::-?\d*){0,2}|None|\.\.\.)(?:, |,?(?=\)|$)))+\)?")


def handed_on(trace: Records, op: Op, result: int) -> int | None:
    """Return the value whose numbers an op hands on as its result; None if it makes others.

    Args:
        trace: the run.
        op: the op that made the result.
        result: id of the value.
    """
    given = [port.value for port in tensors(op) if port.value is not None]
    if not given:
        return None
    source, made = trace.values[given[0]], trace.values[result]
    if op.target == "copy_" and len(given) == 2:
        other = trace.values[given[1]]
        return given[1] if other.shape == made.shape and _keeps_numbers(other.dtype, made.dtype) else None
    whole = len(given) == 1 and _count(source.shape) == _count(made.shape) and _keeps_order(op)
    hands_on = (
        ((op.target in _ARRANGED or op.target in _COPIES) and source.dtype == made.dtype)
        or (op.target in _CASTS and _keeps_numbers(source.dtype, made.dtype))
        or (op.target in _DROPOUTS and _switched_off(op))
        or (op.target in _PARTS and whole)
        or (op.target in ("add", "add_") and _adds_zero(op))
    )
    return given[0] if hands_on else None


def keeps_arrangement(op: Op) -> bool:
    """Return whether an op, if it hands a tensor on, leaves every axis where it was."""
    return op.target in _CASTS or op.target in _DROPOUTS or op.target in _COPIES


def gives(op: Op, value: int) -> bool:
    """Return whether a value is a result of an op, and not other memory that it wrote to, perhaps in part."""
    return any(port.value == value and not port.name.startswith("out.written") for port in op.outputs)


def _count(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the product of the sizes that are not 0, and how many are: empty tensors are not all alike."""
    return prod(size for size in shape if size), shape.count(0)


def argument(op: Op, name: str, place: int) -> str | None:
    """Return a plain argument of an op as text, by its name or else its place; None if it was not given."""
    names = (f"in.{name}", f"in[{place}]")
    return next((port.text for port in op.inputs if port.name in names and port.value is None), None)


def tensors(op: Op) -> Sequence[Port]:
    """Return the inputs of an op that hold a tensor that it reads, those in lists one by one."""
    return [port for port in op.inputs if port.value is not None and port.name != "in.out"]


def _keeps_numbers(source: str, made: str) -> bool:
    """Return whether a cast keeps the numbers, but for their last digits."""
    if source == made:
        return True
    fraction = [dtype.startswith(("f", "bf", "c")) for dtype in (source, made)]
    return made != "bool" and not (fraction[0] and not fraction[1]) and not made.startswith("c")


def _keeps_order(op: Op) -> bool:
    """Return whether the index of ``x[index]`` is made of numbers, slices and new axes only."""
    inside = [port.text for port in op.inputs if port.name.startswith("in[1]")]
    return op.target != "getitem" or all(_SIMPLE_INDEX.fullmatch(text) for text in inside)


def _adds_zero(op: Op) -> bool:
    """Return whether an op begins a sum of Python: ``sum([a, b])`` is ``0 + a + b``."""
    return [port.text for port in op.inputs if port.value is None] == ["0"]


def _switched_off(op: Op) -> bool:
    training = argument(op, "training", 2) or argument(op, "train", 2)
    return training == "False" or argument(op, "p", 1) in ("0", "0.0")
