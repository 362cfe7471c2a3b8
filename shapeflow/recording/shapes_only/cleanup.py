"""What a shapes-only run would leave behind: tensors without data, kept by modules and by cached functions.

Models keep tables between runs, as attributes or with ``functools.lru_cache``; a later real run
would meet them.
"""

from __future__ import annotations

import functools
import gc
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from shapeflow.common.shared import Changes
from shapeflow.recording.modules import named_modules
from shapeflow.recording.torch_internals import no_torch_function, set_version, version_of
from shapeflow.recording.wrappers import classes_of, original_of, package_of

_CACHED: Any = functools._lru_cache_wrapper
_HOLDERS: tuple[Any, ...] = (tuple, list, set, frozenset)
_CONTAINERS: tuple[type[Any], ...] = (dict, list, set, OrderedDict, defaultdict)
_ABSENT = object()


def keep_attributes(model: nn.Module, changes: Changes) -> None:
    """Put the attributes of all modules back at the end, and what those that are containers hold.

    What is set on a class of the model's own is put back, too.
    """
    modules = [module for _, module in named_modules(model)]
    for module in modules:
        held = vars(module)
        changes.share(("contents", id(held)), functools.partial(_Contents, held))
    for owner in classes_of(modules):
        if package_of(owner) != "torch":
            changes.share(("class", owner), functools.partial(_ClassAttributes, owner))


def keep_contents(value: object, changes: Changes) -> None:
    """Put back at the end what containers hold: ``value`` itself, and those in it."""
    for container in _containers(value):
        changes.share(("contents", id(container)), functools.partial(_Contents, container))


class _Contents:
    """What a container and those in it hold."""

    def __init__(self, container: object) -> None:
        self._kept = [(found, _copied(found)) for found in _containers(container)]

    def make(self) -> None:
        """Change nothing: the model may."""

    def undo(self) -> None:
        """Put it back. At no moment is anything missing that was there before."""
        for container, items in self._kept:
            if isinstance(container, list):
                container[:] = items
            elif isinstance(container, set):
                container.intersection_update(items)
                container.update(items)
            else:
                _put_back(container, items)


def _put_back(container: dict[Any, Any], items: dict[Any, Any]) -> None:
    container.update(items)
    if len(container) > len(items):
        for key in [key for key in container if key not in items]:
            del container[key]
    if any(one is not other for one, other in zip(container, items, strict=False)):
        for key, value in items.items():  # the order was another one
            container.pop(key, None)
            container[key] = value


def _copied(container: Any) -> Any:
    """Return a plain copy of what a container holds."""
    if isinstance(container, list):
        return list(container)
    return set(container) if isinstance(container, set) else dict(container)


def _containers(value: object) -> Iterable[Any]:
    found: dict[int, Any] = {}
    _collect(found, value)
    return found.values()


def _collect(found: dict[int, Any], value: object, depth: int = 4) -> None:
    """Add the containers below ``value``, by ``id()``."""
    if type(value) in _CONTAINERS:
        if id(value) in found:
            return
        found[id(value)] = value
    if depth and isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            _collect(found, item, depth - 1)


class _ClassAttributes:
    """The attributes of a class of the model's own."""

    def __init__(self, owner: type) -> None:
        self._owner = owner
        self._before = {name: original_of(value) for name, value in vars(owner).items() if _is_usual(name)}

    def make(self) -> None:
        """Change nothing: the model may."""

    def undo(self) -> None:
        """Put back what was set, and take off what was added."""
        for name, value in self._before.items():
            if original_of(vars(self._owner).get(name, _ABSENT)) is not value:
                setattr(self._owner, name, value)
        for name in [name for name in vars(self._owner) if _is_usual(name) and name not in self._before]:
            delattr(self._owner, name)


def _is_usual(name: str) -> bool:
    return not (name.startswith("__") and name.endswith("__")) and not name.startswith("_abc_")


class RandomState:
    """The state of torch's random numbers on the CPU, which all threads share."""

    def __init__(self) -> None:
        self._before = torch.random.get_rng_state()

    def make(self) -> None:
        """Change nothing: a model may set the seed."""

    def undo(self) -> None:
        """Put it back."""
        torch.random.set_rng_state(self._before)


class Shapes:
    """The shapes of the user's tensors that a run changes in place."""

    def __init__(self) -> None:
        self._before: list[tuple[Tensor, torch.Size, tuple[int, ...], int | torch.SymInt]] = []

    def note(self, tensors: Iterable[Tensor]) -> None:
        """Note the size, strides and offset that tensors have now."""
        self._before += [
            (tensor, tensor.size(), tensor.stride(), tensor.storage_offset()) for tensor in tensors
        ]

    def put_back(self) -> None:
        """Give them back what was noted, the last change first."""
        with torch.no_grad():
            while self._before:
                tensor, size, stride, offset = self._before[-1]
                tensor.as_strided_(size, stride, offset)
                self._before.pop()


def keep_gradients(tensors: Iterable[Tensor], changes: Changes) -> None:
    """Put back at the end whether tensors want gradients, which they have, and the writes to them."""
    states = [
        (tensor, tensor.requires_grad, gradient_of(tensor), _writes(tensor)) for tensor in _distinct(tensors)
    ]

    def put_back() -> None:
        with no_torch_function():
            for tensor, wanted, gradient, writes in states:
                if gradient_of(tensor) is not gradient:
                    tensor.grad = gradient
                if not tensor.is_leaf and not wanted:  # it was written to with what a weight made
                    with suppress(RuntimeError):
                        tensor.detach_()
                if tensor.requires_grad != wanted:
                    tensor.requires_grad_(wanted)
                if set_version is not None and writes is not None and version_of(tensor) != writes:
                    set_version((tensor,), (writes,))

    changes.on_end(put_back)


def gradient_of(tensor: Tensor) -> Tensor | None:
    """Return the gradient of a tensor that may have one; torch warns if another is asked."""
    return tensor.grad if tensor.is_leaf or tensor.retains_grad else None


def _distinct(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Return each tensor once, without the lazy ones that have no memory yet."""
    return [*{id(tensor): tensor for tensor in tensors if not is_lazy(tensor)}.values()]


def _writes(tensor: Tensor) -> int | None:
    return None if tensor.is_inference() else version_of(tensor)


def forget_cached(is_symbolic: Callable[[Tensor], bool]) -> None:
    """Empty the caches of functions that hold tensors without data; finding them takes 0.1 s.

    Args:
        is_symbolic: tells these from others.
    """
    cached = [candidate for candidate in gc.get_objects() if type(candidate) is _CACHED]
    for function in cached:
        if any(_holds(item, is_symbolic) for item in gc.get_referents(function)):
            function.cache_clear()


def _holds(value: object, wanted: Callable[[Tensor], bool], depth: int = 5) -> bool:
    """Return whether a tensor of a kind is somewhere in ``value``.

    Anybody's objects are in caches, so only what Python's own containers hold is looked at: asking an
    object of another class for its items may raise, or do anything.
    """
    if isinstance(value, Tensor):
        return wanted(value)
    if not depth:
        return False
    if isinstance(value, dict):
        return any(_holds(item, wanted, depth - 1) for item in dict.values(value))
    for kind in _HOLDERS:
        if isinstance(value, kind):
            return any(_holds(item, wanted, depth - 1) for item in kind.__iter__(value))
    return False
