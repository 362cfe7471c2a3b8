"""What is said of each mention: by the mass of the places where its shape fits, and where it does not."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Literal

from shapeflow.notes.mention import Mention
from shapeflow.notes.placing.chain import NOWHERE, Placed, State
from shapeflow.notes.placing.placing import Placing
from shapeflow.notes.placing.relations import FITS, differing, numbers_of
from shapeflow.notes.placing.sites import Shape, Site, Sites, shapes_below
from shapeflow.shapes.notation import Expression, shape_text

Verdict = Literal[
    "confirmed",
    "layout differs",
    "contradicted",
    "seen elsewhere",
    "not in this run",
    "symbolic, consistent",
    "cannot tell",
]

SURE_YES, SURE_LAYOUT, SURE_NO = 0.75, 0.6, 0.6
ANCHOR, SHARE, LEAST_ANCHORED = 1.0, 0.6, 0.25
"""So much the words have to say for a place itself before a shape there is called wrong."""
LEAST_LAYOUT = 0.05
NEAR = 1.5
"""Places for which words say so much less than for the best are as likely meant."""
FAR_BETTER = 3.0
BETTER = 0.8
"""So much more words may say for a place where a shape does not fit before nothing is confirmed elsewhere."""
MOST_RIVALS = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """A mention with what the trace says of it."""

    mention: Mention
    verdict: Verdict
    place: str
    """Selector of the likeliest place; empty if there is none."""
    found: str
    """The shape there."""
    evidence: tuple[str, ...] = ()
    rivals: tuple[tuple[str, str, float], ...] = ()
    """Other places: selector, shape, share of the mass."""
    confidence: float = 0.0


class Judge:
    """Gives verdicts on placed mentions."""

    def __init__(self, placing: Placing) -> None:
        self.placing = placing
        self.sites: Sites = placing.sites
        self._below: dict[tuple[str, str], frozenset[Shape]] = {}

    def mark(self, placed: Placed) -> Mark:
        """Return what is said of a mention."""
        mention = placed.mention
        yes, layout = placed.mass(*FITS), placed.mass("layout")
        nowhere = sum(state.mass for state in placed.states if state.site == NOWHERE)
        no = placed.mass("no") - nowhere
        said_yes, said_layout = _said(placed, FITS), _said(placed, {"layout"})
        said_no = _said(placed, {"no"})
        if yes >= SURE_YES and _is_heard(placed) and not self._is_rivalled(placed, said_yes):
            verdict: Verdict = "symbolic, consistent" if _only_symbols(mention, self.placing) else "confirmed"
            return self._mark(placed, FITS, verdict, yes)
        if self._is_layout(placed, said_yes, said_layout, said_no):
            return self._mark(placed, frozenset({"layout"}), "layout differs", layout)
        if no >= SURE_NO and self._is_wrong(placed):
            return self._mark(placed, frozenset({"no"}), "contradicted", no)
        return self._open(placed, max(yes, layout, no, nowhere))

    def _is_rivalled(self, placed: Placed, said: float) -> bool:
        """Return whether words say more for a place where a mention's shape is nearly that there.

        Args:
            placed: the mention.
            said: how much words say for the best place that the shape fits.
        """
        numbers = numbers_of(placed.mention.pattern, self.placing.sizes)
        for state in placed.states:
            gap = state.named - said
            if state.site == NOWHERE or gap <= BETTER or state.relation in FITS:
                continue
            near = state.relation == "layout" or (
                numbers is not None and differing(numbers, self.sites.all[state.site].shape) == 1
            )
            if near or (gap > FAR_BETTER and state.share >= SHARE):
                return True
        return False

    def _is_layout(self, placed: Placed, yes: float, layout: float, no: float) -> bool:
        """Return whether a mention's sizes are those of the place it means, and only their order is another.

        Args:
            placed: the mention.
            yes: how much words say for a place that the shape fits.
            layout: the same, where only the order differs.
            no: the same, where it does not fit.
        """
        mass = placed.mass("layout")
        if placed.mention.role and layout >= yes + BETTER and layout >= no - BETTER / 2:
            return mass + placed.mass(*FITS) >= SURE_YES and mass >= LEAST_LAYOUT
        if mass < SURE_LAYOUT or layout < max(yes, no) - BETTER:
            return False
        best = max(
            (state for state in placed.states if state.relation == "layout"), key=lambda state: state.mass
        )
        shapes = self._shapes(self.sites.all[best.site])
        return not any(self.placing.relation_of(placed.mention, shape) in FITS for shape in shapes)

    def _open(self, placed: Placed, confidence: float) -> Mark:
        """Return the mark of a mention whose place is not sure enough."""
        occurs = any(
            self.placing.relation_of(placed.mention, shape) in ("exact", "symbolic", "nobatch")
            for shape in self.sites.by_shape
        )
        verdict: Verdict = "cannot tell"
        if not occurs and not any(state.relation == "layout" for state in placed.states):
            verdict = "not in this run"
        elif occurs and placed.mass("no") > 0.5:
            verdict = "seen elsewhere"
        return self._mark(placed, None, verdict, confidence)

    def _is_wrong(self, placed: Placed) -> bool:
        """Return whether names hold a mention in a part of the model that has its shape in no form."""
        places = [state for state in placed.states if state.site != NOWHERE]
        best = max(places, key=lambda state: state.mass)
        most = max(state.heard for state in places)
        anchored = [state for state in places if _is_anchored(state, most) and state.relation == "no"]
        if sum(state.mass for state in anchored) < LEAST_ANCHORED and best not in anchored:
            return False
        near = [state for state in places if state.named >= best.named - NEAR]
        if any(state.relation != "no" for state in near):
            return False
        return not any(
            self.placing.relation_of(placed.mention, shape) != "no"
            for state in near[:12]
            for shape in self._shapes(self.sites.all[state.site])
        )

    def _shapes(self, site: Site) -> frozenset[Shape]:
        key = (site.kind, site.key)
        if key not in self._below:
            self._below[key] = shapes_below(self.sites.trace, site)
        return self._below[key]

    def _mark(
        self, placed: Placed, relations: frozenset[str] | None, verdict: Verdict, confidence: float
    ) -> Mark:
        """Return a mark with the likeliest place of those that count, and the others."""
        places = [state for state in placed.states if state.site != NOWHERE]
        places.sort(key=lambda state: -state.mass)
        counted = [state for state in places if relations is None or state.relation in relations]
        best = counted[0] if counted else None
        rivals = [state for state in places if state is not best and state.mass >= 0.02][:MOST_RIVALS]
        sites = self.sites.all
        return Mark(
            placed.mention,
            verdict,
            sites[best.site].selector if best else "",
            _shape(sites[best.site]) if best else "",
            tuple(self._evidence(placed, best)) if best else (),
            tuple(
                (sites[state.site].selector, _shape(sites[state.site]), round(state.mass, 3))
                for state in rivals
            ),
            round(confidence, 3),
        )

    def _evidence(self, placed: Placed, best: State) -> Sequence[str]:
        site = self.sites.all[best.site]
        lines = []
        for source in sorted(site.lines)[:1]:
            record = self.sites.trace.sources[source]
            lines.append(f"{record}: {record.text}")
        return lines


def _is_heard(placed: Placed) -> bool:
    """Return whether the nearest words name a place that the shape fits, if they name any."""
    most = max((state.near for state in placed.states), default=0.0)
    fits = [state for state in placed.states if state.relation in FITS]
    heard = sum(state.near * state.mass for state in fits) / max(sum(state.mass for state in fits), 1e-9)
    return most < LEAST_HEARD or heard >= HEARD * most


HEARD, LEAST_HEARD = 0.4, 2.5


def _is_anchored(state: State, most: float) -> bool:
    """Return whether words name a place itself, and no other place much better.

    Args:
        state: the place.
        most: how much of what the words say names the place that is named best.
    """
    if state.share > 0.95 and state.heard >= most:
        return True
    return state.own >= ANCHOR and state.share >= SHARE and state.heard >= 0.75 * most


def _said(placed: Placed, relations: Container[str]) -> float:
    """Return the most that words say for a site that the shape fits in one of some ways."""
    return max(
        (state.named for state in placed.states if state.relation in relations and state.site != NOWHERE),
        default=-99.0,
    )


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
