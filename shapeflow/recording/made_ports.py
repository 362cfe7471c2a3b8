"""Make ports quickly: those of tensors without detours, and those of plain arguments, which repeat, once."""

from __future__ import annotations

from functools import lru_cache

import torch

from shapeflow.common.quick import maker
from shapeflow.model.ports import Port
from shapeflow.recording.ports import plain

CACHED = frozenset({bool, int, type(None)})
"""Types whose values have one text if they are equal, which `0.0` and `-0.0` do not."""
LISTS = frozenset({tuple, list, torch.Size})
WHOLE = frozenset({int})
"""What is in a sequence of sizes."""

tensor_port = maker(Port)


@lru_cache(maxsize=2**12, typed=True)
def number_port(name: str, value: bool | int | None, alias: str) -> Port:
    """Return the port of a number, of a truth value, or of None."""
    return Port(name, None, plain(value), alias)


@lru_cache(maxsize=2**12)
def sizes_port(name: str, sizes: tuple[int, ...], is_list: bool, alias: str) -> Port:
    """Return the port of whole numbers in a tuple or a list."""
    return Port(name, None, plain(list(sizes) if is_list else sizes), alias)


@lru_cache(maxsize=2**12)
def text_port(name: str, text: str, alias: str = "") -> Port:
    """Return the port of what is not a tensor, by its text."""
    return Port(name, None, text, alias)
