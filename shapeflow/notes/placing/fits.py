"""How the shapes of a text fit what is at the places of a trace, and how much that tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import log

from shapeflow.notes.mention import Mention
from shapeflow.notes.places.sites import Site, Sites
from shapeflow.notes.places.views import views
from shapeflow.notes.placing.conventions import is_channels_last, is_turned
from shapeflow.notes.placing.relations import FITS, WHOLE, Relation, Shape, relation, relations

CAP = 4.0
"""No shape says more than this for a site: a rare one that fits."""
LEAST_TOLD = 4
"""So many shapes of a text show what it begins them with."""


class Fits:
    """Compares the mentions of one text with the places of a trace."""

    def __init__(
        self, sites: Sites, mentions: Sequence[Mention], sizes: Mapping[str, int], batch: int
    ) -> None:
        self.sites = sites
        self.mentions = mentions
        self.sizes = dict(sizes)
        self.batch = batch
        self._says_batch = _says_batch(mentions, batch)
        self._texts = {mention.id: str(mention.pattern) for mention in mentions}
        self._told = Counter(self._texts.values())
        self._relations: dict[str, dict[Shape, Relation]] = {}
        self._share: dict[tuple[str, Relation], float] = {}
        self._viewed: dict[int, frozenset[Shape]] = {}

    def renew(self, sizes: Mapping[str, int]) -> None:
        """Take sizes of symbols as known."""
        self.sizes = dict(sizes)
        self._relations.clear()
        self._share.clear()

    def of(self, mention: Mention) -> Mapping[Shape, Relation]:
        """Return how a mention's shape fits all shapes of sites."""
        text = self._texts[mention.id]
        if text not in self._relations:
            found = relations(mention.pattern, self.sites.by_shape, self.sizes, self.batch)
            self._relations[text] = {shape: self._strict(mention, shape, how) for shape, how in found.items()}
        return self._relations[text]

    def relation_of(self, mention: Mention, shape: Shape) -> Relation:
        """Return how a mention's shape fits an observed one."""
        found = self.of(mention).get(shape)
        if found is None:
            return self._strict(mention, shape, relation(mention.pattern, shape, self.sizes, self.batch))
        return found

    def at(self, mention: Mention, site: Site) -> Relation:
        """Return how a mention's shape fits what is at a site, or a view of another rank of it."""
        how = self.relation_of(mention, site.shape)
        if how != "layout" or site.kind == "parameter" or len(site.shape) == len(mention.pattern.dims):
            return how
        if site.id not in self._viewed:
            values = self.sites.trace.values
            self._viewed[site.id] = frozenset(values[made].shape for made in views(self.sites, site))
        fits = any(self.relation_of(mention, shape) in WHOLE for shape in self._viewed[site.id])
        return "view" if fits else how

    def _strict(self, mention: Mention, shape: Shape, how: Relation) -> Relation:
        """Return how a shape fits, where a text that gives the batch of the run does not mean one input."""
        other = how == "nobatch" and self._says_batch and len(mention.pattern.dims) == len(shape)
        return "no" if other else how

    def are_parameters(self, mention: Mention) -> bool:
        """Return whether a shape is that of parameters, and in no order that of anything that flows."""
        kinds = {
            self.sites.all[site].kind == "parameter"
            for shape, how in self.of(mention).items()
            if how != "no"
            for site in self.sites.by_shape[shape]
        }
        return kinds == {True}

    @cached_property
    def with_channels_last(self) -> frozenset[int]:
        """The ids of mentions of an author who puts channels last, as the run does not; none for others."""
        if not is_channels_last(self.mentions, self.sites.by_shape):
            return frozenset()
        return frozenset(
            mention.id
            for mention in self.mentions
            if any(is_turned(mention, shape) for shape in self.sites.by_shape)
            and not any(how in FITS for how in self.of(mention).values())
        )

    def rarity(self, mention: Mention) -> float:
        """Return how rare the places are that a mention's shape fits; 0: it fits none."""
        hows = {how for how in self.of(mention).values() if how in FITS}
        return max((min(CAP, -log(self.share_of(mention, how))) for how in hows), default=0.0)

    def told_share(self, mention: Mention) -> float:
        """Return the share of the other mentions that state the same shape."""
        return (self._told[self._texts[mention.id]] - 1) / len(self.mentions)

    def share_of(self, mention: Mention, how: Relation) -> float:
        """Return the share of all sites that a shape fits in this way, or of all mentions with this shape.

        What an author writes by mistake is mostly a shape from elsewhere in the text.
        """
        key = (self._texts[mention.id], how)
        if key not in self._share:
            fits = self.of(mention)
            count = sum(len(self.sites.by_shape[shape]) for shape in fits if fits[shape] == how)
            self._share[key] = max(max(count, 1) / max(len(self.sites.all), 2), self.told_share(mention))
        return self._share[key]


def _says_batch(mentions: Sequence[Mention], batch: int) -> bool:
    """Return whether the shapes of a text begin with the batch of the run, and not with 1 for one input."""
    firsts = Counter(mention.pattern.dims[0].text.strip() for mention in mentions if mention.pattern.dims)
    return batch > 1 and firsts[str(batch)] >= LEAST_TOLD and firsts[str(batch)] > 2 * firsts["1"]
