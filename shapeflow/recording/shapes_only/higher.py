"""Functions that call operators, such as ``cond``, in a shapes-only run."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from shapeflow.errors import NeedsValues
from shapeflow.recording.notation import notation
from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.schemas import Operator
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.stand_ins import lift


def run_higher(
    concrete: ConcreteValues, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Let such a function call its operators without data; its condition keeps its value.

    Raises:
        NeedsValues: it reads numbers that are not known.
    """
    tensors = tensors_of((args, kwargs)).values()
    if concrete.have_values(tensors):
        return operator.func(*concrete.with_values(args), **concrete.with_values(kwargs))

    def without_data(tensor: Tensor) -> Tensor:
        is_condition = tensor.dtype is torch.bool and concrete.has_values(tensor)
        return concrete.values_of(tensor) if is_condition else lift(tensor)

    try:
        result = operator.func(*map_tensors(args, without_data), **map_tensors(kwargs, without_data))
        return map_tensors(result, concrete.without_values)
    except (RuntimeError, NotImplementedError) as error:
        if "meta" not in str(error).lower():
            raise
        raise NeedsValues(operator.name, ", ".join(map(notation, tensors))) from None
