"""What is said of each mention: by the mass of the places where its shape fits, and where it does not."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from shapeflow.notes.mention import Mention, Role
from shapeflow.notes.placing.chain import NOWHERE, Placed, State
from shapeflow.notes.placing.clauses import CHANGED, Clause, clauses
from shapeflow.notes.placing.doubts import COMMITTED, doubted, left_open
from shapeflow.notes.placing.exact import Exact, Meant
from shapeflow.notes.placing.mark import Mark, Verdict
from shapeflow.notes.placing.named import named_mark
from shapeflow.notes.placing.placing import Placing
from shapeflow.notes.placing.relations import FITS, differing, numbers_of
from shapeflow.notes.placing.site_names import call_names, port_tokens
from shapeflow.notes.placing.sites import Shape, Site, Sites, shapes_below
from shapeflow.notes.placing.words import text_tokens
from shapeflow.shapes.notation import Expression, shape_text

SURE_YES, SURE_LAYOUT, SURE_NO = 0.8, 0.8, 0.75
ANCHOR, SHARE, LEAST_ANCHORED = 1.0, 0.6, 0.25
"""So much the words have to say for a place itself before a shape there is called wrong."""
LEAST_LAYOUT = 0.05
NEAR = 1.5
"""Places for which words say so much less than for the best are as likely meant."""
FAR_BETTER = 3.0
BETTER = 0.8
"""So much more words may say for a place where a shape does not fit before nothing is confirmed elsewhere."""
MOST_RIVALS = 3


LEAST_NAMED = 0.5
"""So much mass the fitting places of a mention need if modules of its name have its shape."""


class Judge:
    """Gives verdicts on placed mentions."""

    def __init__(self, placing: Placing) -> None:
        self.placing = placing
        self.sites: Sites = placing.sites
        self._below: dict[tuple[str, str], frozenset[Shape]] = {}
        self.exact = Exact(self.sites, placing.names)
        self.clauses = clauses(placing.mentions)
        self._by_selector = {site.selector: site for site in reversed(self.sites.all)}

    def mark(self, placed: Placed) -> Mark:
        """Return what is said of a mention: by an exact name, or by words, shape and order."""
        mention = placed.mention
        clause = self.clauses[mention.id]
        meant = self.exact.meant(mention, clause)
        if meant is not None and meant.several:
            return doubted(self._of_several(placed, meant, clause), clause)
        if meant is not None:
            return doubted(named_mark(mention, meant, self.placing, self._shapes), clause)
        return doubted(self._sided(self._by_words(placed), clause), clause)

    def _of_several(self, placed: Placed, meant: Meant, clause: Clause) -> Mark:
        """Return the mark of a mention whose name several modules have: words and order choose among them."""
        mark = self._sided(self._by_words(placed), clause)
        if mark.verdict != "cannot tell" or placed.mass(*FITS) < LEAST_NAMED:
            return mark
        named = {site.id for site in meant.sites}
        fits = [
            state for state in placed.states if state.site in named and state.relation in ("exact", "nobatch")
        ]
        if not fits:
            return mark
        return self._mark(Placed(placed.mention, fits), FITS, "confirmed", placed.mass(*FITS))

    def _sided(self, mark: Mark, clause: Clause) -> Mark:
        """Return a mark, left open where its own words name no such place, or the other side of it."""
        if mark.verdict not in COMMITTED or mark.place not in self._by_selector:
            return mark
        site = self._by_selector[mark.place]
        frame = mark.mention.frame
        words = text_tokens(
            f"{clause.words} {frame.row} {frame.column} {frame.assigned} {mark.mention.subject}"
        )
        named = bool(words & site.own.keys())
        role = "in" if clause.starts and clause.role != "out" else clause.role
        if mark.verdict in ("contradicted", "layout differs"):
            if not named or site.kind == "parameter" or CHANGED.search(clause.words):
                return left_open(mark, "it is not sure that this place is meant")
            if site.kind == "call" and site.direction != (role or "out"):
                return left_open(mark, "the other side of it may be meant")
            return mark
        if site.kind != "call" or site.direction == (role or "out"):
            return mark
        return self._other_side(mark, site, role, words)

    def _other_side(self, mark: Mark, site: Site, role: Role, words: Container[str]) -> Mark:
        """Return the mark of a shape that fits the side of a place of which the words do not speak."""
        port = {token for token in port_tokens(site.port) if token[0] != "#"}
        if not role and (site.path == "" or any(token in words for token in port)):
            return mark
        module = call_names(site.key, "")[0]
        if role or any(token in words for token in module):
            others = [one for one in self.sites.all if one.key == site.key and one.kind == "call"]
            meant = [one for one in others if one.direction == (role or "out")]
        else:
            meant = [self.sites.all[one] for value in site.values for one in self.sites.by_value[value]]
            meant = [one for one in meant if one.direction == "out" or one.path == ""]
        fits = [one for one in meant if self.placing.relation_of(mark.mention, one.shape) in FITS]
        if fits:
            return replace(mark, place=fits[0].selector, found=_shape(fits[0]))
        return left_open(mark, "the words do not say on which side of it this is")

    def _by_words(self, placed: Placed) -> Mark:
        """Return what is said of a mention by the mass of the places that it can mean."""
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
