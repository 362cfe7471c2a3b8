"""Functions that read numbers without calling an operator, or only after looking where they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from shapeflow.errors import NeedsValues
from shapeflow.recording.notation import notation
from shapeflow.recording.ports import map_tensors
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.lacking import is_for_a_log
from shapeflow.recording.shapes_only.stand_ins import lift
from shapeflow.recording.torch_internals import no_torch_dispatch

Handler = Callable[..., Any]

_READS: dict[Any, str] = {
    Tensor.tolist: "tolist",
    Tensor.numpy: "numpy",
    Tensor.__array__: "numpy",
    Tensor.__dlpack__: "dlpack",
    Tensor.__dlpack_device__: "dlpack",
    Tensor.item: "item",
    Tensor.__bool__: "bool",
    Tensor.__int__: "int",
    Tensor.__float__: "float",
    Tensor.__complex__: "complex",
    Tensor.__index__: "index",
}


_OF_ONE = ("item", "bool", "int", "float", "complex", "index")
"""Those that read one number, and want a tensor of one element."""


def handlers(concrete: ConcreteValues) -> dict[Any, Handler]:
    """Return what is called instead of each of them."""
    found: dict[Any, Handler] = {Tensor.__contains__: partial(_contains, concrete)}
    for split in (torch.tensor_split, Tensor.tensor_split):
        found[split] = partial(_split, concrete, split)
    for function, name in _READS.items():
        found[function] = partial(_read, concrete, function, name)
    return found


def _read(
    concrete: ConcreteValues,
    function: Callable[..., Any],
    name: str,
    /,
    tensor: Tensor,
    *args: Any,
    **kwargs: Any,
) -> Any:
    if concrete.has_values(tensor):
        return function(concrete.values_of(tensor), *args, **kwargs)
    is_whole = not (tensor.is_floating_point() or tensor.is_complex())
    if name in _OF_ONE and (tensor.numel() != 1 or (name == "index" and not is_whole)):
        with no_torch_dispatch():
            return function(lift(tensor), *args, **kwargs)  # torch complains
    if name == "bool" or (name == "item" and tensor.dtype is torch.bool):
        answer = concrete.checks.answer(name)
        if answer is not None:
            return answer
    if name == "float" and is_for_a_log():
        return math.nan
    raise NeedsValues(name, notation(tensor))


def _split(concrete: ConcreteValues, function: Handler, /, tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Split at places that are known: torch reads them where they are, without an operator."""
    for value in (*args, *kwargs.values()):
        if isinstance(value, Tensor) and not concrete.has_values(value):
            raise NeedsValues("tensor_split", notation(value))
    return function(tensor, *concrete.with_values(args), **concrete.with_values(kwargs))


def _contains(concrete: ConcreteValues, tensor: Tensor, element: Any) -> bool:
    """Return whether a number is in a tensor."""
    parts = [value for value in (tensor, element) if isinstance(value, Tensor)]
    if all(map(concrete.has_values, parts)):
        known, sought = (map_tensors(value, concrete.values_of) for value in (tensor, element))
        return known.__contains__(sought)  # type: ignore[no-any-return]
    answer = concrete.checks.answer("contains")
    if answer is None:
        raise NeedsValues("contains", ", ".join(map(notation, parts)))
    return answer
