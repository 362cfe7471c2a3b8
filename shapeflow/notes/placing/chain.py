"""The mentions of a document as a chain: where one is says where the next may be."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import exp

from shapeflow.notes.mention import Mention
from shapeflow.notes.places.sites import Site
from shapeflow.notes.placing.relations import Relation

NOWHERE = -1
"""Stands for a place that this run did not have."""
NEXT = 4.0
"""How much of it the place has that a text may go on with."""
JUMP = 0.01
"""How much of the weight of a step from mention to mention is free of where the one before is."""


@dataclass(slots=True)
class State:
    """One site that a mention can mean."""

    site: int
    relation: Relation
    named: float
    """What words say for it, the role too, as a logarithm."""
    own: float
    share: float = 0.0
    """How much of the site's own name is said."""
    heard: float = 0.0
    """How much of what the words say names it."""
    near: float = 0.0
    """The same of the nearest words only."""
    weight: float = 0.0
    """Of words and shape, as a logarithm."""
    mass: float = 0.0


@dataclass(slots=True)
class Placed:
    """A mention with all that it can mean."""

    mention: Mention
    states: list[State] = field(default_factory=list)

    def mass(self, *relations: str) -> float:
        """Return the mass of the sites that the shape fits in one of some ways."""
        return sum(state.mass for state in self.states if state.relation in relations)

    @property
    def best(self) -> State | None:
        """The likeliest site."""
        places = [state for state in self.states if state.site != NOWHERE]
        return max(places, key=lambda state: state.mass, default=None)


def forward_backward(sites: Sequence[Site], chain: Sequence[Placed], after: Sequence[Sequence[int]]) -> None:
    """Give each state its mass, with what the mentions before and behind say.

    Args:
        sites: all places.
        chain: the mentions in their order.
        after: for each place those that a text may go on with.
    """
    if not chain:
        return
    before: dict[int, list[int]] = defaultdict(list)
    for one, others in enumerate(after):
        for other in others:
            before[other].append(one)
    start = [_local(placed) for placed in chain]
    forward: list[list[float]] = [start[0]]
    for place in range(1, len(chain)):
        came = _step(sites, chain[place - 1], forward[-1], chain[place], 1, before)
        forward.append(_scaled([a * b for a, b in zip(start[place], came, strict=True)]))
    backward = [1.0] * len(chain[-1].states)
    for place in range(len(chain) - 1, -1, -1):
        masses = _scaled([a * b for a, b in zip(forward[place], backward, strict=True)])
        for state, mass in zip(chain[place].states, masses, strict=True):
            state.mass = mass
        if place:
            weights = _scaled([a * b for a, b in zip(start[place], backward, strict=True)])
            backward = _step(sites, chain[place], weights, chain[place - 1], -1, after)


def _local(placed: Placed) -> list[float]:
    most = max(state.weight for state in placed.states)
    return [exp(max(state.weight - most, -30.0)) for state in placed.states]


def _scaled(weights: list[float]) -> list[float]:
    whole = sum(weights)
    return [weight / whole for weight in weights] if whole > 0 else [1.0 / len(weights)] * len(weights)


def _step(
    sites: Sequence[Site],
    near: Placed,
    masses: Sequence[float],
    far: Placed,
    sign: int,
    beside: Mapping[int, Sequence[int]] | Sequence[Sequence[int]],
) -> list[float]:
    """Return how likely each state of a mention is after those of the one before, or before those behind.

    The weight of a pair of sites is a sum over what they share: the calls around both, from the outermost in,
    and the order of the run. So it is summed by group, not by pair.
    """
    groups: dict[str, float] = defaultdict(float)
    total = 0.0
    ordered: list[tuple[int, float]] = []
    here: dict[int, float] = {}
    for state, mass in zip(near.states, masses, strict=True):
        total += mass
        if state.site != NOWHERE:
            site = sites[state.site]
            here[state.site] = mass
            for prefix in _groups_of(site):
                groups[prefix] += mass
            ordered.append((site.order * sign, mass))
    ordered.sort()
    orders = [order for order, _ in ordered]
    sums = [0.0, *accumulate(mass for _, mass in ordered)]
    found = []
    for state in far.states:
        if state.site == NOWHERE:
            found.append(total * (JUMP + 0.1))
            continue
        site = sites[state.site]
        prefixes = _groups_of(site)
        shared = sum(groups.get(prefix, 0.0) for prefix in prefixes) / len(prefixes)
        before = sums[bisect_right(orders, site.order * sign)]
        next_to = sum(here.get(one, 0.0) for one in beside[state.site])
        found.append(total * JUMP + shared + before * 0.25 + min(next_to, total) * NEXT)
    return _scaled(found)


_GROUPS: dict[str, tuple[str, ...]] = {}


def _groups_of(site: Site) -> tuple[str, ...]:
    """Return the paths around a site, its own last."""
    key = site.key
    found = _GROUPS.get(key)
    if found is None:
        parts = [part for part in key.split(".") if part != "*"]
        found = tuple(".".join(parts[: end + 1]) for end in range(len(parts))) or ("",)
        _GROUPS[key] = found
    return found
