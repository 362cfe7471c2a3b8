"""What is said of each mention: by the mass of the places where its shape fits, and where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shapeflow.notes.mention import Mention
from shapeflow.notes.places.sites import Shape, Site, Sites, shapes_below
from shapeflow.notes.places.variables import variables
from shapeflow.notes.placing.chain import NOWHERE, Placed, State
from shapeflow.notes.placing.exact import Exact
from shapeflow.notes.placing.placing import Placing
from shapeflow.notes.placing.relations import FITS
from shapeflow.notes.verdicts.chances import (
    SURE_FALSE,
    SURE_TRUE,
    chances,
    may_be_confirmed,
    may_be_contradicted,
)
from shapeflow.notes.verdicts.counterparts import Counterparts
from shapeflow.notes.verdicts.doubts import COMMITTED, doubted
from shapeflow.notes.verdicts.evidence import Evidence, Weighing
from shapeflow.notes.verdicts.guards import (
    arranged,
    first_results,
    is_comparable,
    is_elsewhere,
    is_rivalled,
    weight_of,
)
from shapeflow.notes.verdicts.mark import Mark, Verdict
from shapeflow.notes.verdicts.named import named_mark, several_mark
from shapeflow.notes.verdicts.variable import variable_mark
from shapeflow.notes.words.clauses import Clause, clauses, labelled_role
from shapeflow.shapes.notation import Expression, shape_text

MOST_RIVALS = 3
SURE_LAST = 0.9
"""How sure it is that an author means channels last who gives all shapes so."""
ALIKE = 0.3
"""A place with so much of the mass of the likeliest one is about as likely."""


class Judge:
    """Gives verdicts on placed mentions."""

    def __init__(self, placing: Placing) -> None:
        self.placing = placing
        self.sites: Sites = placing.sites
        self._below: dict[tuple[str, str], frozenset[Shape]] = {}
        self.variables = variables(self.sites.trace)
        self.exact = Exact(self.sites, placing.names)
        self.counterparts = Counterparts(placing)
        self.clauses = clauses(placing.mentions)
        known = self.exact.code.union(*(path.split(".") for path in self.exact.paths))
        self.weighing = Weighing(placing, self._shapes, known)
        self._by_selector = {site.selector: site for site in reversed(self.sites.all)}

    def site(self, selector: str) -> Site | None:
        """Return the place that a selector of a mark names."""
        return self._by_selector.get(selector)

    def mark(self, placed: Placed) -> Mark:
        """Return what is said of a mention: by an exact name, or by words, shape and order."""
        mark = self.named(placed)
        mark = mark or variable_mark(placed, self.placing, self.variables) or self._weighed(placed)
        return doubted(mark, self.clauses[placed.mention.id])

    def named(self, placed: Placed) -> Mark | None:
        """Return the mark of a mention that an exact name decides; None if none does."""
        mention = placed.mention
        clause = self.clauses[mention.id]
        meant = self.exact.meant(mention, clause)
        if meant is None:
            return None
        if meant.several:
            sure = meant.told and meant.close and not self._fits_one(mention, meant.sites)
            return several_mark(mention, meant, self.placing) if sure and meant.sites else None
        if meant.sites and not clause.role and not self._fits_one(mention, meant.sites):
            weight = weight_of(self.exact, meant, mention, self.placing)
            meant = meant if weight is None else replace(meant, sites=(weight,), parameter=True)
        mark = self._arranged(named_mark(mention, meant, self.placing, self._shapes), meant.sites)
        if mark.verdict in COMMITTED or not meant.sites:
            return mark
        return mark if meant.close and meant.name not in self.sites.ops else None

    def _fits_one(self, mention: Mention, sites: Sequence[Site]) -> bool:
        return any(self.placing.relation_of(mention, site.shape) in FITS for site in sites)

    def evidence(self, placed: Placed) -> Evidence:
        """Return what speaks for and against a mention."""
        clause = self.clauses[placed.mention.id]
        meant = self.exact.meant(placed.mention, clause)
        named = frozenset(site.id for site in meant.sites) if meant else frozenset[int]()
        return self.weighing.of(placed, clause, named)

    def _weighed(self, placed: Placed) -> Mark:
        """Return the mark of a mention by all that speaks for and against it."""
        evidence = self.evidence(placed)
        true, false = chances(evidence.numbers)
        if evidence.fit is not None and true >= SURE_TRUE and may_be_confirmed(evidence.numbers):
            symbols = _only_symbols(placed.mention, self.placing)
            verdict: Verdict = "symbolic, consistent" if symbols else "confirmed"
            return self._at_fit(placed, evidence.fit, verdict, true) or self._open(placed, max(true, false))
        if placed.mention.id in self.placing.fits.with_channels_last:
            ordered = (state for state in placed.states if state.relation == "layout")
            return self.mark_at(
                placed, max(ordered, key=lambda state: state.mass), "layout differs", SURE_LAST
            )
        if evidence.other is not None and false >= SURE_FALSE and may_be_contradicted(evidence.numbers):
            site = self.sites.all[evidence.other.site]
            if evidence.other.relation == "layout":
                mark = self.mark_at(placed, evidence.other, "layout differs", false)
                return self._arranged(mark, (site,))
            if is_comparable(placed.mention, site, self.placing):
                return self.mark_at(placed, evidence.other, "contradicted", false)
        return self._open(placed, max(true, false))

    def _at_fit(self, placed: Placed, likeliest: State, verdict: Verdict, true: float) -> Mark | None:
        """Return the mark at the first of the likeliest places that fit which nothing speaks against."""
        clause = self.clauses[placed.mention.id]
        for fit in _as_likely(placed, likeliest):
            mark = self._confirmed(placed, fit, verdict, true)
            if verdict != "confirmed":
                return mark  # letters are free to fit: nothing is said of this place alone
            if self._is_of_counterpart(mark, fit) or self._is_other_side(mark, clause):
                continue
            rivalled = is_rivalled(placed, self.sites.all[fit.site], clause, self.sites)
            if not self._is_guarded(mark) and not rivalled:
                return mark
        return None

    def _confirmed(self, placed: Placed, fit: State, verdict: Verdict, true: float) -> Mark:
        """Return the mark of a mention that a place fits: on the side that words tell of, or at a view."""
        mark = self.mark_at(placed, fit, verdict, true)
        if fit.relation != "view":
            return self._sided(mark, self.clauses[placed.mention.id])
        view = arranged(self.sites, self.sites.all[fit.site], placed.mention, self.placing)
        return mark if view is None else replace(mark, place=view.selector, found=_shape(view))

    def _is_other_side(self, mark: Mark, clause: Clause) -> bool:
        """Return whether the word right before a shape says that it goes in, and its place only gives it."""
        site = self._by_selector.get(mark.place)
        role = labelled_role(clause.words)
        if not role or site is None or site.direction == role:
            return False
        others = (self.sites.all[one] for value in site.values for one in self.sites.by_value[value])
        return site.kind == "call" or not any(one.direction == role for one in others)

    def _is_guarded(self, mark: Mark) -> bool:
        """Return whether the nearest name is of another place, or only a further result has the shape."""
        site = self._by_selector.get(mark.place)
        if site is None:
            return False
        meant = self.exact.meant(mark.mention, self.clauses[mark.mention.id])
        return is_elsewhere(meant, site, self.sites) or bool(first_results(self.sites, site, mark.mention))

    def _is_of_counterpart(self, mark: Mark, fit: State) -> bool:
        """Return whether words name the like of a place in another part of the model."""
        site = self.sites.all[fit.site]
        told = self._by_selector.get(mark.place, site)
        return any(
            self.counterparts.are_meant(mark.mention, one) for one in {site.id: site, told.id: told}.values()
        )

    def _arranged(self, mark: Mark, sites: Sequence[Site]) -> Mark:
        """Return a mark of another layout, or that of the view with this shape of what is there."""
        if mark.verdict != "layout differs":
            return mark
        keys = {site.key for site in sites}
        beside = [one for one in self.sites.all if one.kind == "call" and one.key in keys]
        for site in (*sites, *beside):
            if len(site.shape) == len(mark.mention.pattern.dims):
                continue  # the same sizes in another order are just that
            view = arranged(self.sites, site, mark.mention, self.placing)
            if view is not None:
                symbols = _only_symbols(mark.mention, self.placing)
                verdict: Verdict = "symbolic, consistent" if symbols else "confirmed"
                return replace(mark, verdict=verdict, place=view.selector, found=_shape(view))
        return mark

    def _sided(self, mark: Mark, clause: Clause) -> Mark:
        """Return a mark with the side of its place of which the words speak, if the shape fits there."""
        site = self._by_selector.get(mark.place)
        if site is None or site.kind != "call":
            return mark
        role = "in" if clause.starts and clause.role != "out" else clause.role
        if site.direction == (role or "out"):
            firsts = first_results(self.sites, site, mark.mention)
            fits = (one for one in firsts if self.placing.relation_of(mark.mention, one.shape) in FITS)
            first = next(fits, None)
            return mark if first is None else replace(mark, place=first.selector, found=_shape(first))
        others = [one for one in self.sites.all if one.key == site.key and one.kind == "call"]
        same = [self.sites.all[one] for value in site.values for one in self.sites.by_value[value]]
        for one in (*others, *same):
            if one.direction == (role or "out") and self.placing.relation_of(mark.mention, one.shape) in FITS:
                return replace(mark, place=one.selector, found=_shape(one))
        return mark

    def _open(self, placed: Placed, confidence: float) -> Mark:
        """Return the mark of a mention whose place is not sure enough."""
        occurs = any(
            self.placing.relation_of(placed.mention, shape) in ("exact", "symbolic", "nobatch")
            for shape in self.sites.by_shape
        )
        verdict: Verdict = "cannot tell"
        if not occurs:
            verdict = "not in this run"
        elif occurs and placed.mass("no") > 0.5:
            verdict = "seen elsewhere"
        return self.mark_at(placed, placed.best, verdict, confidence)

    def _shapes(self, site: Site) -> frozenset[Shape]:
        key = (site.kind, site.key)
        if key not in self._below:
            self._below[key] = shapes_below(self.sites.trace, site)
        return self._below[key]

    def mark_at(self, placed: Placed, best: State | None, verdict: Verdict, confidence: float) -> Mark:
        """Return a mark with its place, and the others that may be meant."""
        places = [state for state in placed.states if state.site != NOWHERE]
        places.sort(key=lambda state: -state.mass)
        rivals = [state for state in places if state is not best and state.mass >= 0.02][:MOST_RIVALS]
        sites = self.sites.all
        return Mark(
            placed.mention,
            verdict,
            sites[best.site].selector if best else "",
            _shape(sites[best.site]) if best else "",
            tuple(self._evidence(best)) if best else (),
            tuple(
                (sites[state.site].selector, _shape(sites[state.site]), round(state.mass, 3))
                for state in rivals
            ),
            round(confidence, 3),
        )

    def _evidence(self, best: State) -> Sequence[str]:
        site = self.sites.all[best.site]
        lines = []
        for source in sorted(site.lines)[:1]:
            record = self.sites.trace.sources[source]
            lines.append(f"{record}: {record.text}")
        return lines


def _as_likely(placed: Placed, fit: State) -> list[State]:
    """Return a place that fits, and the others that fit and are about as likely."""
    others = [
        state
        for state in placed.states
        if state is not fit and state.relation in FITS and state.mass >= ALIKE * fit.mass
    ]
    return [fit, *sorted(others, key=lambda state: -state.mass)]


def _shape(site: Site) -> str:
    return shape_text(site.dtype, site.shape)


def _only_symbols(mention: Mention, placing: Placing) -> bool:
    """Return whether no size is known of a shape as written, but for ones."""
    for dim in mention.pattern.dims:
        if not isinstance(dim.meaning, Expression):
            continue
        if not dim.meaning.symbols and dim.text.strip() != "1":
            return False
        if dim.meaning.symbols and all(symbol in placing.given for symbol in dim.meaning.symbols):
            return False
    return True
