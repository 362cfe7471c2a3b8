"""Where another model has the same parts, as plain data: finished strings, the same for every renderer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CounterpartView:
    """One place in this model, and the same place in the other."""

    here: str
    """A selector in this model; empty: it has no such place."""
    link: str
    """The first call, op or tensor that it names in this run; empty: it ran nothing of it."""
    there: str
    """A selector in the other model; empty: it has no such place."""
    shapes: str
    """``[N, B, D] → [B, N, D]``; empty where they are the same."""
    note: str
    """How they differ."""


@dataclass(frozen=True, slots=True)
class CounterpartPart:
    """The places that one section tells of."""

    title: str
    anchor: str
    """Id of the section."""
    rows: tuple[CounterpartView, ...]


@dataclass(frozen=True, slots=True)
class MapView:
    """All places that this model shares with another."""

    model: str
    """The target of the other model."""
    parts: tuple[CounterpartPart, ...]

    @property
    def total(self) -> int:
        """Number of places."""
        return sum(len(part.rows) for part in self.parts)
