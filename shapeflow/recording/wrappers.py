"""Stand in torch's and the model's classes while anybody records, and tell the recordings of each call.

``nn.Module.__call__`` is replaced, and the methods of the model's own classes: a ``forward`` called directly
and helper methods go by without it. Nothing is put on a module itself, neither hook nor attribute: a model
may copy, save, script or trace itself while it runs, and torch leaves its fused paths where it sees a hook.
The one exception is a ``forward`` that was set on a module; what stands in for it copies and pickles as that.

A replaced method runs in the globals of the original and has it as ``__wrapped__``, so that who reads its
source, such as ``torch.jit.script``, finds what is written there.
"""

from __future__ import annotations

import copy
import functools
import inspect
import operator
import sys
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.fx import Proxy

from shapeflow.common.shared import Changes, replace_all
from shapeflow.recording.active import here
from shapeflow.recording.calls import Entered, Method, OwnForward, Running
from shapeflow.recording.torch_internals import global_pre_hooks, pre_hooks_of

Begun: TypeAlias = list[Running | Entered]
_SCRIPTED: type[nn.Module] = torch.jit.ScriptModule


def watch_calls(modules: Iterable[nn.Module], changes: Changes) -> None:
    """Let recordings be told of calls of modules and of their methods, until the changes end.

    Args:
        modules: those of the model.
        changes: those of the recording.
    """
    modules = list(modules)
    rows: list[tuple[Any, str, Callable[[Any], Any]]] = [
        (nn.Module, "__call__", lambda call: _wrapped(call, _called))
    ]
    for owner, name in _methods(modules):
        rows.append((owner, name, functools.partial(_wrapped_method, name)))
    for module in modules:
        own = vars(module)
        if "forward" in own and callable(own["forward"]) and not isinstance(module, _SCRIPTED):
            rows.append((own, "forward", functools.partial(_StandIn, module)))
    replace_all(changes, rows)


# What is told ---------------------------------------------------------------------------------------------


def _called(module: nn.Module, args: Any, kwargs: dict[str, Any]) -> Begun:
    """Tell of a call through ``module(...)``."""
    recorders = here()
    if not recorders or _is_symbolic(args, kwargs):
        return []
    late = bool(pre_hooks_of(module) or global_pre_hooks) and _tells_of_forward(module)
    begun = [recorder.called(module, args, kwargs, late=late) for recorder in recorders]
    return [one for one in begun if one is not None]


def _is_symbolic(args: Any, kwargs: dict[str, Any]) -> bool:
    """Return True for a call by which ``torch.fx`` reads what a module does: nothing is run."""
    for value in args:
        if isinstance(value, Proxy):
            return True
    return bool(kwargs) and any(isinstance(value, Proxy) for value in kwargs.values())


def _tells_of_forward(module: nn.Module) -> bool:
    own = vars(module).get("forward")
    return (
        isinstance(own, _StandIn) if own is not None else _is_wrapper(getattr(type(module), "forward", None))
    )


def _entered(name: str, method: Method, module: Any, args: Any, kwargs: dict[str, Any]) -> Begun:
    """Tell of a method that is called."""
    recorders = here()
    if not recorders or not isinstance(module, nn.Module) or _is_symbolic(args, kwargs):
        return []
    begun = [recorder.entered(module, name, method, args, kwargs) for recorder in recorders]
    return [one for one in begun if one is not None]


def _ended(begun: Begun, args: Any, kwargs: dict[str, Any], result: Any) -> None:
    for one in reversed(begun):
        one.end(args, kwargs, result)


def _failed(begun: Begun, error: BaseException) -> None:
    for one in reversed(begun):
        one.fail(error)


# What is put in place ---------------------------------------------------------------------------------------


def original_of(method: Any) -> Any:
    """Return the method that a wrapper of ours stands for; anything else is itself."""
    return method.__wrapped__ if _is_wrapper(method) else method


def _wrapped(method: Method, begin: Callable[..., Begun]) -> Method:
    """Return a function that tells the recordings at work of its calls.

    Args:
        method: the original.
        begin: tells them that a call begins; returns what has to be told of its end.
    """
    ended, failed = _ended, _failed  # all that `recorded` names has to be of this function, see below

    def recorded(module: Any, /, *args: Any, **kwargs: Any) -> Any:
        begun = begin(module, args, kwargs)
        if not begun:
            return method(module, *args, **kwargs)
        try:
            result = method(module, *args, **kwargs)
        except BaseException as error:
            failed(begun, error)
            raise
        ended(begun, args, kwargs, result)
        return result

    world = getattr(method, "__globals__", globals())
    wrapper = FunctionType(recorded.__code__, world, recorded.__name__, None, recorded.__closure__)
    return functools.update_wrapper(wrapper, method)


def _is_wrapper(method: Any) -> bool:
    return getattr(method, "__code__", None) is _CODE


def _wrapped_method(name: str, method: Method) -> Method:
    return _wrapped(method, functools.partial(_entered, name, method))


_CODE = _wrapped(lambda _: None, lambda *_: []).__code__
"""What all wrappers have in common."""


class _StandIn:
    """Records a ``forward`` that was set on one module; a copy of it is one of the original."""

    def __init__(self, module: nn.Module, own: Method) -> None:
        self.__wrapped__ = own
        self._call = functools.partial(_wrapped_method("forward", OwnForward(own)), module)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the original, and record it."""
        return self._call(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in ("__self__", "__func__", "__name__"):
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __copy__(self) -> Method:
        return self.__wrapped__

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy.deepcopy(self.__wrapped__, memo)

    def __reduce__(self) -> tuple[Any, ...]:
        return operator.getitem, ([self.__wrapped__], 0)


# What is replaced -----------------------------------------------------------------------------------------


def _methods(modules: Iterable[nn.Module]) -> list[tuple[type, str]]:
    """Return the methods to wrap, where a class defines them: ``forward``, and the helpers of model code."""
    found: list[tuple[type, str]] = []
    for owner in classes_of(modules):
        helpers = package_of(owner) != "torch"
        for name, method in vars(owner).items():
            helper = helpers and not (name.startswith("__") and name.endswith("__"))
            if (name == "forward" or helper) and _is_plain(original_of(method)):
                found.append((owner, name))
    return found


def classes_of(modules: Iterable[nn.Module]) -> list[type]:
    """Return the classes that modules are of, and those that they are derived from, without ``nn.Module``."""
    kinds = dict.fromkeys(map(type, modules))
    classes = dict.fromkeys(owner for kind in kinds for owner in kind.__mro__)
    return [
        owner
        for owner in classes
        if owner is not nn.Module and package_of(owner) not in sys.stdlib_module_names
    ]


def package_of(owner: type) -> str:
    """Return the name of the package that has a class."""
    return str(owner.__module__).partition(".")[0]


_SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def _is_plain(method: object) -> bool:
    """Return True for a function that has done its work when it returns."""
    return isinstance(method, FunctionType) and not method.__code__.co_flags & _SUSPENDS
