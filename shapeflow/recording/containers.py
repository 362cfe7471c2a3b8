"""Containers that calls are handed: looked into once, and again only where something changed.

A key and value cache goes through every layer of a model. Walking over it and listing it each time would
cost the square of the number of layers, so each container that was seen is remembered by what was in it, and
what it holds now is told as a change of what it, or one much like it, held before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from shapeflow.model.ports import Port, item_name
from shapeflow.recording.followed import Followed
from shapeflow.recording.held import Held, HeldWriter, listed, matters, unlike, values_in
from shapeflow.recording.identity import Identity
from shapeflow.recording.ports import DEPTH, LEAVES, PLAIN_TYPES, keeps_attributes, look_into, plain

FEW = 16
"""A container with at most so many leaves is listed in place."""
REMEMBERED = 2**16
"""After so many containers all are forgotten, and looked into anew."""
FEW_INSIDE = 4
"""The same for one inside a larger one."""


_Parts = tuple["tuple[Any, ...] | None", "Sequence[Any]"]
"""The keys of a container, None for a list's, and what it has there."""
Read = Callable[[Tensor, str], int]
"""Gives the value of a tensor, which is new under the name given if it was not seen before."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A container as it was when it was last looked into."""

    kind: type
    print: tuple[int, ...]
    """The ids of its keys and parts."""
    fixed: list[Any]
    """Keys, and parts that never change, kept alive so that nothing else can get their ids."""
    tensors: Followed
    """Parts that are tensors."""
    below: Followed
    """All tensors in it."""
    found: list[tuple[Any, Any]]
    """Key and item of all parts."""
    places: dict[int, int]
    """Position -> place in ``found``."""
    inner: list[tuple[int, Any, Any, _Seen | None]]
    """Position, key and item of the other parts, containers and objects, and as what they were seen."""
    item: str | Held
    height: int
    """How many containers are nested."""


_TEXTS = PLAIN_TYPES | {torch.dtype, torch.device}
"""Types of what nothing is in."""


class Containers:
    """Tells what containers hold.

    Args:
        identity: which tensor is which value.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self.writer = HeldWriter()
        self._seen: dict[int, _Seen] = {}
        self._known: dict[object, Held] = {}
        self._is_plain: dict[type, bool] = {}
        self._cuts = 0
        """Counts what was not entered, for it was too deep or is what it is in."""

    def ports(self, name: str, alias: str, value: object, read: Read) -> list[Port]:
        """Return the ports of what is at a place: all that is in a small container, one for a large one.

        One that has tensors beside its large containers, such as a model's output, is opened.
        """
        return list(self._told(name, alias, self._look(name, value, 0, (), read), FEW))

    def _told(self, name: str, alias: str, item: Any, few: int) -> Iterator[Port]:
        if type(item) is not Held or item.leaves <= few:
            yield from listed(name, alias, item)
        elif len(item.items) <= FEW and any(type(inner) is int for inner in item.items):
            for place, inner in item.named():
                yield from self._told(name + place, alias and alias + place, inner, FEW_INSIDE)
        else:
            yield Port(name, None, "", alias, self.writer.number(item))

    def holds_tensor(self, port: Port) -> bool:
        """Return whether there is a tensor at a port, or in the container there."""
        return (
            port.value is not None
            if port.container is None
            else self.writer.written[port.container].tensors > 0
        )

    def added(self, name: str, value: object, given: Iterable[Port], read: Read) -> list[Port]:
        """Return the ports of the tensors in a container that are not at the ``given`` ports."""
        before: set[int] = set()
        for port in given:
            if port.value is not None:
                before.add(port.value)
            elif port.container is not None:
                before.update(values_in(self.writer.written[port.container]))
        return list(unlike(name, self._look(name, value, 0, (), read), before))

    def _look(self, name: Any, value: Any, depth: int, inside: tuple[int, ...], read: Read) -> Any:
        """Return the item that a value is; its name is a text, or a pair of a container's name and a key."""
        if type(value) in _TEXTS:
            return plain(value)
        if isinstance(value, Tensor):
            known = self._identity.current(value)
            return read(value, _text(name)) if known is None else known
        seen = self._seen.get(id(value))
        item = None if seen is None else self._again(seen, name, value, depth, inside, read)
        return self._enter(name, value, depth, inside, read) if item is None else item

    def _again(
        self,
        seen: _Seen,
        name: Any,
        value: Any,
        depth: int,
        inside: tuple[int, ...],
        read: Read,
        same: bool = False,
    ) -> Any:
        """Return the item that a container is that was seen; None if it is to be looked into anew.

        ``same``: its tensors, also those further below, are known to be the values that they were.
        """
        kind = type(value)
        if kind is not seen.kind:
            return None
        if kind is list or kind is tuple:
            parts: Any = value
            print_now = tuple(map(id, parts))
        else:
            held = value if kind is dict else value.__dict__
            parts = held.values()
            print_now = (*map(id, held), *map(id, parts))
        if print_now != seen.print:
            return None
        if type(seen.item) is str:
            return seen.item
        same = same or self._identity.is_unchanged(seen.below)
        if not (same or self._identity.is_unchanged(seen.tensors)) or depth + seen.height > DEPTH:
            return None
        return self._parts_again(seen, name, value, list(parts), depth, inside, read, same)

    def _parts_again(
        self,
        seen: _Seen,
        name: Any,
        value: Any,
        parts: list[Any],
        depth: int,
        inside: tuple[int, ...],
        read: Read,
        same: bool,
    ) -> Any:
        """Return the item that a container is whose parts are the ones that were seen."""
        if not seen.inner:
            return seen.item
        within, known, changed = (*inside, id(value)), self._seen, {}
        for position, key, item, before in seen.inner:
            part = parts[position]
            one = known.get(id(part))
            new = None
            if one is not None:
                new = self._again(one, (name, key), part, depth + 1, within, read, same and one is before)
            if new is None:
                new = self._look((name, key), part, depth + 1, within, read)
            if one is not before or (new is not item and new != item):
                changed[position] = new
        return self._changed(seen, value, parts, changed) if changed else seen.item

    def _changed(self, seen: _Seen, value: object, parts: Sequence[Any], changed: dict[int, Any]) -> Any:
        """Return the item that a container is now that some of its parts have changed inside."""
        found, inner, known = list(seen.found), list(seen.inner), self._seen
        for place, (position, key, _, _) in enumerate(seen.inner):
            if position in changed:
                item = changed[position]
                inner[place] = (position, key, item, known.get(id(parts[position])))
                found[seen.places[position]] = (key, item)
        held = self._held(value, found)
        if not held.tensors:
            return None
        below = self._together(seen.tensors, inner)
        new = replace(seen, below=below, found=found, inner=inner, item=held, height=held.height)
        self._seen[id(value)] = new
        return held

    def _enter(self, name: Any, value: Any, depth: int, inside: tuple[int, ...], read: Read) -> Any:
        """Look into a value that was not seen, or has changed."""
        is_cut = depth >= DEPTH or id(value) in inside
        self._cuts += is_cut
        parts = None if is_cut else self._parts(value)
        items = look_into(value, not is_cut)
        if isinstance(items, str):
            if parts is not None and all(map(_is_fixed, parts[1])):
                self._remember(value, parts, [], items)
            return items
        cuts, within = self._cuts, (*inside, id(value))
        found = [(key, part, self._look((name, key), part, depth + 1, within, read)) for key, part in items]
        held = self._held(value, [(key, item) for key, _, item in found])
        if parts is not None and cuts == self._cuts:
            self._remember(value, parts, found, held)
        return held

    def _held(self, value: object, found: list[tuple[Any, Any]]) -> Held:
        """Return what a container holds: after the first leaves only what matters."""
        leaves, shown = 0, []
        for key, item in found:
            if leaves < LEAVES or matters(item):
                shown.append((key, item))
                leaves += item.leaves if type(item) is Held else 1
        places = None
        if (
            len(shown) < len(found)
            or not isinstance(value, list | tuple | deque)
            or hasattr(value, "_fields")
        ):
            places = tuple([item_name("", key) for key, _ in shown])
        items = tuple([item for _, item in shown])
        kind = type(value).__name__
        held = self._known.get((kind, places, items))
        if held is None:
            seen = self._seen.get(id(value))
            before = seen.item if seen is not None and type(seen.item) is Held else None
            held = self._known[kind, places, items] = Held(kind, places, items, before)
        return held

    def _remember(
        self, value: object, parts: _Parts, found: list[tuple[Any, Any, Any]], item: str | Held
    ) -> None:
        """Note what a container holds, to tell later whether that has changed."""
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        keys, values = parts
        place_of = {key: place for place, key in enumerate(range(len(values)) if keys is None else keys)}
        tensors = self._identity.follow([part for _, part, _ in found if isinstance(part, Tensor)])
        inner = [
            (place_of[key], key, one, self._seen.get(id(part)))
            for key, part, one in found
            if not (isinstance(part, Tensor) or _is_fixed(part))
        ]
        self._seen[id(value)] = _Seen(
            type(value),
            (*map(id, keys or ()), *map(id, values)),
            [*(keys or ()), *filter(_is_fixed, values)],
            tensors,
            self._together(tensors, inner),
            [(key, one) for key, _, one in found],
            {place_of[key]: place for place, (key, _, _) in enumerate(found)},
            inner,
            item,
            item.height if type(item) is Held else 1,
        )

    def _together(self, tensors: Followed, inner: Sequence[tuple[int, Any, Any, _Seen | None]]) -> Followed:
        """Return the tensors of a container and those of its parts."""
        if not inner:
            return tensors
        return self._identity.together([tensors, *(seen.below for *_, seen in inner if seen is not None)])

    def _parts(self, value: Any) -> _Parts | None:
        """Return the keys and parts of a container; None for one that does not simply keep them."""
        kind = type(value)
        if kind is list or kind is tuple:
            return None, value
        if kind is not dict:
            is_plain = self._is_plain.get(kind)
            if is_plain is None:
                is_plain = self._is_plain[kind] = keeps_attributes(kind)
            if not is_plain:
                return None
            value = vars(value)
        keys = tuple(value)
        return (keys, tuple(value.values())) if PLAIN_TYPES.issuperset(map(type, keys)) else None


def _text(name: Any) -> str:
    """Return the name of a port that is given by the name of the container and a key."""
    return name if type(name) is str else item_name(_text(name[0]), name[1])


def _is_fixed(part: object) -> bool:
    """Return whether a value never changes and holds no tensor, so that it may be kept."""
    return type(part) in PLAIN_TYPES or isinstance(part, torch.dtype | torch.device | type)
