"""Walk nested arguments and results to their tensors, naming each place.

Lists, tuples, dicts and their views, named tuples, dataclasses, ``ModelOutput``-like mappings and plain
objects that hold tensors are entered; ``None``, numbers and text become their own text. Not entered: modules,
classes, functions, sets, iterators, tensors' own attributes, and anything nested deeper than ``DEPTH``.
Nothing is ever taken out of an iterator. Where such a thing may hold tensors, its text says so: ``zip(…)``.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, ItemsView, Mapping, ValuesView
from enum import Enum
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.fx import Proxy

from shapeflow.model.ports import item_name
from shapeflow.model.unseen import UNSEEN_INSIDE
from shapeflow.recording.opaque import may_hold_tensors

DEPTH = 8
LEAVES = 256
"""After so many leaves those that are not tensors are left out; the tensors are always listed."""

Leaf = tuple[str, Any]
"""The name of a place and what is there: a tensor, or the text of something else."""

_SCALARS = (int, float, str, bool, complex, bytes, type(None), torch.dtype, torch.device, Enum, slice)

PLAIN_TYPES: frozenset[type] = frozenset({bool, int, float, type(None), str})
"""What most arguments are that are not tensors. They are asked for first, and by type: that costs least."""
_NUMBER_OR_TEXT = (int, float, str, type(None))
_BUILT_IN_SEQUENCES = frozenset({list, tuple, torch.Size})


def plain(value: object, depth: int = 3) -> str:  # noqa: PLR0911 - one for each kind of value
    """Return a short text for what is not a tensor, such as ``None``, ``2``, ``'nearest'`` or ``1:3``."""
    if type(value) in PLAIN_TYPES:
        return _short(repr(value))
    if isinstance(value, float):
        return float.__repr__(value)  # `np.float64(3.0)` is 3.0
    if isinstance(value, slice):
        return _slice(value)
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, torch.device):
        return repr(str(value))
    if isinstance(value, tuple | list | torch.Size):
        base: Any = tuple if isinstance(value, tuple) else list
        items = base.__getitem__(value, slice(8 if depth else 0))  # a class of its own may give other things
        more = base.__len__(value) > len(items)
        inside = ", ".join("…" if isinstance(item, Tensor) else plain(item, depth - 1) for item in items)
        inside += ", …" if more and items else "…" if more else ""
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    if isinstance(value, int | float | str | bytes | complex | Enum | None):
        return _short(repr(value))
    if isinstance(value, type(Ellipsis)):
        return "..."
    # What `torch.fx` puts in the place of a tensor has any attribute: asking for one adds it to its graph.
    if callable(value) and not isinstance(value, Proxy) and hasattr(value, "__name__"):
        return str(value.__name__)
    return type(value).__name__


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _slice(value: slice) -> str:
    bounds = ["" if bound is None else plain(bound) for bound in (value.start, value.stop)]
    step = "" if value.step is None else f":{plain(value.step)}"
    return ":".join(bounds) + step


def children(value: object) -> list[tuple[object, Any]] | None:
    """Return the items of a container by key, or None if ``value`` is a leaf."""
    kind = type(value)
    if kind in PLAIN_TYPES:
        return None
    if kind is list or kind is tuple:
        return list(enumerate(value))  # type: ignore[arg-type]
    items, is_object = _items(value)
    return items if not is_object or _holds_tensor(value) else None


def _items(value: object) -> tuple[list[tuple[object, Any]] | None, bool]:
    """Return what is in ``value``, None for nothing; and whether these are the attributes of an object."""
    if isinstance(value, _SCALARS):
        return None, False
    try:
        items = _contents(value)
        if items is not None:
            return items, False
        if isinstance(value, torch.nn.Module | type) or callable(value):
            return None, False
        return [(key, item) for key, item in _attributes(value) if not key.startswith("__")], True
    except Exception:  # a third-party container may raise: then it is a leaf
        return None, False


def _contents(value: object) -> list[tuple[object, Any]] | None:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=False))
    if isinstance(value, list | tuple | deque | ValuesView | ItemsView) and not isinstance(value, torch.Size):
        return list(enumerate(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name, None)) for field in dataclasses.fields(value)]
    return None


def _attributes(value: object) -> list[tuple[str, Any]]:
    slots = {name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())}
    held = getattr(value, "__dict__", {})
    return [*held.items(), *((name, getattr(value, name)) for name in sorted(slots) if hasattr(value, name))]


class _Plain:
    """A class like most that are written in Python."""


def keeps_attributes(kind: type) -> bool:
    """Return whether the attributes of an object are all in its ``__dict__``, and what they seem."""
    if issubclass(kind, Mapping | list | tuple | deque | torch.nn.Module | type) or not kind.__dictoffset__:
        return False
    if kind.__basicsize__ > _Plain.__basicsize__:  # a set, a function: what it holds is elsewhere, too
        return False
    if any(getattr(owner, "__slots__", ()) for owner in kind.__mro__):
        return False
    fields = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
    return not any(hasattr(getattr(kind, field.name, None), "__get__") for field in fields)


def _holds_tensor(value: object, depth: int = 4) -> bool:
    if isinstance(value, Tensor):
        return True
    items = _items(value)[0] if depth else None
    return items is not None and any(_holds_tensor(item, depth - 1) for _, item in items[:LEAVES])


def walk(name: str, value: object) -> list[Leaf]:
    """Return every tensor below ``value``, and the first few other leaves, each with its place.

    A container without items is a leaf with the text ``[]``, ``()`` or ``{}``.
    """
    if isinstance(value, Tensor):
        return [(name, value)]
    leaves: list[Leaf] = []
    _visit(leaves, name, value, 0, ())
    return leaves


def _visit(leaves: list[Leaf], name: str, value: object, depth: int, inside: tuple[int, ...]) -> None:
    # Not a closure: one that calls itself is a cycle, which keeps the tensors alive until garbage collection.
    kind, text = type(value), ""
    if kind not in PLAIN_TYPES and not (kind in _BUILT_IN_SEQUENCES and _all_plain(value)):
        if isinstance(value, Tensor):
            leaves.append((name, value))
            return
        items = look_into(value, depth < DEPTH and id(value) not in inside)
        if not isinstance(items, str):
            within = (*inside, id(value))
            for key, item in items:
                _visit(leaves, item_name(name, key), item, depth + 1, within)
            return
        text = items
    if len(leaves) < LEAVES or text.endswith(UNSEEN_INSIDE):
        leaves.append((name, text or plain(value)))


def look_into(value: Any, may_enter: bool = True) -> list[tuple[object, Any]] | str:
    """Return what is in a container by key; the text of what is none, or may not be entered."""
    items = children(value) if may_enter else None
    if items and not (isinstance(value, list | tuple) and _all_plain(value)):
        return items
    if items == [] and isinstance(value, Mapping):
        return "{}"
    return type(value).__name__ + UNSEEN_INSIDE if items != [] and may_hold_tensors(value) else plain(value)


def _all_plain(sequence: Any) -> bool:
    return all(type(item) in PLAIN_TYPES or isinstance(item, _NUMBER_OR_TEXT) for item in sequence)


def tensors_of(value: object) -> dict[str, Tensor]:
    """Return the tensors below ``value`` by their place relative to it."""
    return {name: leaf for name, leaf in walk("", value) if isinstance(leaf, Tensor)}


def arguments(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], parameters: tuple[str, ...] = ()
) -> list[tuple[str, str, Any]]:
    """Return a call's arguments as ``(name, alias, value)``; ``walk(name, value)`` gives the tensors in each.

    Args:
        args: the positional arguments; named ``in[0]``, with the alias ``in.PARAMETER``.
        kwargs: the keyword arguments; named ``in.PARAMETER``, with the alias ``in[K]``.
        parameters: the names of the callee's parameters, in order.
    """
    rows = list(zip(*_places(len(args), parameters), args, strict=True))
    if kwargs:
        rows += [(*_place(key, parameters), value) for key, value in kwargs.items()]
    return rows


@lru_cache(maxsize=2**10)
def _places(count: int, parameters: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the names and aliases of so many positional arguments."""
    aliases = [f"in.{name}" for name in parameters[:count]]
    return [f"in[{position}]" for position in range(count)], aliases + [""] * (count - len(aliases))


@lru_cache(maxsize=2**10)
def _place(key: str, parameters: tuple[str, ...]) -> tuple[str, str]:
    """Return the name and the alias of a keyword argument."""
    return f"in.{key}", f"in[{parameters.index(key)}]" if key in parameters else ""


def map_tensors(value: Any, change: Callable[[Tensor], Any]) -> Any:
    """Return ``value`` with each tensor, also in lists, tuples and dicts, replaced by ``change(tensor)``."""
    if type(value) in PLAIN_TYPES:
        return value
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, list):
        return [map_tensors(item, change) for item in value]
    if isinstance(value, tuple):
        return tuple([map_tensors(item, change) for item in value])
    if isinstance(value, dict):
        return {key: map_tensors(item, change) for key, item in value.items()}
    return value
