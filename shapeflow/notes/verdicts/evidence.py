"""What speaks for and against a mention being right, as numbers that a verdict is made of."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import exp, log

from shapeflow.notes.places.sites import Shape, Site
from shapeflow.notes.placing.chain import NOWHERE, Placed, State
from shapeflow.notes.placing.placing import Placing
from shapeflow.notes.placing.relations import FITS, differing, numbers_of, sizes_of
from shapeflow.notes.words.clauses import CHANGED, OTHERWISE, PAST, Clause, sentence
from shapeflow.notes.words.words import text_tokens

MOST = 5.0
"""No single number counts more than this."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against a mention, and the places that stand for both."""

    numbers: Mapping[str, float]
    fit: State | None
    """The likeliest place that the shape fits."""
    other: State | None
    """The place that words and order would choose among those that it does not fit."""


class Weighing:
    """Weighs what is known of the mentions of one text."""

    def __init__(
        self, placing: Placing, below: Callable[[Site], frozenset[Shape]], known: frozenset[str]
    ) -> None:
        self.placing = placing
        self.known = known
        self.sites = placing.sites.all
        self.below = below
        masses = [placed.mass(*FITS) for placed in placing.placed]
        self.fitting = sum(masses) / max(len(masses), 1)

    def of(self, placed: Placed, clause: Clause, named: frozenset[int]) -> Evidence:
        """Return what speaks for and against a mention.

        Args:
            placed: the mention with its places.
            clause: its own words.
            named: ids of the sites that a name in code style before it means.
        """
        states = [state for state in placed.states if state.site != NOWHERE]
        free = _without_shape(states)
        mass = {"fit": 0.0, "layout": 0.0, "no": 0.0}
        by_words = dict(mass)
        most = max((state.named for state in states), default=0.0)
        whole = sum(exp(state.named - most) for state in states) or 1.0
        for state, share in zip(states, free, strict=True):
            sort = _sort(state)
            mass[sort] += share
            by_words[sort] += exp(state.named - most) / whole
        fits = [state for state in states if state.relation in FITS]
        others = [(share, state) for share, state in zip(free, states, strict=True) if _sort(state) != "fit"]
        if clause.weights:
            others = [one for one in others if self.sites[one[1].site].kind == "parameter"] or others
        fit = max(fits, key=lambda state: state.mass, default=None)
        other, top = self._top(others)
        said = {sort: max((s.named for s in states if _sort(s) == sort), default=-9.0) for sort in mass}
        numbers = {
            "free fit": _odds(mass["fit"]),
            "free layout": _odds(mass["layout"]),
            "words fit": _odds(by_words["fit"]),
            "words layout": _odds(by_words["layout"]),
            "mass fit": _odds(placed.mass(*FITS)),
            "mass layout": _odds(placed.mass("layout")),
            "mass nowhere": _odds(sum(s.mass for s in placed.states if s.site == NOWHERE)),
            "fits": float(bool(fits)),
            "layouts": float(any(_sort(state) == "layout" for state in states)),
            "fit over no": _cut(said["fit"] - said["no"]),
            "fit over layout": _cut(said["fit"] - said["layout"]),
            "rare": self.placing.fits.rarity(placed.mention),
            "told": self.placing.fits.told_share(placed.mention),
            "top": top,
            "top odds": _odds(top),
            "errors": self.placing.errors,
            "fitting": self.fitting,
            "changed": float(bool(CHANGED.search(clause.words))),
            "named fit": float(any(s.site in named for s in fits)),
            "named other": float(bool(named) and not any(s.site in named for s in fits)),
            **self._written(placed, fit),
            **self._of_place("fit", fit, placed, clause, states),
            **self._of_place("other", other, placed, clause, states),
            **self._nearness(placed, other),
        }
        numbers |= self._orders(placed, states, free, numbers, mass["layout"])
        return Evidence({**numbers, **_together(numbers)}, fit, other)

    def _written(self, placed: Placed, fit: State | None) -> dict[str, float]:
        """Return how much is written, whether it fits in part only, and what tells of another run."""
        sizes = sizes_of(placed.mention.pattern, self.placing.sizes)
        around = sentence(placed.mention)
        names = set(_FOREIGN.findall(around)) - self.known
        return {
            "cue": float(bool(OTHERWISE.search(around) or PAST.search(around))),
            "foreign": min(len(names), 2) / 2,
            "sizes": min(sum((size or 1) > 1 for size in sizes), 4) / 4,
            "fit view": float(fit is not None and fit.relation == "view"),
            "fit part": float(fit is not None and fit.relation in ("part", "nobatch")),
        }

    def _orders(
        self,
        placed: Placed,
        states: list[State],
        free: list[float],
        numbers: Mapping[str, float],
        layout: float,
    ) -> dict[str, float]:
        """Return how likely the sizes are meant in another order, of a shape that the run does not have."""
        absent = 1 - numbers["fits"]
        dims = len(placed.mention.pattern.dims)
        same_rank = (
            share
            for state, share in zip(states, free, strict=True)
            if state.relation == "layout" and len(self.sites[state.site].shape) == dims
        )
        return {
            "lone layout": absent * (layout > 0) * (1 + layout),
            "same rank": absent * sum(same_rank),
            "said": _cut(max((state.near for state in states), default=0.0)),
        }

    def _top(self, others: Iterable[tuple[float, State]]) -> tuple[State | None, float]:
        """Return the likeliest place of the likeliest shape among some, and the mass of this shape."""
        shapes: dict[Shape, float] = defaultdict(float)
        best: dict[Shape, tuple[float, State]] = {}
        for share, state in others:
            shape = self.sites[state.site].shape
            shapes[shape] += share
            if shape not in best or share > best[shape][0]:
                best[shape] = (share, state)
        if not shapes:
            return None, 0.0
        shape = max(shapes, key=lambda one: shapes[one])
        return best[shape][1], shapes[shape]

    def _of_place(
        self, name: str, state: State | None, placed: Placed, clause: Clause, states: Iterable[State]
    ) -> dict[str, float]:
        """Return how well words name one place, and whether they speak of this side of it."""
        if state is None:
            return {
                f"{name} {what}": 0.0 for what in ("share", "heard", "near", "own", "side", "op", "weight")
            }
        site = self.sites[state.site]
        frame = placed.mention.frame
        words = text_tokens(
            f"{clause.words} {frame.row} {frame.column} {frame.assigned} {placed.mention.subject}"
        )
        heard = max((one.heard for one in states), default=0.0)
        near = max((one.near for one in states), default=0.0)
        said = clause.role or placed.mention.role
        role = "in" if clause.starts and said != "out" else said
        side = 0.0
        if site.kind == "call":
            side = (1.0 if site.direction == role else -1.0) if role else (0.0, -0.5)[site.direction == "in"]
        return {
            f"{name} share": state.share,
            f"{name} heard": state.heard / heard if heard > 0 else 0.0,
            f"{name} near": state.near / near if near > 0 else 0.0,
            f"{name} own": float(bool(words & site.own.keys())),
            f"{name} side": side,
            f"{name} op": float(site.kind == "op"),
            f"{name} weight": float(site.kind == "parameter"),
        }

    def _nearness(self, placed: Placed, other: State | None) -> dict[str, float]:
        """Return how near a shape comes to the one at a place that it does not fit."""
        found = {
            "one differs": 0.0,
            "two differ": 0.0,
            "ordered": 0.0,
            "other rank": 0.0,
            "scaled": 0.0,
            "below": 0.0,
        }
        if other is None:
            return found
        site = self.sites[other.site]
        found["ordered"] = float(other.relation == "layout")
        numbers = numbers_of(placed.mention.pattern, self.placing.sizes)
        if numbers is not None and other.relation != "layout":
            gap = differing(numbers, site.shape)
            found["one differs"] = float(gap == 1)
            found["two differ"] = float(gap == 2)
            found["other rank"] = float(gap == 9)
            found["scaled"] = float(gap > 1 and gap != 9 and _is_scaled(numbers, site.shape))
        found["below"] = float(
            any(self.placing.relation_of(placed.mention, shape) in FITS for shape in self.below(site))
        )
        return found


_FOREIGN = re.compile(
    r"(?<![\w.])(?:[A-Z]{3,}\w*|[A-Z][a-z]+[A-Z]\w*|[A-Za-z]+[-_]?\d+\w*|[a-z]+_\w+|[A-Z]\w+-\w+)"
)


def _is_scaled(numbers: Shape, shape: Shape) -> bool:
    """Return whether all sizes that differ do so by one factor: of a picture of another size, say."""
    factors = {one / other for one, other in zip(numbers, shape, strict=True) if one != other and other}
    return len(factors) == 1


def _together(numbers: Mapping[str, float]) -> dict[str, float]:
    """Return what two numbers say together."""
    return {
        "sure other": numbers["top"] * numbers["other own"],
        "unheard fit": numbers["said"] * (1 - numbers["fit near"]) * numbers["fits"],
        "unheard other": numbers["said"] * (1 - numbers["other near"]),
        "heard other": numbers["top"] * numbers["other near"] * numbers["other heard"],
        "heard fit": numbers["fit near"] * numbers["fit heard"],
        "near other": numbers["top"] * (numbers["one differs"] + numbers["ordered"]),
        "rare fit": numbers["rare"] * numbers["fit own"],
        "absent plain": (1 - numbers["fits"]) * (1 - max(numbers["cue"], numbers["foreign"])),
    }


def _sort(state: State) -> str:
    return "fit" if state.relation in FITS else state.relation


def _without_shape(states: list[State]) -> list[float]:
    """Return the mass that places would have if the shape as written said nothing: by words and order."""
    weights = [state.mass * exp(min(state.named - state.weight, 30.0)) for state in states]
    whole = sum(weights) or 1.0
    return [weight / whole for weight in weights]


def _odds(share: float) -> float:
    """Return a share as the logarithm of its odds, within bounds."""
    return _cut(log((share + 0.005) / (1.005 - min(share, 1.0))))


def _cut(value: float) -> float:
    return max(-MOST, min(MOST, value))
