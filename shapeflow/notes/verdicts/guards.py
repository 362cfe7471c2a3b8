"""What keeps a place that words and shapes make likely from being called sure, or leads to a better one."""

from __future__ import annotations

from shapeflow.notes.mention import Mention
from shapeflow.notes.places.site_names import port_tokens
from shapeflow.notes.places.sites import Site, Sites
from shapeflow.notes.places.views import views
from shapeflow.notes.placing.chain import Placed
from shapeflow.notes.placing.exact import Exact
from shapeflow.notes.placing.meant import Meant
from shapeflow.notes.placing.placing import Placing
from shapeflow.notes.placing.relations import differing, numbers_of
from shapeflow.notes.words.clauses import CHANGED, Clause
from shapeflow.notes.words.words import text_tokens

_LIKELY = 0.25
"""A place with so much of the mass may be the one that is meant."""


def is_elsewhere(meant: Meant | None, site: Site, sites: Sites) -> bool:
    """Return whether the nearest name in code style is of another part of the model than a site is in."""
    if meant is None or meant.several or not meant.sites or not meant.path:
        return False
    return not any(
        _is_below(path, meant.path) or _is_below(meant.path, path) for path in site.paths
    ) and not any(
        site.values & named.values or (len(site.shape) != len(named.shape) and _is_view(sites, named, site))
        for named in meant.sites
    )


def _is_below(path: str, other: str) -> bool:
    return not other or path == other or path.startswith(f"{other}.")


def first_results(sites: Sites, site: Site, mention: Mention) -> list[Site]:
    """Return the first results of calls of which a site is inside of a further one that no word names."""
    if site.kind != "call" or not site.port.startswith("out[") or site.port.count("[") < 2:
        return []
    firsts = [one for one in sites.all if (one.kind, one.key) == ("call", site.key)]
    firsts = [one for one in firsts if one.port in ("out", "out[0]")]
    words = text_tokens(f"{mention.frame.before} {mention.frame.row} {mention.frame.column}")
    return firsts if not port_tokens(site.port) & words else []


def is_rivalled(placed: Placed, fit: Site, clause: Clause, sites: Sites) -> bool:
    """Return whether words lead to a place, too, that has the same sizes in another order.

    That place is none where words tell of a change, and what fits is a view of it.
    """
    rivals = [
        site
        for state in placed.states
        if state.relation == "layout" and state.mass >= _LIKELY
        for site in [sites.all[state.site]]
        if len(site.shape) == len(fit.shape)
    ]
    told = bool(CHANGED.search(clause.words))
    return any(not (told and _is_view(sites, rival, fit)) for rival in rivals)


def _is_view(sites: Sites, one: Site, other: Site) -> bool:
    """Return whether one of two places has a view of what is at the other one."""
    return bool(other.values & views(sites, one).keys() or one.values & views(sites, other).keys())


def is_comparable(mention: Mention, site: Site, placing: Placing) -> bool:
    """Return whether a shape may be a wrong one of a site: most of its sizes, or dims, are those there."""
    numbers = numbers_of(mention.pattern, placing.sizes)
    if numbers is None:
        return abs(len(mention.pattern.dims) - len(site.shape)) <= 1
    gap = differing(numbers, site.shape)
    return gap <= max(1, (len(numbers) + 1) // 2) or (gap == 9 and abs(len(numbers) - len(site.shape)) == 1)


def weight_of(exact: Exact, meant: Meant, mention: Mention, placing: Placing) -> Site | None:
    """Return the weight that a shape is of, where no port of the module that is named has it.

    That is one of the module that has just this shape, or one inside of it, or one of it in another order:
    many write a linear layer as inputs × outputs.
    """
    paths = sorted({meant.path} if meant.path else {path for site in meant.sites for path in site.paths})
    own = [site for path in paths for site in exact.paths.get(path, ()) if site.kind == "parameter"]
    inner = [
        site
        for path, sites in exact.paths.items()
        if any(path.startswith(f"{one}.") for one in paths if one)
        for site in sites
        if site.kind == "parameter"
    ]
    hows = [(site, placing.relation_of(mention, site.shape)) for site in (*own, *inner)]
    same = [site for site, how in hows if how == "exact"]
    turned = [
        site
        for site, how in hows[: len(own)]
        if how == "layout" and len(site.shape) == len(mention.pattern.dims) > 1
    ]
    return next(iter((*same, *turned)), None)


def arranged(sites: Sites, site: Site, mention: Mention, placing: Placing) -> Site | None:
    """Return where the shape of a mention is that views and transposes make of what is at a site."""
    for made in views(sites, site):
        if placing.relation_of(mention, sites.trace.values[made].shape) in ("exact", "symbolic"):
            return next((sites.all[number] for number in sites.by_value.get(made, ())), None)
    return None
