"""Which site each mention of a document means: all of them together, by words, shapes and their order in the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import accumulate
from math import exp, log

from shapeflow.annotate.candidates import (
    BY_LAYOUT,
    BY_NAME,
    BY_SHAPE,
    DOTTED,
    Named,
    Names,
    before_of,
    is_parameter_meant,
    said_by,
    said_everywhere,
)
from shapeflow.annotate.mention import Mention
from shapeflow.annotate.relations import Relation, differing, numbers_of, relation
from shapeflow.annotate.sites import Site, Sites

CAP = 4.0
"""No shape says more than this for a site: a rare one that fits."""
NAME_SCALE = 0.9
ROLE = 1.2
ABSENT = 1.5
"""The weight of what this run did not have."""
NOWHERE = -1
"""Stands for a place that this run did not have."""
START_ERRORS, MOST_ERRORS = 0.1, 0.5
JUMP = 0.1
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


class Placing:
    """The joint placing of the mentions of one document."""

    def __init__(self, sites: Sites, mentions: Sequence[Mention], sizes: Mapping[str, int], batch: int) -> None:
        self.sites = sites
        self.names = Names(sites)
        self.mentions = mentions
        self.sizes = dict(sizes)
        self.given: Mapping[str, int] = {}
        """The sizes that the text itself gives its symbols."""
        self.batch = batch
        self.errors = START_ERRORS
        self._told = Counter(str(mention.pattern) for mention in mentions)
        self._relations: dict[tuple[object, ...], Relation] = {}
        self._share: dict[tuple[str, Relation], float] = {}
        self.placed = [Placed(mention) for mention in mentions]
        everywhere = said_everywhere(mentions)
        self.said = [said_by(mention, self.names.worth, everywhere) for mention in mentions]
        self._scores: list[dict[int, Named]] = [self.names.score(said) for said in self.said]
        self._dotted = [self._dotted_of(mention) for mention in mentions]

    def run(self, rounds: int = 3) -> list[Placed]:
        """Return the mentions with the mass of each site, after some rounds with the error rate learnt."""
        for number in range(rounds):
            for place, placed in enumerate(self.placed):
                if number == 0:
                    placed.states = self._states(place)
                self._weigh(placed)
            _forward_backward(self.sites.all, self.placed)
            self._learn()
        return self.placed

    def renew(self, sizes: Mapping[str, int]) -> None:
        """Take sizes of symbols as known."""
        self.sizes = dict(sizes)
        self._relations.clear()
        self._share.clear()

    def _dotted_of(self, mention: Mention) -> set[int]:
        alone = sum(other.span.line == mention.span.line for other in self.mentions) == 1
        whole = mention.frame.line if alone else ""
        for text in (mention.subject, mention.frame.row, before_of(mention), whole, *reversed(mention.frame.lead)):
            if text and (found := self.names.dotted(text)):
                return found
        return set()

    def relation_of(self, mention: Mention, shape: tuple[int, ...]) -> Relation:
        """Return how a mention's shape fits an observed one."""
        key = (str(mention.pattern), shape)
        found = self._relations.get(key)
        if found is None:
            found = relation(mention.pattern, shape, self.sizes, self.batch)
            self._relations[key] = found
        return found

    def _states(self, place: int) -> list[State]:
        """Return the candidates of a mention: those with the best names, and those that its shape fits."""
        mention, scores = self.mentions[place], self._scores[place]
        dotted = self._dotted[place]
        weights = is_parameter_meant(mention)
        value = {
            site.id: scores.get(site.id, NOTHING).score + (DOTTED if site.id in dotted else 0.0) - self._unlikely(site, weights)
            for site in self.sites.all
            if site.id in scores or site.id in dotted
        }
        chosen = set(nlargest(BY_NAME, value, key=lambda site: value[site]))
        fitting: list[int] = []
        ordered: list[int] = []
        for shape, ids in self.sites.by_shape.items():
            how = self.relation_of(mention, shape)
            if how != "no":
                (ordered if how == "layout" else fitting).extend(ids)
        for ids, most in ((fitting, BY_SHAPE), (ordered, BY_LAYOUT)):
            chosen.update(nlargest(most, ids, key=lambda site: value.get(site, -9.0)))
        states = []
        for site in sorted(chosen):
            named = scores.get(site, Named(-1.0, 0.0, 0.0))
            record = self.sites.all[site]
            score = NAME_SCALE * value.get(site, -UNSAID) + _role(mention, record)
            own = named.own + (DOTTED if site in dotted else 0.0)
            share = 1.0 if site in dotted else named.share
            heard = named.heard + (DOTTED if site in dotted else 0.0)
            states.append(State(site, self.relation_of(mention, record.shape), score, own, share, heard))
        states.append(State(NOWHERE, "no", 0.0, 0.0))
        return states

    def _unlikely(self, site: Site, weights: bool) -> float:
        """Return how much less likely a site is meant by its kind than a port of a call."""
        if site.kind == "parameter":
            return 0.0 if weights else NOT_WEIGHTS
        return float(site.kind == "op")

    def _weigh(self, placed: Placed) -> None:
        """Give each state the weight of words and shape."""
        mention = placed.mention
        numbers = numbers_of(mention.pattern, self.sizes)
        for state in placed.states:
            if state.site == NOWHERE:
                state.weight = ABSENT
                continue
            site = self.sites.all[state.site]
            state.relation = self.relation_of(mention, site.shape)
            weight = state.named + self._evidence(mention, state.relation)
            if state.relation == "no" and numbers is not None:
                weight += {1: 1.0, 2: 0.3}.get(differing(numbers, site.shape), -0.5)
            state.weight = weight

    def _evidence(self, mention: Mention, how: Relation) -> float:
        """Return what the shape says for a site that it fits in some way."""
        if how == "no":
            return log(self.errors)
        share = self._share_of(mention, how)
        rare = min(CAP, -log(share))
        if how == "layout":
            return rare * 0.75 + log(max(self.errors, 0.1)) + 0.7
        right = log(1 - self.errors)
        return {"exact": rare, "symbolic": rare * 0.8, "nobatch": rare * 0.8 - 0.5, "part": rare * 0.6 - 1.5}[how] + right

    def _share_of(self, mention: Mention, how: Relation) -> float:
        """Return the share of all sites that a shape fits in this way; or of all mentions that state the same.

        What an author writes by mistake is mostly a shape from elsewhere in the text.
        """
        key = (str(mention.pattern), how)
        if key not in self._share:
            count = sum(
                len(ids) for shape, ids in self.sites.by_shape.items() if self.relation_of(mention, shape) == how
            )
            told = (self._told[key[0]] - 1) / len(self.mentions)
            self._share[key] = max(max(count, 1) / max(len(self.sites.all), 2), told)
        return self._share[key]

    def _learn(self) -> None:
        """Learn how often the author is wrong, from where the mentions are placed."""
        wrong, whole = 0.5, 5.0
        for placed in self.placed:
            here = [state for state in placed.states if state.site != NOWHERE]
            wrong += sum(state.mass for state in here if state.relation == "no")
            whole += sum(state.mass for state in here)
        self.errors = min(max(wrong / whole, 0.02), MOST_ERRORS)


UNSAID = 1.0
NOT_WEIGHTS = 3.0
NOTHING = Named(0.0, 0.0, 0.0)


def _role(mention: Mention, site: Site) -> float:
    """Return what it says that the text calls a shape an input or an output."""
    role = mention.role or ("out" if mention.position == 0 and _GIVES.search(before_of(mention)) else "")
    if not role:
        return 0.0
    if site.kind == "op":
        return -ROLE / 2
    return ROLE if site.direction == role else -ROLE


_GIVES = re.compile(r"(?:->|→|=>|⇒|⟶)\W*$")


def _forward_backward(sites: Sequence[Site], chain: Sequence[Placed]) -> None:
    """Give each state its mass, with what the mentions before and behind say."""
    if not chain:
        return
    start = [_local(placed) for placed in chain]
    forward: list[list[float]] = [start[0]]
    for place in range(1, len(chain)):
        came = _step(sites, chain[place - 1], forward[-1], chain[place], 1)
        forward.append(_scaled([a * b for a, b in zip(start[place], came, strict=True)]))
    backward = [1.0] * len(chain[-1].states)
    for place in range(len(chain) - 1, -1, -1):
        masses = _scaled([a * b for a, b in zip(forward[place], backward, strict=True)])
        for state, mass in zip(chain[place].states, masses, strict=True):
            state.mass = mass
        if place:
            weights = _scaled([a * b for a, b in zip(start[place], backward, strict=True)])
            backward = _step(sites, chain[place], weights, chain[place - 1], -1)


def _local(placed: Placed) -> list[float]:
    most = max(state.weight for state in placed.states)
    return [exp(max(state.weight - most, -30.0)) for state in placed.states]


def _scaled(weights: list[float]) -> list[float]:
    whole = sum(weights)
    return [weight / whole for weight in weights] if whole > 0 else [1.0 / len(weights)] * len(weights)


def _step(
    sites: Sequence[Site], near: Placed, masses: Sequence[float], far: Placed, sign: int
) -> list[float]:
    """Return how likely each state of a mention is after those of the one before, or before those behind.

    The weight of a pair of sites is a sum over what they share: the calls around both, from the outermost in,
    and the order of the run. So it is summed by group, not by pair.
    """
    groups: dict[str, float] = defaultdict(float)
    total = 0.0
    ordered: list[tuple[int, float]] = []
    for state, mass in zip(near.states, masses, strict=True):
        total += mass
        if state.site != NOWHERE:
            site = sites[state.site]
            for prefix in site_groups(site):
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
        prefixes = site_groups(site)
        shared = sum(groups.get(prefix, 0.0) for prefix in prefixes) / len(prefixes)
        before = sums[bisect_right(orders, site.order * sign)]
        found.append(total * JUMP + shared * 1.0 + before * 0.25)
    return _scaled(found)


_GROUPS: dict[str, tuple[str, ...]] = {}


def site_groups(site: Site) -> tuple[str, ...]:
    """Return the paths around a site, its own last."""
    key = site.key
    found = _GROUPS.get(key)
    if found is None:
        parts = [part for part in key.split(".") if part != "*"]
        found = tuple(".".join(parts[: end + 1]) for end in range(len(parts))) or ("",)
        _GROUPS[key] = found
    return found
