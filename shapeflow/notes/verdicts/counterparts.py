"""Places that one word or number tells from another: the same layer of the encoder and of the decoder."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator

from shapeflow.notes.mention import Mention
from shapeflow.notes.places.site_names import LINE
from shapeflow.notes.places.sites import Site
from shapeflow.notes.placing.candidates import texts_around
from shapeflow.notes.placing.placing import Placing
from shapeflow.notes.placing.relations import FITS
from shapeflow.notes.words.ordinals import numbered
from shapeflow.notes.words.words import name_tokens, text_tokens


class Counterparts:
    """The places of a trace by what those of the same name in other parts have in common."""

    def __init__(self, placing: Placing) -> None:
        self._placing = placing
        self._ranks = placing.sites.ranks
        self._alike: dict[Hashable, list[Site]] = defaultdict(list)
        for site in placing.sites.all:
            self._alike[_last_of(site)].append(site)

    def are_meant(self, mention: Mention, fit: Site) -> bool:
        """Return whether words name the like of a place in another part of the model, not this one.

        The encoder's layer has the shape, say, and the words tell of the decoder's.
        """
        said = self._placing.said_of(mention)
        nearest = {token for token, weight in said.items() if weight >= 1.0 and token[0] not in "#="}
        lacking = nearest - _names(fit)
        around = texts_around(mention)
        return any(
            _is_named(other, lacking, nearest)
            or _tells(around, fit, other)
            or self._is_numbered(around[0], fit, other)
            for other in self._of(fit)
            if self._placing.relation_of(mention, other.shape) not in FITS
        )

    def _is_numbered(self, nearest: Iterable[str], fit: Site, other: Site) -> bool:
        """Return whether the nearest words give the number of one place, and not of the other one."""
        pairs = {pair for text in nearest for pair in numbered(text)}
        own, others = ({p for path in site.paths for p in self._ranks.numbers(path)} for site in (fit, other))
        known = {token for token, _ in own}
        return any(
            token in known and (token, number) in others and not {(token, number), (token, number - 1)} & own
            for token, number in pairs
        )

    def _of(self, site: Site) -> Iterator[Site]:
        """Yield the places that one name or number in their path tells from a place."""
        for one in self._alike[_last_of(site)]:
            if one is not site and len(_differing(site, one)) <= 1:
                yield one


def _last_of(site: Site) -> Hashable:
    """Return what places of the same name have in common."""
    parts = site.key.split(".")
    target = site.selector.rpartition("/")[2].partition("@")[0] if site.kind == "op" else ""
    return site.kind, site.port, len(parts), parts[-1], target


def _differing(one: Site, other: Site) -> list[tuple[str, str]]:
    """Return the names in two paths of the same length that differ."""
    pairs = zip(one.key.split("."), other.key.split("."), strict=True)
    return [(a, b) for a, b in pairs if a != b]


def _is_named(site: Site, lacking: set[str], nearest: set[str]) -> bool:
    """Return whether words name a site as well as another one, and by a word that this one lacks."""
    tokens = _names(site)
    return bool(lacking & tokens) and nearest - lacking <= tokens


def _tells(around: Iterable[Iterable[str]], fit: Site, other: Site) -> bool:
    """Return whether the nearest words that name either of two parts name the other one alone."""
    for name, wanted in _differing(fit, other):
        here, there = _words(name), _words(wanted) - _words(fit.key) - _names(fit)
        for texts in around:
            words = _words(" ".join(texts))
            if words & (here | there):
                return not words & here
    return False


def _words(text: str) -> set[str]:
    """Return the words of a text, and what they mean."""
    plain = set(re.findall(r"[a-z]{3,}", text.lower()))
    return plain | {token for token in text_tokens(text) | name_tokens(text) if token[0] not in "#="}


def _names(site: Site) -> set[str]:
    """Return the names of a site and of what it is in, without those that only stand in its line of code."""
    return {token for tokens in (site.own, site.around) for token, worth in tokens.items() if worth > LINE}
