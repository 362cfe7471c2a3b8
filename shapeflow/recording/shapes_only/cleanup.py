"""What a shapes-only run would leave behind: tensors without data, kept by modules and by cached functions.

Models keep tables between runs, as attributes or with ``functools.lru_cache``; a later real run
would meet them.
"""

from __future__ import annotations

import copy
import functools
import gc
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from shapeflow.recording.torch_internals import no_torch_function, set_version, version_of

_CACHED: Any = functools._lru_cache_wrapper
_HOLDERS: tuple[Any, ...] = (tuple, list, set, frozenset)
_CONTAINERS: tuple[type[Any], ...] = (dict, list, set, OrderedDict, defaultdict)


@contextmanager
def attributes_kept(model: nn.Module) -> Iterator[None]:
    """Put the attributes of all modules back at the end, and what those that are containers hold."""
    states = [(vars(module), dict(vars(module))) for module in model.modules()]
    with contents_kept([before for _, before in states]):
        try:
            yield
        finally:
            for now, before in states:
                now.clear()
                now.update(before)


@contextmanager
def contents_kept(value: object) -> Iterator[None]:
    """Put back at the end what containers hold: ``value`` itself, and those in it."""
    found: dict[int, Any] = {}
    _collect(found, value)
    containers = [(container, copy.copy(container)) for container in found.values()]
    try:
        yield
    finally:
        for container, items in containers:
            container.clear()
            (container.extend if isinstance(container, list) else container.update)(items)


def _collect(found: dict[int, Any], value: object, depth: int = 4) -> None:
    """Add the containers below ``value``, by ``id()``."""
    if type(value) in _CONTAINERS:
        if id(value) in found:
            return
        found[id(value)] = value
    if depth and isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            _collect(found, item, depth - 1)


@contextmanager
def gradients_kept(tensors: Iterable[Tensor]) -> Iterator[None]:
    """Put back at the end whether tensors want gradients, which they have, and the writes to them."""
    states = [
        (tensor, tensor.requires_grad, gradient_of(tensor), _writes(tensor)) for tensor in _distinct(tensors)
    ]
    try:
        yield
    finally:
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
    for candidate in gc.get_objects():
        if type(candidate) is _CACHED and any(
            _holds(item, is_symbolic) for item in gc.get_referents(candidate)
        ):
            candidate.cache_clear()


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
