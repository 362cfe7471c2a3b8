"""A shape that the run does not have, between two that are confirmed and follow each other in the run.

A text that goes through a model step by step, and is right before and after a step, means what the model
does in between.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from shapeflow.notes.places.sites import Site
from shapeflow.notes.placing.chain import NOWHERE, Placed, State
from shapeflow.notes.placing.relations import FITS, Shape, differing, numbers_of, relation, sizes_of
from shapeflow.notes.verdicts.chances import chances
from shapeflow.notes.verdicts.doubts import doubted
from shapeflow.notes.verdicts.guards import is_comparable
from shapeflow.notes.verdicts.judge import Judge
from shapeflow.notes.verdicts.mark import TRUE, Mark, Verdict

SUREST = 0.85
"""Which of the places in between is meant is never as sure as where a text names it."""
FARTHEST = 6
"""So many mentions away may stand what encloses one."""
BESIDE, ALIKE = 0.45, 0.55
"""So sure it has to be that a mention is wrong: right between two, and one size off what is there."""


def with_enclosed(
    judge: Judge, marks: Sequence[Mark], placed: Mapping[int, Placed], told: Mapping[int, Mark]
) -> list[Mark]:
    """Return marks with what the run does not have called wrong where the marks around it leave no doubt.

    Args:
        judge: what judged the mentions that were placed.
        marks: all marks of a text in its order.
        placed: the mentions with their places, by id.
        told: the marks that something else than their place decides, by id of their mention.
    """
    sites = [_passed(judge, mark) for mark in marks]
    found = []
    for number, mark in enumerate(marks):
        one = placed.get(mark.mention.id)
        is_open = mark.verdict == "not in this run" and mark.mention.id not in told
        wrong = _wrong(judge, one, sites, number) if one is not None and is_open else None
        found.append(mark if wrong is None else doubted(wrong, judge.clauses[mark.mention.id]))
    return found


def _passed(judge: Judge, mark: Mark) -> Site | None:
    """Return the place of a mark if it is confirmed, and the data flow through it."""
    site = judge.site(mark.place) if mark.verdict in TRUE else None
    return site if site is not None and site.kind != "parameter" else None


def _wrong(judge: Judge, placed: Placed, sites: Sequence[Site | None], number: int) -> Mark | None:
    """Return the mark of what is wrong of the place between those around it; None if that is not sure."""
    if not any((size or 1) > 1 for size in sizes_of(placed.mention.pattern, {})):
        return None  # letters alone may stand for anything
    before = next(((gap, site) for gap, site in _near(sites, number, -1) if site), None)
    after = next(((gap, site) for gap, site in _near(sites, number, 1) if site), None)
    if before is None or after is None or before[1].order > after[1].order:
        return None
    between = range(before[1].order, after[1].order + 1)
    inside = [site for site in judge.sites.all if site.kind != "parameter" and site.order in between]
    if any(site.port == "score" for site in inside):
        return None  # much of what is inside of a fused attention is not seen
    shapes = {site.shape for site in inside}
    batch = judge.placing.fits.batch
    if any(relation(placed.mention.pattern, shape, {}, batch) in FITS for shape in shapes):
        return None  # the numbers fit: what the letters are may be said wrongly elsewhere
    _, false = chances(judge.evidence(placed).numbers)
    beside = before[0] == after[0] == 1 and false >= BESIDE
    if not beside and not (false >= ALIKE and _is_alike(judge, placed, shapes)):
        return None
    mark = _at(judge, placed, {site.id for site in inside}, min(false, SUREST))
    why = f"it stands between {before[1].selector} and {after[1].selector}, which the text gives rightly"
    return None if mark is None else replace(mark, evidence=(*mark.evidence, why))


def _near(sites: Sequence[Site | None], number: int, step: int) -> Sequence[tuple[int, Site | None]]:
    """Return how far away what stands around a mention is, and its place, the nearest first."""
    places = [number + step * gap for gap in range(1, FARTHEST + 1)]
    return [(abs(one - number), sites[one]) for one in places if 0 <= one < len(sites)]


def _is_alike(judge: Judge, placed: Placed, shapes: Collection[Shape]) -> bool:
    """Return whether one of some shapes differs in one size only, with or without its batch."""
    numbers = numbers_of(placed.mention.pattern, judge.placing.sizes)
    if numbers is None or sum(size > 1 for size in numbers) < 2:
        return False
    return any(1 in (differing(numbers, shape), differing(numbers, shape[1:])) for shape in shapes)


def _at(judge: Judge, placed: Placed, ids: Collection[int], false: float) -> Mark | None:
    """Return the mark at the likeliest of some places of which a shape may be a wrong one."""
    states: list[State] = [state for state in placed.states if state.site != NOWHERE and state.site in ids]
    sites = judge.sites.all
    comparable = [s for s in states if is_comparable(placed.mention, sites[s.site], judge.placing)]
    dims = len(placed.mention.pattern.dims)

    def likeness(state: State) -> tuple[bool, bool, float]:
        shape = sites[state.site].shape
        near = _is_alike(judge, placed, (shape,)) or (state.relation == "layout" and len(shape) == dims)
        return near, len(shape) == dims, state.mass

    best = max(comparable, key=likeness, default=None)
    if best is None:
        return None
    verdict: Verdict = "layout differs" if best.relation == "layout" else "contradicted"
    return judge.mark_at(placed, best, verdict, false)
