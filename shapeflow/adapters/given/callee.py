"""What is run of a model: its forward, a method of it or of a part, or a function; and what that takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError
from shapeflow.recording.callables import as_looked_up
from shapeflow.recording.torch_internals import children_of

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Callee:
    """What is called, and what it takes."""

    function: Callable[..., Any]
    called: str
    """Its name in messages: ``Tiny.forward``."""
    signature: inspect.Signature | None
    """None: it has none that Python can read."""

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """What it takes by name or position, ``*args`` and ``**kwargs`` left out."""
        every = {} if self.signature is None else self.signature.parameters
        return {name: one for name, one in every.items() if one.kind not in VARIADIC}

    @property
    def positional(self) -> list[str]:
        """The parameters that it takes by position, in order."""
        return [name for name, one in self.parameters.items() if one.kind in POSITIONAL]

    @property
    def needed(self) -> list[str]:
        """The parameters that have no default."""
        return [name for name, one in self.parameters.items() if one.default is one.empty]

    def takes(self, kind: Any) -> bool:
        """Return whether it takes any number of arguments of a kind, or may do so."""
        return self.signature is None or any(one.kind is kind for one in self.signature.parameters.values())


def callee_of(model: nn.Module, call: str, function: Callable[..., Any] | None) -> Callee:
    """Return what is run.

    Args:
        model: the root.
        call: what ``--call`` says: the name of a method, perhaps of a part; empty: nothing.
        function: what runs the model instead of its forward, if a factory gave one.

    Raises:
        InputError: there is no such method, or the model has no forward.
    """
    if call:
        return _method(model, call)
    if function is not None:
        name = getattr(function, "__qualname__", "") or type(function).__name__
        return Callee(as_looked_up(function), name.replace("<locals>.", ""), _signature(function))
    return _forward(model, type(model).__name__)


def _forward(module: nn.Module, called: str) -> Callee:
    """Return the call of a module, hooks included, with the signature of its forward."""
    if getattr(type(module), "forward", None) is nn.Module.forward and "forward" not in vars(module):
        raise InputError(
            "no-method",
            f"{called} has no forward",
            where="option --model",
            expected="a model that can be called, or --call with the method to run",
            found=_shown(_methods(module)),
            hint=next((f"--call {name}" for name in _methods(module)), ""),
        )
    return Callee(module, f"{called}.forward", _signature(module.forward))


def _method(model: nn.Module, call: str) -> Callee:
    """Return the method that a dotted name leads to; a module on its end is called itself."""
    parts = call.removesuffix("()").split(".")
    if parts[0] in ("", "model") and len(parts) > 1 and not hasattr(model, parts[0]):
        parts = parts[1:]
    thing: Any = model
    for number, part in enumerate(parts):
        owner, thing = thing, getattr(thing, part, None)
        if thing is None and part.isdigit() and isinstance(owner, nn.Module):
            thing = children_of(owner).get(part)
        if thing is None:
            raise _no_method(model, call, owner, ".".join(parts[:number]), part)
    if isinstance(thing, nn.Module):
        return _forward(thing, call)
    if not callable(thing):
        raise InputError(
            "no-method",
            f"'{call}' of {type(model).__name__} cannot be called",
            where="option --call",
            expected="the name of a method",
            found=f"an object of class {type(thing).__name__}",
            hint=next((f"--call {name}" for name in _methods(model)), ""),
        )
    if parts == ["forward"]:
        return _forward(model, type(model).__name__)
    return Callee(as_looked_up(thing), f"{type(owner).__name__}.{parts[-1]}", _signature(thing))


def _no_method(model: nn.Module, call: str, owner: Any, before: str, part: str) -> InputError:
    known = _methods(owner) if isinstance(owner, nn.Module) else []
    parts = list(children_of(owner)) if isinstance(owner, nn.Module) else []
    close = nearest(part, [*known, *parts], 1)
    prefix = f"{before}." if before else ""
    return InputError(
        "no-method",
        f"{type(owner).__name__} has no method '{part}'",
        where="option --call",
        expected=f"a method of {type(model).__name__}, or of a part of it, such as encoder.encode",
        found=_shown(known),
        hint=f"--call {prefix}{close[0]}" if close else "",
    )


def _shown(methods: list[str]) -> str:
    return f"it has {listing(methods, 6)}" if methods else "it has no methods of its own but forward"


def _methods(module: nn.Module) -> list[str]:
    """Return the public methods of a module's own classes, torch's left out."""
    return list(dict.fromkeys(_own_methods(type(module))))


def _own_methods(kind: type) -> Iterator[str]:
    for owner in kind.__mro__:
        if owner is nn.Module or owner is object:
            continue
        for name, thing in vars(owner).items():
            if not name.startswith("_") and not hasattr(nn.Module, name) and inspect.isroutine(thing):
                yield name


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return what a function takes; of a scripted one by its schema."""
    schema = getattr(function, "schema", None)
    if schema is not None and hasattr(schema, "arguments"):
        return inspect.Signature([_scripted(argument) for argument in schema.arguments[1:]])
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None


def _scripted(argument: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY if argument.kwarg_only else inspect.Parameter.POSITIONAL_OR_KEYWORD
    default = argument.default_value if argument.has_default_value() else inspect.Parameter.empty
    return inspect.Parameter(argument.name, kind, default=default, annotation=str(argument.type))
