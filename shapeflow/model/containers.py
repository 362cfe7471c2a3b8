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
from typing import NamedTuple, overload

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


MOST_RECENT = 64
"""So many containers are kept as they were put together: most are told as a change of one just before."""


class ContainerTable:
    """What the containers of a trace held, put together when it is asked for.

    Args:
        records: all of them, each after those that it names.
    """

    def __init__(self, records: Sequence[Container]) -> None:
        self.records = records
        self.steps = 0
        """How many records were gone through so far."""
        self._recent: dict[int, tuple[Port, ...]] = {}
        self.leaves = lru_cache(maxsize=16)(self._leaves)
        self.values = lru_cache(maxsize=256)(self._values)

    def __reduce__(self) -> tuple[type[ContainerTable], tuple[Sequence[Container]]]:
        return ContainerTable, (self.records,)

    def entries(self, number: int) -> tuple[Port, ...]:
        """Return the entries of a container; those that are containers themselves are not opened."""
        found = self._recent.pop(number, None)
        if found is None:
            found = self._put_together(number)
        self._recent[number] = found
        if len(self._recent) > MOST_RECENT:
            self._recent = dict(list(self._recent.items())[MOST_RECENT // 2 :])
        return found

    def _put_together(self, number: int) -> tuple[Port, ...]:
        """Return the entries of a container, from those of another one that are at hand, or from none."""
        recent, steps = dict(self._recent), list[Container]()  # another thread may ask, too
        place: int | None = number
        while place is not None and place not in recent:
            steps.append(self.records[place])
            place = steps[-1].base
        self.steps += len(steps)
        entries = [] if place is None else list(recent[place])
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
"""The same for the entries of all containers together, and for the records that are gone through for them."""
MOST_CHARACTERS = 1 << 30
"""The same for the names of all places in a container."""
MOST_NESTED = 64
"""No more are entered in one another."""


def first_fault(records: Sequence[Container]) -> tuple[int, str] | None:
    """Return which container cannot be put together, and why; None if all can."""
    table = ContainerTable(records)
    extents: list[_Extent] = []
    total = 0
    for number, record in enumerate(records):
        fault = _misplaced(number, record, extents)
        if fault:
            return number, fault
        held = table.entries(number)
        total += len(held)
        if max(total, table.steps) > MOST_ENTRIES:
            return number, f"there are more than {MOST_ENTRIES:,} entries"
        extent = _extent(held, extents)
        if extent.leaves > MOST_LEAVES:
            return number, f"it stands for {extent.leaves:,} places, and at most {MOST_LEAVES:,} are read"
        if extent.characters > MOST_CHARACTERS:
            return number, f"the names of its places have {extent.characters:,} characters"
        if extent.nested > MOST_NESTED:
            return number, f"it is nested more than {MOST_NESTED} deep"
        extents.append(extent)
    return None


class _Extent(NamedTuple):
    """How large what a container stands for is."""

    entries: int
    leaves: int
    characters: int
    nested: int


def _misplaced(number: int, record: Container, extents: Sequence[_Extent]) -> str:
    """Return what an edit or a reference of a record names that is not there; empty if all is."""
    if record.base is not None and not 0 <= record.base < number:
        return f"its base is {record.base}, which is not before it"
    size, end = (0 if record.base is None else extents[record.base].entries), 0
    for edit in record.edits:
        if edit.at < end or edit.cut < 0 or edit.at + edit.cut > size:
            return f"{edit.cut} entries from {edit.at} on are changed, and there are {size}"
        end = edit.at + edit.cut
        for entry in edit.entries:
            if entry.container is not None and not 0 <= entry.container < number:
                return f"it holds container {entry.container}, which is not before it"
    return ""


def _extent(held: Sequence[Port], extents: Sequence[_Extent]) -> _Extent:
    """Return how large what a container with these entries stands for is."""
    leaves = characters = nested = 0
    for entry in held:
        below = _LEAF if entry.container is None else extents[entry.container]
        leaves += below.leaves
        characters += below.characters + below.leaves * len(entry.name)
        nested = max(nested, below.nested)
    return _Extent(len(held), leaves, characters, nested + 1)


_LEAF = _Extent(0, 1, 0, 0)


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
