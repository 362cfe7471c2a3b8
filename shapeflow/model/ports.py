"""Ports: the named places of a call or op, and what was there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Port:
    """A named place in a call or op, and what was there."""

    name: str
    """``in[0]``, ``in.query``, ``in[0][2]``, ``out``, ``out.pred_masks``; ``score`` of fused attention."""
    value: int | None
    """Id of the value; None if no tensor was there."""
    text: str = ""
    """What was there instead of a tensor: ``None``, ``1``, ``'nearest'``, ``(2, 2)`` …"""
    alias: str = ""
    """Another name of the same place: a positional argument by its parameter's name, and the reverse."""
    container: int | None = None
    """Id of what a large container held that was there; see ``containers``."""


def item_name(name: str, key: object) -> str:
    """Return the name of the item ``key`` of the port ``name``: ``out.masks``, ``out[1]``, ``in['a b']``."""
    if isinstance(key, int):
        return f"{name}[{key}]"
    text = str(key)
    return f"{name}.{text}" if text.isidentifier() else f"{name}[{text!r}]"
