"""Which site each mention of a document means: all of them together, by words, shapes and order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from heapq import nlargest
from math import log

from shapeflow.notes.mention import Mention
from shapeflow.notes.places.following import followers
from shapeflow.notes.places.sites import Site, Sites
from shapeflow.notes.placing.candidates import (
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
    texts_around,
)
from shapeflow.notes.placing.chain import NOWHERE, Placed, State, forward_backward
from shapeflow.notes.placing.fits import CAP, Fits
from shapeflow.notes.placing.leads import misleading
from shapeflow.notes.placing.relations import (
    Relation,
    Shape,
    differing,
    numbers_of,
)
from shapeflow.notes.words.ordinals import counted_from_one

NAME_SCALE = 0.9
ROLE = 1.2
ABSENT = 1.5
"""The weight of what this run did not have."""
START_ERRORS, MOST_ERRORS = 0.1, 0.5


class Placing:
    """The joint placing of the mentions of one document."""

    def __init__(
        self, sites: Sites, mentions: Sequence[Mention], sizes: Mapping[str, int], batch: int
    ) -> None:
        self.sites = sites
        self.names = Names(sites)
        self._after = followers(sites)
        self.mentions = mentions
        self.fits = Fits(sites, mentions, sizes, batch)
        self.given: Mapping[str, int] = {}
        """The sizes that the text itself gives its symbols."""
        self.errors = START_ERRORS
        ops = [float(site.kind == "op") for site in sites.all]
        parameters = [NOT_WEIGHTS * (site.kind == "parameter") for site in sites.all]
        self._unlikely = {True: ops, False: [max(pair) for pair in zip(ops, parameters, strict=True)]}
        """Whether words speak of weights -> how much less likely each site is by its kind than a port."""
        self.placed = [Placed(mention) for mention in mentions]
        self._everywhere = said_everywhere(mentions)
        self._from_one = self._counted_from_one()
        self._on_line = Counter(mention.span.line for mention in mentions)
        self._said: dict[int, Mapping[str, float]] = {}
        self._named: list[Named] = []
        self._dotted: list[set[int]] = []
        self._hear(frozenset())

    def _hear(self, unheard: Collection[str]) -> None:
        """Take in what words say, without the lines above that are unheard."""
        worth, around = self.names.worth, (self._everywhere, self._from_one, unheard)
        self._said = {mention.id: said_by(mention, worth, *around) for mention in self.mentions}
        self._named = [self.names.named(said) for said in self._said.values()]
        self._dotted = [self._dotted_of(mention, unheard) for mention in self.mentions]

    def run_heard(self) -> list[Placed]:
        """Return the mentions with the mass of each site, without lines above that mislead."""
        placed = self.run()
        unheard = misleading(placed)
        if not unheard:
            return placed
        self._hear(unheard)
        self.placed = [Placed(mention) for mention in self.mentions]
        self.errors = START_ERRORS
        return self.run()

    def run(self, rounds: int = 3) -> list[Placed]:
        """Return the mentions with the mass of each site, after some rounds with the error rate learnt."""
        for number in range(rounds):
            for place, placed in enumerate(self.placed):
                if number == 0 and (not placed.states or placed.mention.pattern.symbols):
                    placed.states = self._states(place)
                self._weigh(placed)
            forward_backward(self.sites.all, self.placed, self._after)
            self._learn()
        return self.placed

    def _counted_from_one(self) -> frozenset[str]:
        texts = {
            mention.id: [text for near in texts_around(mention) for text in near] for mention in self.mentions
        }
        fitting = {
            mention.id: {
                path
                for shape, how in self.fits.of(mention).items()
                if how in ("exact", "nobatch")
                for site in self.sites.by_shape[shape]
                if self.sites.all[site].direction == "out"
                for path in self.sites.all[site].paths
            }
            for mention in self.mentions
        }
        return counted_from_one(self.mentions, texts, fitting, self.sites.ranks)

    @property
    def sizes(self) -> Mapping[str, int]:
        """The sizes of symbols, as far as they are known."""
        return self.fits.sizes

    def _dotted_of(self, mention: Mention, unheard: Collection[str]) -> set[int]:
        alone = self._on_line[mention.span.line] == 1
        whole = mention.frame.line if alone else ""
        for text in (
            mention.subject,
            mention.frame.row,
            before_of(mention),
            whole,
            *(lead for lead in reversed(mention.frame.lead) if lead not in unheard),
        ):
            if text and (found := self.names.dotted(text)):
                return found
        return set()

    def said_of(self, mention: Mention) -> Mapping[str, float]:
        """Return the tokens of the words around a mention, each with how near they stand."""
        return self._said[mention.id]

    def relation_of(self, mention: Mention, shape: Shape) -> Relation:
        """Return how a mention's shape fits an observed one."""
        return self.fits.relation_of(mention, shape)

    def _states(self, place: int) -> list[State]:
        """Return the candidates of a mention: those with the best names, and those that its shape fits."""
        mention, named = self.mentions[place], self._named[place]
        dotted = self._dotted[place]
        weights = is_parameter_meant(mention) or self.fits.are_parameters(mention)
        unlikely = self._unlikely[weights]
        value = {site: score - unlikely[site] for site, score in named.scores().items()}
        for site in sorted(dotted):
            value[site] = value.get(site, 0.0) + DOTTED
        chosen = set(nlargest(BY_NAME, value, key=value.__getitem__))
        fitting: list[int] = []
        ordered: list[int] = []
        for shape, how in self.fits.of(mention).items():
            if how != "no":
                (ordered if how == "layout" else fitting).extend(self.sites.by_shape[shape])
        for ids, most in ((fitting, BY_SHAPE), (ordered, BY_LAYOUT)):
            chosen.update(nlargest(most, ids, key=lambda site: value.get(site, -9.0)))
        states = []
        for site in sorted(chosen):
            record = self.sites.all[site]
            score = NAME_SCALE * value.get(site, -UNSAID) + _role(mention, record)
            written = DOTTED if site in dotted else 0.0
            own, heard, near = (
                held.get(site, 0.0) + written for held in (named.own, named.heard, named.near)
            )
            share = 1.0 if written else named.share(site)
            how = self.fits.at(mention, record)
            states.append(State(site, how, score, own, share, heard, near))
        states.append(State(NOWHERE, "no", 0.0, 0.0))
        return states

    def _weigh(self, placed: Placed) -> None:
        """Give each state the weight of words and shape."""
        mention = placed.mention
        numbers = numbers_of(mention.pattern, self.sizes)
        for state in placed.states:
            if state.site == NOWHERE:
                state.weight = ABSENT
                continue
            site = self.sites.all[state.site]
            state.relation = self.fits.at(mention, site)
            weight = state.named + self._evidence(mention, state.relation)
            if state.relation == "no" and numbers is not None:
                weight += {1: 1.0, 2: 0.3}.get(differing(numbers, site.shape), -0.5)
            state.weight = weight

    def _evidence(self, mention: Mention, how: Relation) -> float:
        """Return what the shape says for a site that it fits in some way."""
        if how == "no":
            return log(self.errors)
        share = self.fits.share_of(mention, "exact" if how == "view" else how)
        rare = min(CAP, -log(share))
        if how == "layout":
            return rare * 0.75 + log(max(self.errors, 0.1)) + 0.7
        right = log(1 - self.errors)
        return {
            "exact": rare,
            "symbolic": rare * 0.8,
            "nobatch": rare * 0.8 - 0.5,
            "view": rare * 0.8 - 0.5,
            "part": rare * 0.6 - 1.5,
        }[how] + right

    def _learn(self) -> None:
        """Learn how often the author is wrong, from where the mentions are placed."""
        wrong, whole = 0.5, 5.0
        for placed in self.placed:
            here = [state for state in placed.states if state.site != NOWHERE]
            wrong += sum(state.mass for state in here if state.relation == "no")
            whole += sum(state.mass for state in here)
        self.errors = min(max(wrong / whole, 0.02), MOST_ERRORS)


UNSAID = 0.3
NOT_WEIGHTS = 3.0


def _role(mention: Mention, site: Site) -> float:
    """Return what it says that the text calls a shape an input or an output."""
    role = mention.role or ("out" if mention.position == 0 and _GIVES.search(before_of(mention)) else "")
    if not role:
        return 0.0
    if site.kind == "op":
        return -ROLE / 2
    return ROLE if site.direction == role else -ROLE


_GIVES = re.compile(r"(?:->|→|=>|⇒|⟶)\W*$")
