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

from torch import nn

from shapeflow.recording.ports import tensors_of

_CACHED: Any = functools._lru_cache_wrapper
_CONTAINERS: tuple[type[Any], ...] = (dict, list, set, OrderedDict, defaultdict)


@contextmanager
def attributes_kept(model: nn.Module) -> Iterator[None]:
    """Put the attributes of all modules back at the end, and what those that are containers hold."""
    states = [(vars(module), dict(vars(module))) for module in model.modules()]
    held = {id(value): value for _, before in states for value in before.values()}
    containers = [(value, copy.copy(value)) for value in held.values() if type(value) in _CONTAINERS]
    try:
        yield
    finally:
        for now, before in states:
            now.clear()
            now.update(before)
        for container, items in containers:
            container.clear()
            (container.extend if isinstance(container, list) else container.update)(items)


def forget_cached() -> None:
    """Empty the caches of functions that hold tensors without data; finding them takes 0.1 s."""
    for candidate in gc.get_objects():
        if type(candidate) is _CACHED and candidate.cache_info().currsize:
            results = [item for held in gc.get_referents(candidate) for item in _items(held)]
            if any(tensor.is_meta for tensor in tensors_of(results).values()):
                candidate.cache_clear()


def _items(held: object) -> list[Any]:
    """Return what a part of a cache holds: results, which are in a dict if their number has no limit."""
    return list(held.values()) if isinstance(held, dict) else [held]
