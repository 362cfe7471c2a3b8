"""Which place a text goes on with after another: the next of its kind, the other side, the next module."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from shapeflow.notes.places.sites import Site, Sites


def followers(sites: Sites) -> list[tuple[int, ...]]:
    """Return for each site those that a text may go on with: it tells a model in the order of its parts.

    That is the next place alike but for its shape (``features.1:out``, ``features.2:out``), what the same
    call gives for what it takes, and the same side of the next part of the same module.
    """
    found: list[set[int]] = [set() for _ in sites.all]
    alike: dict[tuple[str, str], list[Site]] = defaultdict(list)
    beside: dict[tuple[str, str], list[Site]] = defaultdict(list)
    sides: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for site in sites.all:
        if site.kind != "call":
            continue
        alike[site.key, site.port].append(site)
        parent = site.key.rpartition(".")[0]
        beside[parent, site.direction].append(site)
        sides[site.path][site.direction].append(site.id)
    for row in alike.values():
        row.sort(key=lambda site: site.order)
        for one, other in pairwise(row):
            found[one.id].add(other.id)
    for row in beside.values():
        _next_orders(row, found)
    for both in sides.values():
        for taken in both["in"]:
            found[taken].update(both["out"])
    return [tuple(one) for one in found]


def _next_orders(row: list[Site], found: list[set[int]]) -> None:
    """Add to each of the places beside each other those that come right after it."""
    by_order: dict[int, list[Site]] = defaultdict(list)
    for site in row:
        by_order[site.order].append(site)
    orders = sorted(by_order)
    for order, after in pairwise(orders):
        for one in by_order[order]:
            found[one.id].update(other.id for other in by_order[after] if other.key != one.key)
