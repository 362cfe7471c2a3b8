"""Claims to paste for what no claim constrains, the ones that add most to the coverage first.

Each was judged: it holds on the trace. What is repeated gets one line with a pattern if all of it is alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shapeflow.coverage.candidates import Candidate, candidates
from shapeflow.coverage.lines import Lines
from shapeflow.coverage.measure import Coverage
from shapeflow.coverage.units import Unit
from shapeflow.walkthrough.constraint import Item


@dataclass(frozen=True, slots=True)
class Proposal:
    """Lines to paste."""

    lines: tuple[str, ...]
    covers: Mapping[str, int]
    """Kind -> how many more things are covered with them."""
    alike: int = 0
    """Further places like this one, which need lines of their own."""


def propose(coverage: Coverage, most: int | None = None) -> tuple[Proposal, ...]:
    """Return claims that cover what is not covered, the most worth first.

    Args:
        coverage: what is covered.
        most: so many proposals at most; None: all.
    """
    missing = _Missing(coverage)
    found: list[Proposal] = []
    lines = Lines(coverage.trace)
    for candidate in sorted(candidates(coverage), key=missing.worth, reverse=True):
        if most is not None and len(found) >= most:
            break
        for alternative in candidate.alternatives:
            items = _constrained(lines, alternative)
            covers = missing.with_items(items) if items else Counter[str]()
            if items and covers:
                missing.add(items)
                found.append(Proposal(alternative, dict(covers), missing.number_of(candidate)))
                break
    return tuple(found)


def _constrained(lines: Lines, texts: Sequence[str]) -> frozenset[Item] | None:
    """Return what lines constrain together; None if one of them does not hold."""
    found: set[Item] = set()
    for text in texts:
        constraints = lines.constraints(text)
        if constraints is None:
            return None
        found.update(item for item, symbols in constraints if not symbols)
    return frozenset(found)


class _Missing:
    """What is not covered, and still is not as proposals are added."""

    def __init__(self, coverage: Coverage) -> None:
        self.items = set(coverage.items)
        self.by_item: dict[Item, list[Unit]] = {}
        for unit in coverage.missing:
            for item in unit.items:
                self.by_item.setdefault(item, []).append(unit)
        self.share = {kind: 1 / share.all for kind, share in coverage.shares.items()}

    def number_of(self, candidate: Candidate) -> int:
        """Return how much of what a candidate may cover is still not covered."""
        items = frozenset(self.items)
        return sum(1 for unit in candidate.missing if not unit.covered(items))

    def worth(self, candidate: Candidate) -> float:
        """Return how much a candidate can add at most."""
        return sum(self.share[unit.kind] for unit in candidate.missing)

    def with_items(self, items: Iterable[Item]) -> Counter[str]:
        """Return how many more things of each kind are covered with some items."""
        new = frozenset(items) - self.items
        all_items = frozenset(self.items | new)
        units = dict.fromkeys(unit for item in new for unit in self._units(item))
        return Counter(unit.kind for unit in units if unit.covered(all_items))

    def _units(self, item: Item) -> Iterator[Unit]:
        before = frozenset(self.items)
        return (unit for unit in self.by_item.get(item, ()) if not unit.covered(before))

    def add(self, items: Iterable[Item]) -> None:
        """Count some items as constrained from now on."""
        self.items.update(items)
