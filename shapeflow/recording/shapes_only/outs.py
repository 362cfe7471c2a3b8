"""Tensors that get another shape when something is written to them: mostly those given as ``out=``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from shapeflow.recording.ports import map_tensors
from shapeflow.recording.schemas import Operator, tensors_in
from shapeflow.recording.shapes_only.stand_ins import lift
from shapeflow.recording.shapes_only.trials import Reduced, Trials


def write_out(
    trials: Trials, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any], written: list[Tensor]
) -> Tensor | tuple[Tensor, ...]:
    """Run an operator with ``out=``, which gives these tensors the shapes of the results.

    Raises:
        Exception: whatever torch's kernel raises; or its formula, if the kernel cannot be asked.
    """
    result = trials.check(operator.func, args, kwargs)
    if result is None or isinstance(result, Reduced):
        result = _by_formula(trials, operator, args, kwargs)
    for tensor, like in zip(written, _tensors(result), strict=True):
        reshape(tensor, like)
    return written[0] if len(written) == 1 else tuple(written)


def _by_formula(trials: Trials, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    lifted = map_tensors(args, lift), map_tensors(kwargs, lift)
    try:
        operator.func(*lifted[0], **lifted[1])
    except Exception:
        result = trials.refuse(operator.func, args, kwargs)
        if result is None:
            raise
        return result
    return operator.written(*lifted)


def reshape(tensor: Tensor, like: Tensor) -> None:
    """Give a tensor the shape of another one, and its strides if the shape changes."""
    if tensor.shape != like.shape:
        tensor.resize_(like.shape)
        if tensor.stride() != like.stride():
            tensor.as_strided_(like.shape, like.stride())


def hand_back(given: Any, result: Any) -> Any:
    """Return tensors given as ``out=`` in the shapes of a result."""
    for tensor, like in zip(_tensors(given), _tensors(result), strict=False):
        reshape(tensor, like)
    return given if isinstance(result, Tensor) else type(result)(_tensors(given))


def _tensors(value: Any) -> list[Tensor]:
    return tensors_in(value if isinstance(value, list | tuple) else [value])
