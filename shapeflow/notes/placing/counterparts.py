"""Places that one word tells from another: the same layer of the encoder and of the decoder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator

from shapeflow.notes.mention import Mention
from shapeflow.notes.placing.placing import Placing
from shapeflow.notes.placing.relations import FITS
from shapeflow.notes.placing.site_names import LINE
from shapeflow.notes.placing.sites import Site


class Counterparts:
    """The places of a trace by what those of the same name in other parts have in common."""

    def __init__(self, placing: Placing) -> None:
        self._placing = placing
        self._alike: dict[Hashable, list[Site]] = defaultdict(list)
        for site in placing.sites.all:
            self._alike[_last_of(site)].append(site)

    def are_meant(self, mention: Mention, fit: Site) -> bool:
        """Return whether the nearest words name the like of a place in another part, not this one.

        The encoder's layer has the shape, say, and the words tell of the decoder's.
        """
        said = self._placing.said_of(mention)
        nearest = {token for token, weight in said.items() if weight >= 1.0 and token[0] not in "#="}
        lacking = nearest - _names(fit)
        return bool(lacking) and any(
            _is_named(other, lacking, nearest) and self._placing.relation_of(mention, other.shape) not in FITS
            for other in self._of(fit)
        )

    def _of(self, site: Site) -> Iterator[Site]:
        """Yield the places that one name or number in their path tells from a place."""
        parts = site.key.split(".")
        for one in self._alike[_last_of(site)]:
            if one is not site and sum(a != b for a, b in zip(parts, one.key.split("."), strict=True)) <= 1:
                yield one


def _last_of(site: Site) -> Hashable:
    """Return what places of the same name have in common."""
    parts = site.key.split(".")
    target = site.selector.rpartition("/")[2].partition("@")[0] if site.kind == "op" else ""
    return site.kind, site.port, len(parts), parts[-1], target


def _is_named(site: Site, lacking: set[str], nearest: set[str]) -> bool:
    """Return whether words name a site as well as another one, and by a word that this one lacks."""
    tokens = _names(site)
    return bool(lacking & tokens) and nearest - lacking <= tokens


def _names(site: Site) -> set[str]:
    """Return the names of a site and of what it is in, without those that only stand in its line of code."""
    return {token for tokens in (site.own, site.around) for token, worth in tokens.items() if worth > LINE}
