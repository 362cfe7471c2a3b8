"""Refuse a call of a torch function as a real run refuses it, in the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from shapeflow.errors import NeedsValues
from shapeflow.recording.notation import notation
from shapeflow.recording.ports import map_tensors
from shapeflow.recording.shapes_only.trials import Trials, is_plain
from shapeflow.recording.targets import GRADIENTS, target_name


def as_really(
    trials: Trials,
    func: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: Exception,
    symbolic: list[Tensor],
    without_values: Callable[[Tensor], Tensor],
) -> Any:
    """Return what a call gives that failed shapes-only and that a real run takes.

    Args:
        trials: asks torch's kernels.
        func: the function.
        args: its arguments.
        kwargs: its keyword arguments.
        error: why it failed.
        symbolic: the tensors among the arguments that have no values.
        without_values: makes a symbolic tensor like another one.

    Raises:
        NeedsValues: it fails since it reads numbers.
        Exception: it is refused for real, too; or ``error``, if nobody knows.
    """
    if symbolic and _lacks_numbers(func, str(error)):
        raise NeedsValues(target_name(func), ", ".join(map(notation, symbolic))) from None
    if symbolic and func not in GRADIENTS and is_plain((args, kwargs)):
        result = trials.refuse(func, args, kwargs)
        if result is not None and all(map(_is_real, symbolic)):
            return map_tensors(result, without_values)
        if "meta" in str(error):
            raise NeedsValues(target_name(func), ", ".join(map(notation, symbolic))) from None
    raise error


def _lacks_numbers(func: Any, error: str) -> bool:
    """Return True if a function failed since it reads numbers in C++ without calling an operator.

    Or since gradients are elsewhere than what they are the gradients of: one of them is too large for memory.
    """
    return "meta tensor" in error or (func in GRADIENTS and "invalid gradient" in error and "meta" in error)


def _is_real(tensor: Tensor) -> bool:
    """Return True for a tensor whose numbers are no places and no counts."""
    return tensor.is_floating_point() or tensor.is_complex()
