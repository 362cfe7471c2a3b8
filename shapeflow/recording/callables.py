"""What a user may hand over to be run: a module, a method of one, or a function that has some in reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MethodType
from typing import Any, cast

from torch import nn

from shapeflow.errors import InputError
from shapeflow.recording.reach import root_of


def watched_root(model: object, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> nn.Module:
    """Return the module that a recording of ``model(*args, **kwargs)`` has to watch.

    Raises:
        InputError: it cannot be called, or no module is in its reach.
    """
    if isinstance(model, nn.Module):
        return model
    if isinstance(model, type):
        raise InputError(
            "not-callable",
            f"{model.__name__} is a class, not a model that can be run",
            where="argument model",
            expected="a module, or a function that runs one",
            hint=f"make one first: shapeflow.trace({model.__name__}(...), ...)",
        )
    if not callable(model):
        raise InputError(
            "not-callable",
            f"an object of class {type(model).__name__} is not a model that can be run",
            where="argument model",
            expected="a module, or a function that runs one",
        )
    root = root_of(model, *args, *kwargs.values())
    if root is None:
        raise InputError(
            "no-module",
            f"no module is in reach of '{_plain_name(model)}'",
            where="argument model",
            expected="a module, a method of one, or a function that uses one by name, closure or argument",
            hint="with shapeflow.record(module) as recording: ...",
        )
    return root


def recorded_root(thing: object) -> nn.Module:
    """Return the module that a recording of whatever is done with an object has to watch.

    Raises:
        InputError: no module is in it.
    """
    root = thing if isinstance(thing, nn.Module) else root_of(cast("Callable[..., Any]", thing))
    if root is None or isinstance(thing, type):
        raise InputError(
            "no-module",
            f"there is no module in an object of class {type(thing).__name__}",
            where="argument model",
            expected="a module, or an object that has some",
        )
    return root


def as_looked_up(model: Callable[..., Any]) -> Callable[..., Any]:
    """Return a callable in which the methods of modules are looked up when it is called.

    A recording stands in the classes of modules: a method that was taken from one before goes by it.
    """
    if isinstance(model, partial):
        return partial(as_looked_up(model.func), *model.args, **model.keywords)
    owner = getattr(model, "__self__", None)
    if isinstance(model, MethodType) and isinstance(owner, nn.Module):
        name = model.__name__
        if getattr(owner, name, None) == model:
            return partial(_call, owner, name)
    return model


def _call(owner: object, name: str, /, *args: Any, **kwargs: Any) -> Any:
    return getattr(owner, name)(*args, **kwargs)


def name_of(model: object, root: nn.Module) -> str:
    """Return what a callable that was run is called: ``GPT2LMHeadModel.generate``, ``encode_and_decode``."""
    while isinstance(model, partial):
        model = model.func
    owner, name = getattr(model, "__self__", None), getattr(model, "__name__", "")
    return f"{type(root).__name__}.{name}" if owner is root and name else _plain_name(model)


def _plain_name(model: object) -> str:
    while isinstance(model, partial):
        model = model.func
    name = str(getattr(model, "__qualname__", None) or type(model).__qualname__)
    return name.rpartition("<locals>.")[2]
