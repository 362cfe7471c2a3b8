"""Record module calls and the helper methods that hooks miss.

Every module gets a forward pre-hook and a forward hook with keyword arguments. What hooks miss, a ``forward`` called
directly and the helper methods in which models do their work, is seen by wrapping the methods of the model's own
classes while we record; only calls on modules of this tree are recorded. Modules inside ``nn.TransformerEncoderLayer``
get no hooks, since torch leaves its fused path when it sees one there; their wrapped ``forward`` serves.

Not seen: methods of torch's own modules other than ``forward``, properties, static methods, generators.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from shapeflow.recording.draft import CallDraft, Draft
from shapeflow.recording.ports import arguments, tensors_of, walk


class CallRecorder:
    """Watches the calls on the modules of one model.

    Args:
        model: the root; its modules keep their qualified names.
        draft: where the records go.
    """

    def __init__(self, model: nn.Module, draft: Draft) -> None:
        self._model = model
        self._draft = draft
        self._paths = {id(module): path for path, module in model.named_modules()}
        self._running: list[tuple[int, str, CallDraft]] = []
        """The calls that are open: module, method, and the draft."""
        self._parameters: dict[Any, tuple[str, ...]] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Record the calls made inside; hooks and wrappers are gone afterwards, whatever happened."""
        handles: list[Any] = []
        wrapped: list[tuple[type, str, Any]] = []
        try:
            fused = {
                id(module)
                for layer in self._model.modules()
                if isinstance(layer, nn.TransformerEncoderLayer)
                for module in layer.modules()
            }
            for module in self._model.modules():
                if id(module) not in fused:
                    handles.append(module.register_forward_pre_hook(self._before, with_kwargs=True))
                    handles.append(
                        module.register_forward_hook(self._after, with_kwargs=True, always_call=True)
                    )
            for owner, name, method in _methods(self._model):
                wrapped.append((owner, name, method))
                setattr(owner, name, self._wrap(method, name))
            yield
        finally:
            for owner, name, method in wrapped:
                setattr(owner, name, method)
            for handle in handles:
                handle.remove()

    # Hooks: a call through ``module(...)`` -----------------------------------------------------------------------

    def _before(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        names = self._names(type(module).forward)
        with torch._C.DisableTorchFunction():
            call = self._draft.begin_call(
                self._paths[id(module)], "forward", type(module).__name__, arguments(args, kwargs, names)
            )
        self._running.append((id(module), "forward", call))
        return None

    def _after(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if not any(key == id(module) and method == "forward" for key, method, _ in self._running):
            return None  # opened before we were there
        while self._running:
            key, method, call = self._running.pop()
            if key == id(module) and method == "forward":
                with torch._C.DisableTorchFunction():
                    self._draft.end_call(call, () if call.raised else walk("out", output), call.raised)
                break
        return None

    # Wrappers: a method called directly --------------------------------------------------------------------------

    def _wrap(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        names = self._names(method)

        @functools.wraps(method)
        def recorded(module: Any, *args: Any, **kwargs: Any) -> Any:
            path = self._paths.get(id(module))
            if path is None:
                return method(module, *args, **kwargs)
            if self._is_inside(module, name):
                return self._entered(method, module, args, kwargs)
            return self._direct(method, name, names, path, module, args, kwargs)

        return recorded

    def _is_inside(self, module: nn.Module, name: str) -> bool:
        """Return True if the innermost open call is this one: hooks opened it, or ``super()`` goes up a class."""
        return bool(self._running) and self._running[-1][:2] == (id(module), name)

    def _entered(self, method: Callable[..., Any], module: nn.Module, args: Any, kwargs: Any) -> Any:
        call = self._running[-1][2]
        try:
            return method(module, *args, **kwargs)
        except BaseException:
            call.raised = True  # the hook that closes the call cannot tell this from a result of None
            raise

    def _direct(
        self,
        method: Callable[..., Any],
        name: str,
        names: tuple[str, ...],
        path: str,
        module: nn.Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        with torch._C.DisableTorchFunction():
            call = self._draft.begin_call(path, name, type(module).__name__, arguments(args, kwargs, names))
            filled = _containers(args, kwargs, names) if name != "forward" else {}
        self._running.append((id(module), name, call))
        depth = len(self._running)
        try:
            result = method(module, *args, **kwargs)
        except BaseException:
            del self._running[depth - 1 :]
            self._draft.end_call(call, (), raised=True)
            raise
        del self._running[depth - 1 :]
        with torch._C.DisableTorchFunction():
            leaves = walk("out", result)
            if result is None:
                leaves += _added(filled)
            self._draft.end_call(call, leaves)
        return result

    def _names(self, method: Any) -> tuple[str, ...]:
        names = self._parameters.get(method)
        if names is None:
            try:
                names = tuple(inspect.signature(method).parameters)[1:]
            except (TypeError, ValueError):
                names = ()
            self._parameters[method] = names
        return names


def _methods(model: nn.Module) -> list[tuple[type, str, Callable[..., Any]]]:
    """Return the methods to wrap, each where its class defines it: ``forward`` everywhere, helpers of model code."""
    classes = {owner for module in model.modules() for owner in type(module).__mro__}
    found = []
    for owner in classes - {nn.Module, object}:
        own = owner.__module__.partition(".")[0] != "torch"
        for name, method in list(vars(owner).items()):
            if not inspect.isfunction(method) or inspect.isgeneratorfunction(method):
                continue
            if name == "forward" or (own and not (name.startswith("__") and name.endswith("__"))):
                found.append((owner, name, method))
    return found


def _containers(
    args: tuple[Any, ...], kwargs: dict[str, Any], names: tuple[str, ...]
) -> dict[str, tuple[Any, set[int]]]:
    """Return the dicts and lists among the arguments, by parameter name, with the tensors they hold now."""
    named = dict(zip(names, args, strict=False)) | kwargs
    return {
        name: (value, {id(tensor) for tensor in tensors_of(value).values()})
        for name, value in named.items()
        if isinstance(value, dict | list)
    }


def _added(containers: dict[str, tuple[Any, set[int]]]) -> list[tuple[str, Tensor]]:
    """Return the tensors that a method put into containers it was given, as ``out.PARAMETER.KEY``."""
    return [
        (f"out.{name}{place}", tensor)
        for name, (value, before) in containers.items()
        for place, tensor in tensors_of(value).items()
        if id(tensor) not in before
    ]

