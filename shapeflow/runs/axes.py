"""Find by trying which input dims of a model can vary, and which of them only together.

A dim that is 4 in two inputs may be the batch size in both, or the batch size here and a number of queries
there. So dims of equal size are tried together first, then apart: what still runs when only it changes is an
axis of its own. Sizes of 1 would be broadcast, so "apart" is tried with sizes that all differ from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from shapeflow.model.axis_names import Place
from shapeflow.model.trace import Trace

Unit = frozenset[Place]
"""Dims that move together."""
Trial = Callable[[Mapping[Place, int]], "Trace | None"]
"""Runs the model with other sizes at some places; None: it cannot run with them."""


@dataclass(frozen=True, slots=True)
class Found:
    """One axis: the dims that it is, and what the model gave with other sizes of it."""

    places: tuple[Place, ...]
    """In the order of the inputs."""
    traces: Mapping[int, Trace]
    """Size -> the run with only this axis changed to it."""


MOST_TRIALS = 80
"""Runs that finding the axes may take."""
WANTED = 3
"""Sizes to find for an axis, besides the one that it has."""
FEWEST = 2
"""With fewer, nothing can be inferred and the dim stays a number."""
PATIENCE = 3
"""Sizes that are tried in vain before a dim counts as fixed; one less for pairs that are only guessed."""
SMALL = 16
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)


def find_axes(places: Mapping[Place, int], trial: Trial, steady: Iterable[Place] = ()) -> list[Found]:
    """Return the independent axes among input dims, with sizes that work, in the order of the inputs.

    Args:
        places: all dims of all inputs, with their sizes.
        trial: runs the model with other sizes.
        steady: dims that only take multiples well, such as the height of a picture.
    """
    search = _Search(places, trial, frozenset(steady))
    order = list(places)
    found = [Found(tuple(search.ordered(unit)), search.good(unit)) for unit in search.units()]
    return sorted(found, key=lambda axis: order.index(axis.places[0]))


class _Search:
    """Partitions input dims into axes."""

    def __init__(self, sizes: Mapping[Place, int], trial: Trial, steady: frozenset[Place]) -> None:
        self.sizes = sizes
        self._trial = trial
        self._steady = steady
        self._left = MOST_TRIALS
        self._good: dict[Unit, dict[int, Trace]] = {}

    def units(self) -> list[Unit]:
        """Return the axes: disjoint sets of dims, each of one size."""
        found: list[Unit] = []
        for size in dict.fromkeys(self.sizes.values()):
            group = [place for place, own in self.sizes.items() if own == size]
            found += self._units_of(group)
        return found

    def good(self, unit: Unit, patience: int = PATIENCE) -> dict[int, Trace]:
        """Return the sizes with which the model runs if only this unit changes, and these runs."""
        if unit not in self._good:
            works: dict[int, Trace] = {}
            for number, size in enumerate(self._candidates(unit)):
                if len(works) == WANTED or (not works and number == patience):
                    break
                trace = self._try(dict.fromkeys(self.ordered(unit), size))
                if trace is not None:
                    works[size] = trace
            if len(works) >= FEWEST:
                works |= self._odd(unit)
            self._good[unit] = works if len(works) >= FEWEST else {}
        return self._good[unit]

    def _odd(self, unit: Unit) -> dict[int, Trace]:
        """Return runs of large dims with odd sizes: they tell ``H/4`` from ``ceil(H/4)``."""
        size = self.sizes[next(iter(unit))]
        works: dict[int, Trace] = {}
        if size >= SMALL:
            for odd in (size + 1, 2 * size - 3):
                trace = self._try(dict.fromkeys(self.ordered(unit), odd))
                if trace is None:
                    break
                works[odd] = trace
        return works

    def ordered(self, unit: Unit) -> list[Place]:
        """Return the dims of a unit in the order of the inputs."""
        return [place for place in self.sizes if place in unit]

    def _try(self, sizes: Mapping[Place, int]) -> Trace | None:
        if self._left == 0:
            return None
        self._left -= 1
        return self._trial(sizes)

    def _candidates(self, unit: Unit) -> Iterator[int]:
        """Yield sizes to try: primes for small ones; else multiples, so that ``H/16`` stays whole."""
        size = self.sizes[next(iter(unit))]
        seen = {size}
        above = [prime for prime in PRIMES if prime > size][:3]
        below = [prime for prime in reversed(PRIMES) if prime < size][:3]
        multiples = [2 * size, 3 * size, size // 2 if size % 2 == 0 else 0, 5 * size]
        ordered = [*above[:1], *multiples[:1], *above[1:], *below, *multiples[1:]]
        if size >= SMALL:
            ordered = [*multiples[:1], *below[:1], *multiples[1:], *below[1:]]
        if not self._steady.isdisjoint(unit):
            ordered = [2 * size, 3 * size, 5 * size, size // 2]
        for candidate in ordered:
            if candidate > 0 and candidate not in seen:
                seen.add(candidate)
                yield candidate

    def _units_of(self, group: list[Place]) -> list[Unit]:
        """Return the axes among dims of one size."""
        units: list[Unit] = []
        unattached: list[Place] = []
        for dim in dict.fromkeys(place[1] for place in group):
            alike = frozenset(place for place in group if place[1] == dim)
            if self.good(alike):
                units += self._split(alike)
                continue
            for place in (place for place in group if place in alike):
                if len(alike) > 1 and self.good(frozenset([place])):
                    units.append(frozenset([place]))
                else:
                    unattached.append(place)
        return self._joined([*units, *self._tied(unattached)])

    def _split(self, unit: Unit) -> list[Unit]:
        """Return a unit that can vary in parts that can vary by themselves."""
        if len(unit) == 1:
            return [unit]
        (common, together), (other, _) = self._telling(unit)
        free: list[Unit] = []
        quiet: list[Place] = []
        for place in self.ordered(unit):
            alone = self._try({**dict.fromkeys(self.ordered(unit), common), place: other})
            if alone is not None and _made(alone) == _made(together):
                quiet.append(place)  # such as an input that nobody reads: it is named as its likes are
            elif alone is not None and self.good(frozenset([place])):
                free.append(frozenset([place]))
        tied = unit.difference(quiet, *free)
        units = [tied, *free] if tied else free
        if not units:
            return [unit]
        units[0] = units[0].union(quiet)
        return [part for part in units if self.good(part)]

    def _telling(self, unit: Unit) -> list[tuple[int, Trace]]:
        """Return two sizes for a unit: primes that divide no other size, where they work.

        With others a model may go on where it should not: 4 rows of 12 can be viewed as 3 rows of 16.
        """
        found: list[tuple[int, Trace]] = []
        own = set(self.sizes.values())
        for prime in (prime for prime in PRIMES if prime > 3 and all(size % prime for size in own)):
            if len(found) == 2 or len(unit) == 1:
                break
            trace = self.good(unit).get(prime) or self._try(dict.fromkeys(self.ordered(unit), prime))
            if trace is None:
                break
            found.append((prime, trace))
        return found if len(found) == 2 else list(self.good(unit).items())[:2]

    def _tied(self, unattached: list[Place]) -> list[Unit]:
        """Return the units among dims that cannot vary by themselves: pairs first, then all that is left."""
        units: list[Unit] = []
        for pair in map(frozenset, combinations(unattached, 2)):
            if not any(pair & unit for unit in units) and self.good(pair, PATIENCE - 1):
                units.append(pair)
        rest = frozenset(unattached).difference(*units)
        return [*units, rest] if len(rest) > 2 and self.good(rest) else units

    def _joined(self, units: list[Unit]) -> list[Unit]:
        """Return the units, those joined that cannot have two different sizes other than their own."""
        separate: list[Unit] = []
        for unit in units:
            if not self.good(unit):
                continue
            for position, other in enumerate(separate):
                both = unit | other
                if not self._fit_together(unit, other) and self.good(both):
                    separate[position] = both
                    break
            else:
                separate.append(unit)
        return separate

    def _fit_together(self, one: Unit, other: Unit) -> bool:
        first = next(iter(self.good(one)))
        second = next((size for size in self.good(other) if size != first), first)
        return self._try({**dict.fromkeys(one, first), **dict.fromkeys(other, second)}) is not None


def _made(trace: Trace) -> list[tuple[int, ...]]:
    """Return the shapes of what modules and their methods gave."""
    ports = (port for call in trace.calls for port in call.outputs)
    return [trace.values[port.value].shape for port in ports if port.value is not None]
