"""The run of a model: what it is given checked, resized and moved, as an adapter hands it over.

``--input``, ``--call``, ``--train``, ``--backward``, the device and other sizes work alike for all adapters
whose run goes through here.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.base import Prepared
from shapeflow.adapters.recorded import to_recorded_run
from shapeflow.adapters.request import Request
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch.nn import Module

    from shapeflow.adapters.given.arguments import Arguments
    from shapeflow.adapters.given.callee import Callee

NOTHING: Mapping[str, str] = MappingProxyType({})


def prepared(
    model: Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    request: Request,
    *,
    made: Mapping[str, str] = NOTHING,
    function: Callable[..., Any] | None = None,
) -> Prepared:
    """Lay out a run of ``model(*args, **kwargs)`` as it is asked for.

    Args:
        model: built under whatever modes are active; the root of what is watched.
        args: what its forward is given by position.
        kwargs: what its forward is given by name.
        request: what the user wants to see run.
        made: input, by the name of its parameter -> how it was made, a sentence without its full stop.
        function: what is called instead of the model, which it runs.

    Raises:
        InputError: what is called does not take these arguments, or a size cannot be changed.
    """
    import torch

    from shapeflow.adapters.given.applied import put_given
    from shapeflow.adapters.given.callee import callee_of

    callee = callee_of(model, request.call, function)
    arguments = _arguments(model, callee, args, kwargs, request, function)
    made = {name: told for name, told in made.items() if name in arguments.named}
    ours = frozenset(made)
    made |= put_given(callee, model, arguments, request, ours)
    made = {name: told for name, told in made.items() if name not in ours or name in arguments.named}
    args, kwargs = tuple(arguments.args), arguments.kwargs
    if request.resize:
        from shapeflow.adapters.resize import resized

        args, kwargs = resized(args, kwargs, request.resize, tuple(callee.positional))
    if request.device == "cuda":
        from shapeflow.recording.torch_internals import change_nested

        move = partial(change_nested, torch.Tensor, lambda tensor: tensor.to(request.device))
        model, args, kwargs = model.to(request.device), move(args), move(kwargs)
    _check_arguments(model, callee, args, kwargs, request)
    if request.train:
        model.train()
    run: Callable[[], object] = partial(callee.function, *args, **kwargs)
    inputs = {**to_recorded_run(request), **({"made": made} if made else {})}
    if request.backward:
        from shapeflow.adapters.given.backward import Backward

        both = Backward(run, callee.called)
        return Prepared(model, both, inputs, _versions(model), outcome=both.outcome)
    return Prepared(model, run, inputs, _versions(model))


def _arguments(
    model: Module,
    callee: Callee,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    request: Request,
    function: Callable[..., Any] | None,
) -> Arguments:
    """Return what the callee is given; another method gets what it takes by name of what the forward gets."""
    from shapeflow.adapters.given.arguments import Arguments
    from shapeflow.adapters.given.callee import callee_of

    if not request.call:
        return Arguments(callee, args, kwargs)
    if function is None and not args and not kwargs:
        return Arguments(callee)
    usual = callee_of(model, "", function)
    if usual.function is callee.function:
        return Arguments(callee, args, kwargs)
    named = Arguments(usual, args, kwargs).named
    taken = {name: value for name, value in named.items() if name in callee.parameters}
    if not taken and callee.takes(inspect.Parameter.VAR_KEYWORD):  # as `generate` of transformers does
        taken = {name: value for name, value in named.items() if name.isidentifier()}
    return Arguments(callee, (), taken)


def _versions(model: Module) -> dict[str, str]:
    """Return the versions of torch and of the package that the model is from."""
    import torch

    versions = {"torch": str(torch.__version__)}
    package = sys.modules.get(type(model).__module__.partition(".")[0])
    version = getattr(package, "__version__", None)
    if package is not None and isinstance(version, str):
        versions[package.__name__] = version
    return versions


def _check_arguments(
    model: Module, callee: Callee, args: tuple[Any, ...], kwargs: dict[str, Any], request: Request
) -> None:
    """Check that the callee takes the arguments, so that a mistake is not reported as a crash."""
    if callee.signature is None:
        return
    try:
        callee.signature.bind(*args, **kwargs)
    except TypeError as error:
        from shapeflow.adapters.given.arguments import Arguments
        from shapeflow.adapters.given.examples import examples

        there = Arguments(callee, args, kwargs).named
        missing = [name for name in callee.needed if name not in there]
        given = [type(value).__name__ for value in args]
        given += [f"{key}={type(value).__name__}" for key, value in kwargs.items()]
        raise InputError(
            "target-inputs",
            f"{callee.called} cannot be called with what '{request.target}' gives",
            where="option --model",
            expected=f"{callee.called.rpartition('.')[2]}{callee.signature}",
            found=f"({', '.join(given)}): {error}",
            hint=examples(callee, model, missing) or "return (model, args) or (model, args, kwargs)",
        ) from None
