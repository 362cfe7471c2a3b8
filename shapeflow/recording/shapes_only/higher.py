"""Functions that call operators, such as ``cond``, in a shapes-only run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from shapeflow.errors import NeedsValues
from shapeflow.recording.notation import notation
from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.schemas import Operator
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.stand_ins import lift

ATTENTION = "flex_attention"
Scores = Callable[..., Tensor]
"""Changes a score of attention, or says whether it counts, from its place: batch, head, query and key."""


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

    given, named = map_tensors(args, without_data), map_tensors(kwargs, without_data)
    try:
        result = operator.func(*given, **named)
    except (RuntimeError, NotImplementedError) as error:
        if "meta" not in str(error).lower():
            raise
        if operator.name != ATTENTION or not _run_at_corners(operator, args):
            raise NeedsValues(operator.name, ", ".join(map(notation, tensors))) from None
        result = operator.func(*given[:3], _same, (*given[4][:-1], _counts), *given[5:7])
    return map_tensors(result, concrete.without_values)


def _run_at_corners(operator: Operator, args: tuple[Any, ...]) -> bool:
    """Return whether the functions of an attention run, at the first and last places of each axis.

    They may read tensors that only they know, with values, which do not go together with places without
    data. What they make has no bearing on shapes.
    """
    query, key, _, change, mask, *rest = args
    lasts = [*query.shape[:3], key.shape[2]]
    corners = [torch.tensor(sorted({0, size - 1}), dtype=torch.int32) for size in lasts]

    def there(function: Scores) -> Scores:
        def placed(*given: Any) -> Tensor:
            *score, batch, head, row, column = given
            places = zip(corners, (batch, head, row, column), strict=True)
            return function(*score, *(corner[place] for corner, place in places))

        return placed

    batches, heads, rows, columns = map(len, corners)
    small = [torch.zeros(batches, heads, size, 1, dtype=query.dtype) for size in (rows, columns, columns)]
    try:
        operator.func(*small, there(change), (*mask[:-1], there(mask[-1])), *rest[:2])
    except Exception:  # they may need what is not known; nothing is said of why
        return False
    return True


def _same(score: Tensor, *place: Tensor) -> Tensor:
    return score


def _counts(batch: Tensor, *place: Tensor) -> Tensor:
    return batch >= 0
