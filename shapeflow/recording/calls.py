"""Record the calls of a model's modules, and of the helper methods in which models do their work.

What is called comes from ``wrappers``, which stand in the classes for as long as anybody records. Here is
decided whether a call is one on a module of this tree, where it begins and ends, and what went in and out.

A call through ``module(...)`` comes twice: once as such, and once as the module's ``forward``. It is one
call. If the user's own hooks may change what goes in, it begins at ``forward``, which gets what they gave; it
ends after the hooks that may change what comes out.

Not seen: methods of torch's own modules other than ``forward``, properties, static and class methods,
generators and coroutines, and helper methods of a class of which the model had no module when it began.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from types import FunctionType
from typing import Any

import torch
from torch import nn

from shapeflow.model.ports import Port
from shapeflow.recording.builders import CallBuilder
from shapeflow.recording.modules import class_name, named_modules
from shapeflow.recording.ports import arguments
from shapeflow.recording.steps import Steps
from shapeflow.recording.torch_internals import children_of, no_torch_function
from shapeflow.recording.trace_builder import TraceBuilder

Method = Callable[..., Any]
_SCRIPTED: type[nn.Module] = torch.jit.ScriptModule


class OwnForward:
    """A ``forward`` that was set on one module, called like one of its class."""

    def __init__(self, own: Method) -> None:
        self.own = own

    def __call__(self, _: nn.Module, /, *args: Any, **kwargs: Any) -> Any:
        """Call it, without the module."""
        return self.own(*args, **kwargs)


@dataclass(slots=True)
class Running:
    """A call that has begun and not ended."""

    recorder: CallRecorder
    module: nn.Module
    method: str
    call: CallBuilder | None
    """None if it begins when the module's ``forward`` is reached."""
    names: tuple[str, ...]
    """Of its parameters."""
    entered: list[Method]
    """The functions that run for it: several where ``super()`` goes up the classes."""

    def end(self, args: Any, kwargs: dict[str, Any], result: Any) -> None:
        """End the call with what it gave."""
        self.recorder.leave(self)
        if self.call is not None:
            with no_torch_function():
                added: list[Port] = []
                if result is None:
                    added = self.recorder.added(self.call, self.names, args, kwargs)
                self.recorder.builder.end_call(self.call, [("out", result)], added=added)

    def fail(self, error: BaseException) -> None:
        """End the call that raised."""
        self.recorder.leave(self)
        if self.call is not None:
            self.recorder.builder.end_call(self.call, (), raised=True)
            self.recorder.builder.failing_calls.note(error, self.call.id)


@dataclass(slots=True)
class Entered:
    """A function that runs for a call that has begun already."""

    running: Running

    def end(self, *_: Any) -> None:
        """Note that it is left."""
        self.running.entered.pop()

    def fail(self, error: BaseException) -> None:
        """Note that an exception passes it."""
        self.running.entered.pop()
        if self.running.call is not None:
            self.running.recorder.builder.failing_calls.note(error, self.running.call.id)


class CallRecorder:
    """Records the calls on the modules of one model.

    Args:
        model: the root; its modules keep their qualified names.
        builder: where the records go.
        steps: told of each outermost call, and says whether the recording has ended.
    """

    def __init__(self, model: nn.Module, builder: TraceBuilder, steps: Steps | None = None) -> None:
        self.builder = builder
        self._model = model
        self._steps = steps
        self._running: list[Running] = []
        self._parameters: dict[Any, tuple[str, ...]] = {}
        self._paths: dict[int, tuple[nn.Module, str]] = {}
        """The modules by ``id()``; held, so that none is taken for another that was made at its address."""
        self._strangers: dict[int, weakref.ref[nn.Module]] = {}
        self._children: list[int] | None = None
        self._look_for_modules()

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Every module that was part of the model at some time, by its path."""
        return {path: module for module, path in self._paths.values()}

    def _path(self, module: nn.Module) -> str | None:
        """Return the path of a module of the tree, also of one that was just added; None for others."""
        known = self._paths.get(id(module))
        if known is not None:
            return known[1]
        stranger = self._strangers.get(id(module))
        if stranger is not None and stranger() is module:
            return None
        self._look_for_modules()
        known = self._paths.get(id(module))
        if known is not None:
            return known[1]
        self._strangers[id(module)] = weakref.ref(module)
        return None

    def _look_for_modules(self) -> None:
        """Look for modules that were added, if what the known ones hold is not what it was."""
        children = self._children_now()
        if children != self._children:
            for path, module in named_modules(self._model):
                self._paths.setdefault(id(module), (module, path))
            self._children = self._children_now()

    def _children_now(self) -> list[int]:
        """Return the ids of all modules that the known ones hold: a module that was added is none of them."""
        held = [children_of(module).values() for module, _ in self._paths.values()]
        return [*map(id, chain.from_iterable(held))]

    # Calls ------------------------------------------------------------------------------------------------

    def called(self, module: nn.Module, args: Any, kwargs: dict[str, Any], *, late: bool) -> Running | None:
        """Begin a call through ``module(...)``; None if it is none of this tree's.

        Args:
            module: what is called.
            args: what it is called with.
            kwargs: what it is called with, too.
            late: the call begins when its ``forward`` does, which is sure to say so.
        """
        path = self._path(module)
        if path is None or self._is_over(path, "forward"):
            return None
        names = self._names_of_forward(module)
        call = None if late else self._begin(path, module, "forward", args, kwargs, names)
        return self._enter(module, "forward", call, names, [])

    def entered(
        self, module: nn.Module, name: str, method: Method, args: Any, kwargs: dict[str, Any]
    ) -> Running | Entered | None:
        """Begin a call of a method, or enter one that has begun: ``super()`` goes up the classes."""
        path = self._path(module)
        if path is None or self._is_over(path, name):
            return None
        last = self._running[-1] if self._running else None
        if (
            last is not None
            and last.module is module
            and last.method == name
            and not any(method is other for other in last.entered)
        ):
            if last.call is None:
                last.call = self._begin(path, module, name, args, kwargs, last.names)
            last.entered.append(method)
            return Entered(last)
        names = self._names(method)
        call = self._begin(path, module, name, args, kwargs, names)
        return self._enter(module, name, call, names, [method])

    def _is_over(self, path: str, name: str) -> bool:
        """Return whether a call that is about to begin is after the last step that is recorded."""
        if self._steps is None or self._running or self.builder.open_calls or self.builder.passes:
            return False
        return self._steps.is_over((path, name))

    def _begin(
        self,
        path: str,
        module: nn.Module,
        name: str,
        args: Any,
        kwargs: dict[str, Any],
        names: tuple[str, ...],
    ) -> CallBuilder:
        if not self.builder.open_calls and not self.builder.passes:
            self.builder.mode.called(self._model, path, module)
        with no_torch_function():
            rows = arguments(args, kwargs, names)
            return self.builder.begin_call(path, name, class_name(module), rows)

    def _enter(
        self,
        module: nn.Module,
        name: str,
        call: CallBuilder | None,
        names: tuple[str, ...],
        entered: list[Method],
    ) -> Running:
        running = Running(self, module, name, call, names, entered)
        self._running.append(running)
        return running

    def leave(self, running: Running) -> None:
        """Take a call off, and what was begun in it and never ended."""
        if self._running and self._running[-1] is running:
            self._running.pop()
            return
        for position in range(len(self._running) - 1, -1, -1):
            if self._running[position] is running:
                del self._running[position:]
                break

    def added(
        self, call: CallBuilder, names: tuple[str, ...], args: Any, kwargs: dict[str, Any]
    ) -> list[Port]:
        """Return what a call that gave nothing put into containers that it was given."""
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        return [
            port
            for name, value in given.items()
            if isinstance(value, dict | list)
            for port in self.builder.added(call, f"out.{name}", value)
        ]

    # Names of parameters ----------------------------------------------------------------------------------

    def _names_of_forward(self, module: nn.Module) -> tuple[str, ...]:
        if isinstance(module, _SCRIPTED):
            return self._names(module.forward)
        own = vars(module).get("forward")
        return self._names(type(module).forward) if own is None else self._names(OwnForward(own))

    def _names(self, method: Method) -> tuple[str, ...]:
        key = method.own if isinstance(method, OwnForward) else method
        names = self._parameters.get(key)
        if names is None:
            names = _positional(key) if isinstance(method, OwnForward) else _positional(method)[1:]
            self._parameters[key] = names
        return names


def _positional(method: Method) -> tuple[str, ...]:
    """Return the names of the parameters that can be given by position."""
    schema = getattr(method, "schema", None)
    if isinstance(schema, torch.FunctionSchema):  # of a scripted method, which has no signature
        return tuple(argument.name for argument in schema.arguments)
    if type(method) is FunctionType:  # what nearly all are, and `inspect.signature` takes long
        written = inspect.unwrap(method, stop=lambda one: hasattr(one, "__signature__"))
        if type(written) is FunctionType and not hasattr(written, "__signature__"):
            return written.__code__.co_varnames[: written.__code__.co_argcount]
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(parameter.name for parameter in parameters if parameter.kind in kinds)
