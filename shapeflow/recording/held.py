"""What containers hold, and its records: each as what has changed since another, where that is shorter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from shapeflow.model.containers import Container, Edit
from shapeflow.model.ports import Port
from shapeflow.model.unseen import UNSEEN_INSIDE

Change = tuple[int, int, tuple[Any, ...]]
"""From where on how many entries give way to which."""


class Held:
    """What a container holds; what is equal is one object.

    Args:
        kind: the class of the container.
        places: the places of the items, such as ``.keys``; None for a list's: ``[0]``, ``[1]`` …
        items: the ids of values, the texts of what is no tensor, and what inner containers hold.
        before: what the same container held the last time.
    """

    __slots__ = ("before", "height", "items", "kind", "leaves", "matters", "number", "places", "tensors")

    def __init__(
        self, kind: str, places: tuple[str, ...] | None, items: tuple[Any, ...], before: Held | None
    ) -> None:
        self.kind, self.places, self.items, self.before = kind, places, items, before
        inner = [item for item in items if type(item) is Held]
        self.leaves: int = len(items) - len(inner) + sum([held.leaves for held in inner])
        self.tensors: int = sum([type(item) is int for item in items]) + sum([held.tensors for held in inner])
        self.matters: bool = any(map(matters, items))
        self.height: int = 1 + max([held.height for held in inner], default=0)
        """How many containers are nested."""
        self.number: int | None = None
        """Its number once it is written."""

    @property
    def entries(self) -> tuple[Any, ...]:
        """Its items, with their places if these are not their positions."""
        return self.items if self.places is None else tuple(zip(self.places, self.items, strict=True))

    def named(self) -> Iterable[tuple[str, Any]]:
        """Return each place and the item there."""
        return zip(self.places or [f"[{i}]" for i in range(len(self.items))], self.items, strict=True)


def matters(item: Any) -> bool:
    """Return whether an item is always listed: a tensor, what may hold one, or a container of such."""
    if type(item) is Held:
        return item.matters
    return type(item) is int or item.endswith(UNSEEN_INSIDE)


class HeldWriter:
    """Makes the records."""

    def __init__(self) -> None:
        self.records: list[Container] = []
        self.written: list[Held] = []
        """What the records stand for."""
        self._ends: dict[object, Held] = {}
        """What was last written with this first or last entry: a copy with one more is told as a change."""

    def number(self, held: Held) -> int:
        """Return the number of what a container holds, which is written if it was not."""
        if held.number is None:
            for item in held.items:
                if type(item) is Held:
                    self.number(item)
            base, edits = self._shortest(held)
            held.number = len(self.records)
            written = tuple([Edit(at, cut, tuple(map(_entry, entries))) for at, cut, entries in edits])
            self.records.append(Container(held.number, held.kind, written, base))
            self.written.append(held)
            for end in _ends(held):
                self._ends[end] = held
        return held.number

    def _shortest(self, held: Held) -> tuple[int | None, list[Change]]:
        """Return of which other this is told best as a change, and the changes."""
        whole: list[Change] = [(0, 0, held.entries)]
        best, base = whole, None
        for other in dict.fromkeys([held.before, *(self._ends.get(end) for end in _ends(held))]):
            if other is not None and other.number is not None:
                edits = changes(other.entries, held.entries)
                if _length(edits) < min(_length(best), _length(whole) // 2):
                    best, base = edits, other.number
        return base, best


def changes(old: tuple[Any, ...], new: tuple[Any, ...]) -> list[Change]:
    """Return the changes that lead from some entries to others."""
    most = min(len(old), len(new))
    start = next((i for i in range(most) if old[i] != new[i]), most)
    most -= start
    end = next((i for i in range(most) if old[-1 - i] != new[-1 - i]), most)
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if not before or not after:
        return [(start, len(before), after)] if before or after else []
    # What is left has changed at both ends: entry by entry, with one of the two moved on a little.
    moves = {0, len(before) - len(after)}
    if after[0] in before:
        moves.add(before.index(after[0]))
    if before[0] in after:
        moves.add(-after.index(before[0]))
    return min((_moved(start, before, after, by) for by in sorted(moves)), key=_length)


def _moved(start: int, old: tuple[Any, ...], new: tuple[Any, ...], by: int) -> list[Change]:
    """Return the changes if the first of ``new`` stands for the one at position ``by`` of ``old``."""
    gone, come = max(by, 0), max(-by, 0)
    shared = min(len(old) - gone, len(new) - come)
    found: list[Change] = [(start, gone, new[:come])] if gone or come else []
    found += _one_by_one(start + gone, old[gone : gone + shared], new[come : come + shared])
    rest = new[come + shared :]
    if rest or gone + shared < len(old):
        found.append((start + gone + shared, len(old) - gone - shared, rest))
    return found


def _one_by_one(start: int, old: tuple[Any, ...], new: tuple[Any, ...]) -> list[Change]:
    """Return what has changed at each position."""
    found: list[Change] = []
    for position, (before, after) in enumerate(zip(old, new, strict=True), start):
        if before != after:
            if found and found[-1][0] + found[-1][1] == position:
                at, cut, entries = found[-1]
                found[-1] = (at, cut + 1, (*entries, after))
            else:
                found.append((position, 1, (after,)))
    return found


def _length(edits: Iterable[Change]) -> int:
    """Return about how long changes are when they are written."""
    return sum(2 + len(entries) for _, _, entries in edits)


def _ends(held: Held) -> tuple[object, object]:
    """Return what marks a container that may be much like another: the first and the last entry."""
    places, items = held.places or ("", ""), held.items or ("",)
    return (held.kind, "first", places[0], items[0]), (held.kind, "last", places[-1], items[-1])


def _entry(entry: Any) -> Port:
    """Return an entry as it is written; in a list the position is its name."""
    name, item = entry if type(entry) is tuple else ("", entry)
    if type(item) is Held:
        return Port(name, None, "", "", item.number)
    return Port(name, item) if type(item) is int else Port(name, None, item)


def listed(name: str, alias: str, item: Any) -> Iterator[Port]:
    """Yield the port of an item, or those of all that is in it."""
    if type(item) is Held:
        for place, inner in item.named():
            yield from listed(name + place, alias and alias + place, inner)
    elif type(item) is int:
        yield Port(name, item, "", alias)
    else:
        yield Port(name, None, item, alias)


def values_in(held: Held) -> Iterator[int]:
    """Yield the values in a container."""
    for item in held.items:
        if type(item) is int:
            yield item
        elif type(item) is Held and item.tensors:
            yield from values_in(item)


def unlike(name: str, item: Any, known: set[int]) -> Iterator[Port]:
    """Yield the ports of the values in an item that are not known."""
    if type(item) is Held:
        for place, inner in item.named():
            if type(inner) is Held or (type(inner) is int and inner not in known):
                yield from unlike(name + place, inner, known)
    elif type(item) is int and item not in known:
        yield Port(name, item)
