"""Refuse a call of a torch function as a real run refuses it, in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording.notation import notation
from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.redispatch import FAKE_TENSOR
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.outs import hand_back
from shapeflow.recording.shapes_only.trials import Trials
from shapeflow.recording.source import is_hidden
from shapeflow.recording.targets import GRADIENTS, target_name


def as_really(
    trials: Trials,
    concrete: ConcreteValues,
    func: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: Exception,
) -> Any:
    """Return what a call gives that failed shapes-only and that a real run takes.

    Args:
        trials: asks torch's kernels.
        concrete: tells which tensors have values.
        func: the function.
        args: its arguments.
        kwargs: its keyword arguments.
        error: why it failed.

    Raises:
        NeedsValues: it fails since it reads numbers.
        NoShapeFormula: it got tensors that run under no mode but their own.
        Exception: it is refused for real, too; or ``error``, if nobody knows.
    """
    if type(error) not in _OF_TORCH or _is_the_models(error):
        raise error
    given = tensors_of((args, kwargs)).values()
    if FAKE_TENSOR in str(error) and any(type(tensor).__name__ == FAKE_TENSOR for tensor in given):
        raise _fake_tensors(func, given) from None
    symbolic = [tensor for tensor in given if not concrete.has_values(tensor)]
    if _lacks_numbers(func, str(error)):
        if not symbolic:
            return func(*concrete.with_values(args), **concrete.with_values(kwargs))
        raise NeedsValues(target_name(func), ", ".join(map(notation, symbolic))) from None
    if symbolic and func not in GRADIENTS and _is_plain((args, kwargs)):
        result = trials.refuse(func, args, kwargs)
        # What autograd refuses, a call without gradients does not tell.
        if result is not None and all(map(_is_real, symbolic)) and not any(map(_wants_gradients, given)):
            out = kwargs.get("out")
            return map_tensors(result, concrete.without_values) if out is None else hand_back(out, result)
        if "meta" in str(error):
            raise NeedsValues(target_name(func), ", ".join(map(notation, symbolic))) from None
    raise error


def _fake_tensors(func: Any, given: Iterable[Tensor]) -> NoShapeFormula:
    """Return the error for a call that got what was made under torch's ``FakeTensorMode``."""
    name = target_name(func)
    return NoShapeFormula(name, ", ".join(map(notation, given))).amend(
        what=f"'{name}' got a FakeTensor, which runs under no shapes-only mode but its own",
        because="the model or its inputs were made under torch's FakeTensorMode",
        hint="make both outside of it, on the CPU or under torch.device('meta')",
    )


_OF_TORCH = (RuntimeError, NotImplementedError, IndexError, ValueError, TypeError, KeyError, AssertionError)
"""What torch raises for arguments that it does not take."""


def _wants_gradients(tensor: Tensor) -> bool:
    return tensor.requires_grad


def _is_the_models(error: BaseException) -> bool:
    """Return True if code of the model's raised an error, and not torch."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step is not None and not is_hidden(step.tb_frame.f_code.co_filename)


def _lacks_numbers(func: Any, error: str) -> bool:
    """Return True if a function failed since it reads numbers in C++ without calling an operator.

    Or since gradients are elsewhere than what they are the gradients of: one of them is too large for memory.
    """
    return "meta tensor" in error or (func in GRADIENTS and "invalid gradient" in error and "meta" in error)


def _is_real(tensor: Tensor) -> bool:
    """Return True for a tensor whose numbers are no places and no counts."""
    return tensor.is_floating_point() or tensor.is_complex()


_PLAIN_VALUES: tuple[type, ...] = (
    *(Tensor, bool, int, float, complex, str, type(None), slice, type(...)),
    *(torch.dtype, torch.device, torch.layout, torch.memory_format),
)


def _is_plain(value: Any) -> bool:
    """Return True for arguments that a second call can do nothing to but through tensors."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return isinstance(value, _PLAIN_VALUES)
