"""What a shapes-only run would leave behind: tensors without data, kept by modules and by cached functions.

Models keep tables between runs, as attributes or with ``functools.lru_cache``; a later real run
would meet them.
"""

from __future__ import annotations

import copy
import functools
import gc
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

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


def forget_cached() -> None:
    """Empty the caches of functions that hold tensors without data; finding them takes 0.1 s."""
    for candidate in gc.get_objects():
        if type(candidate) is _CACHED and any(map(_without_data, gc.get_referents(candidate))):
            candidate.cache_clear()


def _without_data(value: object, depth: int = 5) -> bool:
    """Return whether a tensor without data is somewhere in ``value``.

    Anybody's objects are in caches, so only what Python's own containers hold is looked at: asking an
    object of another class for its items may raise, or do anything.
    """
    if isinstance(value, Tensor):
        return bool(value.is_meta)
    if not depth:
        return False
    if isinstance(value, dict):
        return any(_without_data(item, depth - 1) for item in dict.values(value))
    for kind in _HOLDERS:
        if isinstance(value, kind):
            return any(_without_data(item, depth - 1) for item in kind.__iter__(value))
    return False
