"""What large containers held that calls were handed, such as key and value caches.

Such a container is one port of each call, which refers to what was in it at that moment; what was in it is
told as what changed since another. Whoever walks over ``Ports`` meets each tensor in them all the same;
``told`` gives them as they are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import overload

from shapeflow.model.ports import Port


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a list of entries: from position ``at`` on, ``cut`` of them gave way to others."""

    at: int
    """A position before any change."""
    cut: int
    entries: tuple[Port, ...]
    """Each named by its place in the container, ``.keys``; without a name by its position: ``[3]``."""


@dataclass(frozen=True, slots=True)
class Container:
    """What a container held at one moment: what another held, with changes."""

    id: int
    kind: str
    """Its class: ``DynamicCache``, ``list``."""
    edits: tuple[Edit, ...]
    """From the first to the last position; they do not overlap."""
    base: int | None = None
    """Id of the other; None: the edits begin with no entries."""


class ContainerTable:
    """What the containers of a trace held, put together when it is asked for.

    Args:
        records: all of them, each after those that it names.
    """

    def __init__(self, records: Sequence[Container]) -> None:
        self.records = records
        self.entries = lru_cache(maxsize=64)(self._entries)
        self.leaves = lru_cache(maxsize=16)(self._leaves)
        self.values = lru_cache(maxsize=256)(self._values)

    def _entries(self, number: int) -> tuple[Port, ...]:
        """Return the entries of a container; those that are containers themselves are not opened."""
        steps = [self.records[number]]
        while (base := steps[-1].base) is not None:
            steps.append(self.records[base])
        entries: list[Port] = []
        for step in reversed(steps):
            for edit in reversed(step.edits):
                entries[edit.at : edit.at + edit.cut] = edit.entries
        return tuple(entries)

    def _leaves(self, number: int) -> list[Port]:
        """Return all that is in a container and in those in it, each named by its place below it."""
        found = []
        for position, entry in enumerate(self.entries(number)):
            name = entry.name or f"[{position}]"
            if entry.container is None:
                found.append(Port(name, entry.value, entry.text))
            else:
                below = self.leaves(entry.container)
                found += [Port(name + leaf.name, leaf.value, leaf.text) for leaf in below]
        return found

    def _values(self, number: int) -> frozenset[int]:
        """Return the ids of the values in a container and in those in it."""
        entries = self.entries(number)
        below = [self.values(entry.container) for entry in entries if entry.container is not None]
        return frozenset(chain((e.value for e in entries if e.value is not None), *below))


MOST_LEAVES = 10**7
"""A container with more is refused: a few lines can stand for more than any memory holds."""
MOST_ENTRIES = 10**8
"""The same for the entries of all containers together."""


def first_fault(records: Sequence[Container]) -> tuple[int, str] | None:
    """Return which container cannot be put together, and why; None if all can."""
    table = ContainerTable(records)
    sizes: list[int] = []
    leaves: list[int] = []
    total = 0
    for number, record in enumerate(records):
        if record.base is not None and not 0 <= record.base < number:
            return number, f"its base is {record.base}, which is not before it"
        size, end = (0 if record.base is None else sizes[record.base]), 0
        grown = size
        for edit in record.edits:
            if edit.at < end or edit.cut < 0 or edit.at + edit.cut > size:
                return number, f"{edit.cut} entries from {edit.at} on are changed, and there are {size}"
            end, grown = edit.at + edit.cut, grown + len(edit.entries) - edit.cut
            for entry in edit.entries:
                if entry.container is not None and not 0 <= entry.container < number:
                    return number, f"it holds container {entry.container}, which is not before it"
        total += grown
        if total > MOST_ENTRIES:
            return number, f"there are more than {MOST_ENTRIES:,} entries"
        sizes.append(grown)
        held = table.entries(number)
        leaves.append(sum([1 if entry.container is None else leaves[entry.container] for entry in held]))
        if leaves[-1] > MOST_LEAVES:
            return number, f"it stands for {leaves[-1]:,} places, and at most {MOST_LEAVES:,} are read"
    return None


class Ports(Sequence[Port]):
    """Ports of which some stand for containers: a sequence of all that is in them.

    Args:
        told: the ports, each large container as one.
        table: the containers of the trace.
    """

    __slots__ = ("_table", "told")

    def __init__(self, told: Iterable[Port], table: ContainerTable) -> None:
        self._table = table
        self.told = tuple(
            port if port.container is None else replace(port, text=table.records[port.container].kind)
            for port in told
        )

    def below(self, port: Port) -> Iterator[Port]:
        """Yield what is in the container at a port of these, or the port itself if it is no container."""
        if port.container is None:
            yield port
            return
        for leaf in self._table.leaves(port.container):
            yield Port(port.name + leaf.name, leaf.value, leaf.text, port.alias and port.alias + leaf.name)

    def values_in(self, port: Port) -> frozenset[int]:
        """Return the ids of the values in the container at a port of these."""
        return frozenset() if port.container is None else self._table.values(port.container)

    @property
    def values(self) -> frozenset[int]:
        """The ids of all values at these ports."""
        alone = (port.value for port in self.told if port.value is not None)
        return frozenset(chain(alone, *map(self.values_in, self.told)))

    def __iter__(self) -> Iterator[Port]:
        return chain.from_iterable(map(self.below, self.told))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @overload
    def __getitem__(self, index: int) -> Port: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Port, ...]: ...

    def __getitem__(self, index: int | slice) -> Port | tuple[Port, ...]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ports | tuple) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Ports{self.told}"


def with_containers(ports: Sequence[Port], table: ContainerTable) -> Sequence[Port]:
    """Return ports as a sequence of all that is in them, also in their large containers."""
    return Ports(ports, table) if any(port.container is not None for port in ports) else ports


def told(ports: Sequence[Port]) -> tuple[Port, ...]:
    """Return ports as they are written: a large container is one of them."""
    return ports.told if isinstance(ports, Ports) else tuple(ports)


def ids_at(ports: Sequence[Port]) -> list[int]:
    """Return the ids of all values at ports, in the order of the ports or, in containers, of the run."""
    if isinstance(ports, Ports):
        return sorted(ports.values)
    return [port.value for port in ports if port.value is not None]


def values_at(ports: Sequence[Port]) -> frozenset[int]:
    """Return the ids of all values at ports."""
    if isinstance(ports, Ports):
        return ports.values
    return frozenset(port.value for port in ports if port.value is not None)
