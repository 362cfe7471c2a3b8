"""Into which order an op puts the axes of a tensor: ``permute``, ``transpose``, ``movedim``, ``T``."""

from __future__ import annotations

import re

from shapeflow.model.records import Op

_SWAPS = frozenset({"transpose", "swapaxes", "swapdims", "transpose_"})
_MOVES = frozenset({"movedim", "moveaxis"})
ORDERINGS = frozenset({"permute", "T", "mT", "t", *_SWAPS, *_MOVES})
"""Ops that only put the axes into another order."""


def plain_texts(op: Op) -> tuple[str, ...]:
    """Return the plain arguments of an op, those of a list or tuple one by one."""
    texts = tuple(port.text for port in op.inputs if port.value is None)
    return tuple(re.findall(r"-?\d+", ", ".join(texts)))


def order_of(name: str, arguments: tuple[str, ...], rank: int) -> tuple[int, ...] | None:
    """Return for each axis of the result which axis of the tensor it was; None if that cannot be told."""
    try:
        axes = [int(text) % rank for text in arguments]
    except (ValueError, ZeroDivisionError):
        return None
    order = list(range(rank))
    if name == "permute":
        return tuple(axes) if sorted(axes) == order else None
    if name in ("T", "t") and not axes:
        return tuple(reversed(order))
    if name == "mT" and rank > 1:
        axes = [rank - 2, rank - 1]
    if name in (*_SWAPS, "mT") and len(axes) == 2:
        order[axes[0]], order[axes[1]] = axes[1], axes[0]
        return tuple(order)
    if name in _MOVES and len(axes) == 2:
        order.remove(axes[0])
        order.insert(axes[1], axes[0])
        return tuple(order)
    return None
