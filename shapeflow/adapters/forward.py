"""The run of a model's forward: its inputs checked, resized and moved, as an adapter hands them over."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.base import Prepared
from shapeflow.adapters.request import Request
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch.nn import Module

NOTHING: Mapping[str, str] = MappingProxyType({})


def prepared(
    model: Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    request: Request,
    *,
    made: Mapping[str, str] = NOTHING,
) -> Prepared:
    """Lay out a run of ``model(*args, **kwargs)`` on the device and with the sizes that are asked for.

    Args:
        model: built under whatever modes are active.
        args: what its forward is given by position.
        kwargs: what its forward is given by name.
        request: what the user wants to see run.
        made: input -> how it was made, a sentence without its full stop; for the trace.

    Raises:
        InputError: the forward does not take these arguments, or a size cannot be changed.
    """
    import torch

    if request.resize:
        from shapeflow.adapters.resize import resized

        args, kwargs = resized(args, kwargs, request.resize)
    if request.device == "cuda":
        from shapeflow.recording.torch_internals import change_nested

        move = partial(change_nested, torch.Tensor, lambda tensor: tensor.to(request.device))
        model, args, kwargs = model.to(request.device), move(args), move(kwargs)
    _check_arguments(model, args, kwargs, request.target)
    versions = {"torch": str(torch.__version__)}
    package = sys.modules.get(type(model).__module__.partition(".")[0])
    version = getattr(package, "__version__", None)
    if package is not None and isinstance(version, str):
        versions[package.__name__] = version
    inputs = {"seed": request.seed, **({"made": dict(made)} if made else {})}
    return Prepared(model, partial(model, *args, **kwargs), inputs, versions)


def _check_arguments(model: Module, args: tuple[Any, ...], kwargs: dict[str, Any], target: str) -> None:
    """Check that the model's forward takes the arguments, so that a mistake is not reported as a crash."""
    try:
        signature = inspect.signature(model.forward)
    except ValueError:  # a scripted model has no signature to look at
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        given = [type(value).__name__ for value in args]
        given += [f"{key}={type(value).__name__}" for key, value in kwargs.items()]
        raise InputError(
            "target-inputs",
            f"{type(model).__name__}.forward cannot be called with what '{target}' gives",
            where="option --model",
            expected=f"forward{signature}",
            found=f"({', '.join(given)}): {error}",
            hint="return (model, args) or (model, args, kwargs)",
        ) from None
