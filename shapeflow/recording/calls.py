"""Record module calls and the helper methods that hooks miss.

Every module gets a forward pre-hook and a forward hook with keyword arguments. What hooks miss, a ``forward``
called directly and the helper methods in which models do their work, is seen by wrapping the methods of the
model's own classes while we record; only calls on modules of this tree are recorded. Modules of a
``nn.TransformerEncoderLayer`` get no hooks, since torch leaves its fused path when it sees one there; their
wrapped ``forward`` serves.

Not seen: methods of torch's own modules other than ``forward``, properties, static and class methods,
generators and coroutines, and modules added during the run whose class the model did not have before.
"""

from __future__ import annotations

import functools
import inspect
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from shapeflow.model.ports import Port
from shapeflow.recording.ports import arguments
from shapeflow.recording.torch_internals import hooks_of, no_torch_function, pre_hooks_of
from shapeflow.recording.trace_builder import CallBuilder, TraceBuilder

Method = Callable[..., Any]
_SCRIPTED: type[nn.Module] = torch.jit.ScriptModule


@dataclass(slots=True)
class _Running:
    """A call that has begun and not ended."""

    module: nn.Module
    method: str
    call: CallBuilder
    hooked: bool
    """True if a hook began it, and another one will end it."""
    handled: BaseException | None
    """The exception that was being handled when it began."""
    entered: list[Method]
    """The functions that run for it: several where ``super()`` goes up the classes."""


class CallRecorder:
    """Watches the calls on the modules of one model.

    Args:
        model: the root; its modules keep their qualified names.
        builder: where the records go.
    """

    def __init__(self, model: nn.Module, builder: TraceBuilder) -> None:
        self._model = model
        self._builder = builder
        self._running: list[_Running] = []
        self._parameters: dict[Any, tuple[str, ...]] = {}
        self._paths: dict[int, tuple[nn.Module, str]] = {}
        """The modules by ``id()``; held, so that none is taken for another that was made at its address."""
        self._strangers: weakref.WeakSet[nn.Module] = weakref.WeakSet()
        self._look_for_modules()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Record the calls made inside; hooks and wrappers are gone afterwards, whatever happened."""
        handles: list[RemovableHandle] = []
        wrapped: list[tuple[type, str, Method | None]] = []
        instances: list[tuple[nn.Module, Method]] = []
        modules = [module for module, _ in self._paths.values()]
        fused = _fused(modules)
        try:
            for module in modules:
                if id(module) not in fused and not isinstance(module, _SCRIPTED):
                    handles.append(module.register_forward_pre_hook(self._before, with_kwargs=True))
                    handles.append(
                        module.register_forward_hook(self._after, with_kwargs=True, always_call=True)
                    )
                own = vars(module).get("forward")
                if callable(own) and not isinstance(module, _SCRIPTED):
                    instances.append((module, own))
                    vars(module)["forward"] = self._wrap_own(module, own)
            for owner, name, method in _methods(modules):
                wrapped.append((owner, name, method))
                setattr(owner, name, self._wrap(method, name))
            # Scripted modules refuse hooks and have no forward in Python.
            wrapped.append((_SCRIPTED, "__call__", vars(_SCRIPTED).get("__call__")))
            setattr(_SCRIPTED, "__call__", self._wrap(nn.Module.__call__, "forward"))  # noqa: B010
            yield
        finally:
            for owner, name, before in wrapped:
                if before is None:
                    delattr(owner, name)
                else:
                    setattr(owner, name, before)
            for module, own in instances:
                vars(module)["forward"] = own
            for handle in handles:
                handle.remove()
            self._running.clear()

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Every module that was part of the model at some time, by its path."""
        return {path: module for module, path in self._paths.values()}

    def _path(self, module: nn.Module) -> str | None:
        """Return the path of a module of the tree, also of one that was just added; None for others."""
        known = self._paths.get(id(module))
        if known is None and module not in self._strangers:
            self._look_for_modules()
            known = self._paths.get(id(module))
            if known is None:
                self._strangers.add(module)
        return None if known is None else known[1]

    def _look_for_modules(self) -> None:
        for path, module in self._model.named_modules():
            self._paths.setdefault(id(module), (module, path))

    # Hooks: a call through ``module(...)`` ----------------------------------------------------------------

    def _before(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        path = self._path(module) or ""
        with no_torch_function():
            rows = arguments(args, kwargs, self._names_of_forward(module))
            call = self._builder.begin_call(path, "forward", type(module).__name__, rows)
        self._running.append(_Running(module, "forward", call, True, sys.exc_info()[1], []))
        return None  # noqa: PLR1711, RET501 - anything else would take the place of the inputs

    def _after(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        for position in range(len(self._running) - 1, -1, -1):
            running = self._running[position]
            if running.module is module and running.hooked:
                del self._running[position:]
                # This hook is called after an exception too, with an output of None.
                raised = running.call.raised or sys.exc_info()[1] is not running.handled
                with no_torch_function():
                    names = self._names_of_forward(module)
                    added = [] if raised else self._added(running.call, names, args, kwargs, output)
                    self._builder.end_call(running.call, [] if raised else [("out", output)], raised, added)
                break
        return None  # noqa: PLR1711, RET501 - anything else would take the place of the output

    # Wrappers: a method called directly -------------------------------------------------------------------

    def _wrap(self, method: Method, name: str) -> Method:
        """Return a method that records itself where it is called directly."""

        @functools.wraps(method)
        def recorded(module: Any, *args: Any, **kwargs: Any) -> Any:
            path = self._path(module) if isinstance(module, nn.Module) else None
            if path is None:
                return method(module, *args, **kwargs)
            last = self._running[-1] if self._running else None
            if (
                last is not None
                and last.module is module
                and last.method == name
                and method not in last.entered
            ):
                return self._entered(last, method, module, args, kwargs)
            return self._direct(method, name, path, module, args, kwargs)

        return recorded

    def _wrap_own(self, module: nn.Module, own: Method) -> Method:
        """Return what records a ``forward`` that was set on one module."""

        def method(_: Any, *args: Any, **kwargs: Any) -> Any:
            return own(*args, **kwargs)

        self._parameters[method] = _positional(own)
        return functools.wraps(own)(functools.partial(self._wrap(method, "forward"), module))

    def _entered(self, running: _Running, method: Method, module: nn.Module, args: Any, kwargs: Any) -> Any:
        """Run a method for a call that has begun: a hook began it, or ``super()`` goes up a class."""
        running.entered.append(method)
        try:
            return method(module, *args, **kwargs)
        except BaseException as error:
            if len(running.entered) == 1:  # what `super()` raised may be caught a class below
                running.call.raised = True
            self._builder.failing_calls.note(error, running.call.id)
            raise
        finally:
            running.entered.pop()

    def _direct(
        self, method: Method, name: str, path: str, module: nn.Module, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        names = self._names(method if method is not nn.Module.__call__ else module.forward)
        with no_torch_function():
            rows = arguments(args, kwargs, names)
            call = self._builder.begin_call(path, name, type(module).__name__, rows)
        self._running.append(_Running(module, name, call, False, None, [method]))
        depth = len(self._running)
        try:
            result = method(module, *args, **kwargs)
        except BaseException as error:
            del self._running[depth - 1 :]
            self._builder.end_call(call, (), raised=True)
            self._builder.failing_calls.note(error, call.id)
            raise
        del self._running[depth - 1 :]
        with no_torch_function():
            added = self._added(call, names, args, kwargs, result)
            self._builder.end_call(call, [("out", result)], added=added)
        return result

    def _added(
        self, call: CallBuilder, names: tuple[str, ...], args: Any, kwargs: dict[str, Any], result: Any
    ) -> list[Port]:
        """Return what a call that gave nothing put into containers that it was given."""
        if result is not None:
            return []
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        return [
            port
            for name, value in given.items()
            if isinstance(value, dict | list)
            for port in self._builder.added(call, f"out.{name}", value)
        ]

    def _names_of_forward(self, module: nn.Module) -> tuple[str, ...]:
        own = vars(module).get("forward")
        if own is None:
            return self._names(type(module).forward)
        if own not in self._parameters:
            self._parameters[own] = _positional(own)
        return self._parameters[own]

    def _names(self, method: Method) -> tuple[str, ...]:
        names = self._parameters.get(method)
        if names is None:
            names = self._parameters[method] = _positional(method)[1:]
        return names


def _positional(method: Method) -> tuple[str, ...]:
    """Return the names of the parameters that can be given by position."""
    schema = getattr(method, "schema", None)
    if isinstance(schema, torch.FunctionSchema):  # of a scripted method, which has no signature
        return tuple(argument.name for argument in schema.arguments)
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(parameter.name for parameter in parameters if parameter.kind in kinds)


def _fused(modules: Iterable[nn.Module]) -> set[int]:
    """Return the modules that must have no hook for torch to stay on its fused path, on which it is now."""
    return {
        id(module)
        for layer in modules
        if isinstance(layer, nn.TransformerEncoderLayer)
        and not any(hooks_of(module) or pre_hooks_of(module) for module in layer.modules())
        for module in layer.modules()
    }


def _methods(modules: Iterable[nn.Module]) -> list[tuple[type, str, Method]]:
    """Return the methods to wrap, where a class defines them: ``forward``, and the helpers of model code."""
    kinds = dict.fromkeys(map(type, modules))
    classes = {owner: None for kind in kinds for owner in kind.__mro__}
    found: list[tuple[type, str, Method]] = []
    for owner in classes:
        package = owner.__module__.partition(".")[0]
        if owner is nn.Module or package in sys.stdlib_module_names:
            continue
        for name, method in vars(owner).items():
            helper = package != "torch" and not (name.startswith("__") and name.endswith("__"))
            if (name == "forward" or helper) and _is_plain(method):
                found.append((owner, name, method))
    return found


_SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def _is_plain(method: object) -> bool:
    """Return True for a function that has done its work when it returns."""
    return isinstance(method, FunctionType) and not method.__code__.co_flags & _SUSPENDS
