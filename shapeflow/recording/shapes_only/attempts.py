"""Runs one of torch's kernels on stand-ins, to see what it refuses and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from shapeflow.recording.ports import tensors_of
from shapeflow.recording.shapes_only.arguments import on_cpu
from shapeflow.recording.shapes_only.stand_ins import HasValues, Numbers, StandIns, extent
from shapeflow.recording.shapes_only.wording import without_numbers
from shapeflow.recording.targets import target_name
from shapeflow.recording.torch_internals import no_torch_dispatch, no_torch_function

COMPUTED = 2**26
"""Elements of all arguments up to which a call is tried in its full size though it may be computed then."""

REFUSALS = (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError)
_ABOUT_NUMBERS: type[Exception] = vars(torch.linalg)["LinAlgError"]
_NO_REFUSAL = ("can't allocate memory", "ZeroDivisionError")
_PIVOTED = frozenset({"linalg_lu_solve", "lu_solve", "linalg_ldl_solve", "lu_unpack"})
"""Operators whose integers are rows, counted from 1."""
PICKING = frozenset({"index_put", "index_put_", "_index_put_impl_", "_unsafe_index_put"})
"""Operators of which a mask decides how many values they take."""
_NUMBERS: Sequence[Numbers] = ((1.0, 0, True), (0.0, 0, False), (0.5, 0, True))
"""What stand-ins are filled with, one attempt after the other: floats, integers, booleans."""


def attempt(
    func: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    untouched: bool = False,
    has_values: HasValues = lambda _: False,
) -> Any:
    """Run ``func`` on stand-ins and return what it gives; None if what it refuses are numbers.

    Args:
        func: the operator, or function.
        args: its arguments.
        kwargs: its keyword arguments.
        untouched: the stand-ins are not filled, but if what they happen to hold is refused.
        has_values: tells which tensors have true values, which their stand-ins then have too.

    Raises:
        Exception: what it raises whatever the numbers are.
    """
    refusals: list[Exception] = []
    # A function goes other ways where gradients are wanted, and refuses more. An operator comes after that.
    gradients = torch.is_grad_enabled() and not hasattr(func, "overloadpacket")
    with no_torch_function(), no_torch_dispatch(), torch.set_grad_enabled(gradients):
        pivot = target_name(func) in _PIVOTED
        for numbers in (None, *_NUMBERS) if untouched else _NUMBERS:
            if refusals and untouched and sum(map(extent, tensors_of((args, kwargs)).values())) > COMPUTED:
                break
            filled = None if numbers is None else (numbers[0], numbers[1] + pivot, numbers[2])
            stand_ins = StandIns((args, kwargs), filled, has_values, gradients)
            given, named = stand_ins.of(args), stand_ins.of(_runnable(kwargs))
            try:
                return stand_ins.places(args, kwargs, given, named, func(*given, **named))
            except _ABOUT_NUMBERS:
                return None
            except REFUSALS as error:
                refusals.append(error)
                if any(part in str(error) for part in _NO_REFUSAL):
                    return None
                if target_name(func) in PICKING and "shape mismatch" in str(error) and stand_ins.have_masks:
                    return None
    # That of zeros, if there are several, says least of numbers.
    raise without_numbers(refusals[min(1 + untouched, len(refusals) - 1)]).with_traceback(None)


def _runnable(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return keyword arguments for a trial: on the CPU, and without the user's generator."""
    return {**on_cpu(kwargs), "generator": None} if "generator" in kwargs else on_cpu(kwargs)
