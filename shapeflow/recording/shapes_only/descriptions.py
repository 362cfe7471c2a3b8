"""What tells one operator call from another: all that may change what it gives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_THEMSELVES: frozenset[type] = frozenset({int, str, type(None)})


def describe(argument: Any) -> Any:
    """Return a hashable description of an argument, of all that may change an output's metadata."""
    if type(argument) in _THEMSELVES:
        return argument
    if isinstance(argument, Tensor):
        return (argument.shape, argument.stride(), argument.dtype, argument.is_conj(), argument.is_neg())
    if isinstance(argument, list | tuple):
        return tuple([describe(item) for item in argument])
    if isinstance(argument, bool | float):
        return (type(argument), argument)  # True, 1 and 1.0 are equal, but promote differently
    return argument


def key(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the description of a whole operator call."""
    named = tuple([(name, describe(value)) for name, value in kwargs.items()]) if kwargs else ()
    # The dtype that numbers get where none is said, which some models change while they are built.
    return (func, tuple([describe(value) for value in args]), named, torch.get_default_dtype())
