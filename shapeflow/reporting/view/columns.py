"""Rows as columns by the name of the field: as small as rows of bare numbers, and readable."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

from shapeflow.common.control_characters import visible

Item = TypeVar("Item", bound=Hashable)
Row = TypeVar("Row")
"""A class whose annotations are its fields, in order."""


class Interned(Generic[Item]):
    """Items by position, equal ones stored once."""

    def __init__(self) -> None:
        self.positions: dict[Item, int] = {}

    def __call__(self, item: Item) -> int:
        """Return the position of an item."""
        return self.positions.setdefault(item, len(self.positions))

    @property
    def items(self) -> Sequence[Item]:
        """The items in the order of their positions."""
        return tuple(self.positions)


def table(kind: type[Row], rows: Iterable[Row]) -> dict[str, Any]:
    """Return rows of one kind as columns by field; control characters in texts are made visible.

    A column is a list, or where most items are met again
    ``{"dictionary": distinct items, "indices": position in it by row}``. ``decode.js`` reads both.
    """
    rows = list(rows)
    return {name: column(list(map(attrgetter(name), rows))) for name in kind.__annotations__}


def column(items: list[Any]) -> Any:
    """Return the items of one field as a column; see ``table``."""
    if all(type(item) is int or item is None for item in items):
        return items
    distinct: Interned[Any] = Interned()
    indices = [distinct(item) for item in items]
    if len(distinct.items) * 2 > len(items):
        return _shown(items)
    return {"dictionary": _shown(distinct.items), "indices": indices}


def _shown(items: Sequence[Any]) -> list[Any]:
    return [visible(item) if isinstance(item, str) else item for item in items]
