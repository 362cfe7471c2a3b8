"""Which section of a walkthrough each call and op of a run belongs to.

An op belongs to the innermost section that names it, or something around it. Several may: a chapter on the
encoder explains its layers, an appendix lists steps in them, a mechanism is told on one of them.

So the calls are gone through from the outside in. What is in a call stays in its chapter, where a section may
be more exact, unless another chapter begins there: one that named nothing around it yet, or that says more of
it than the first says of all that is its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shapeflow.model.call_tree import CallTree
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.model import SectionView

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import CheckResult, Verdict

NOT_ABOUT = ("flow", "order", "chain", "amount", "where")
"""Kinds of claim that pass through places, or weigh them, and so do not say what a section is about."""


MUCH = 3
"""The first chapter that begins somewhere is meant, unless another one says so many times more of it."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a call or op belongs."""

    section: int
    weight: int
    """Claims of the section's chapter on the call where it began, and on all that is in it."""
    named: frozenset[int]
    """The chapters that named something so far."""


class SectionHomes:
    """The section of each call and op.

    Args:
        trace: the run.
        result: the check of the walkthrough.
        levels: of its sections, in order; 0 for what stands before the first heading.
        names: of the places in the trace.
    """

    def __init__(self, trace: Trace, result: CheckResult, levels: Sequence[int], names: ExactNames) -> None:
        self._trace, self._tree = trace, trace.cached(CallTree)
        self._levels = levels
        self._chapters = _chapters(levels)
        self._of_call: dict[int, Counter[int]] = {}
        self._of_op: dict[int, Counter[int]] = {}
        self._weights: dict[int, Counter[int]] = {}
        """Call -> claims of each chapter on it or on something in it."""
        verdicts = {verdict.claim.id: verdict for verdict in result.verdicts}
        for number, section in enumerate(result.document.sections):
            for claim in (claim for block in section.blocks for claim in block.claims):
                verdict = verdicts.get(claim)
                if verdict and not verdict.claim.said and verdict.claim.kind not in NOT_ABOUT:
                    self._note(number, list(_named(trace, names, verdict)))
        self.calls: dict[int, int] = {}
        self.ops: dict[int, int] = {}
        self._settle()

    def of_op(self, op: int) -> int | None:
        """Return the section that an op belongs to; None if it is in none."""
        if op in self.ops:
            return self.ops[op]
        around = self._tree.ancestors(self._trace.ops[op].call)
        return next((self.calls[call] for call in around if call in self.calls), None)

    def _note(self, section: int, places: Sequence[tuple[str, int]]) -> None:
        around: set[int] = set()
        for kind, number in places:
            counts = self._of_call if kind == "call" else self._of_op
            counts.setdefault(number, Counter())[section] += 1
            around.update(self._tree.ancestors(number if kind == "call" else self._trace.ops[number].call))
        for call in around:
            self._weights.setdefault(call, Counter())[self._chapters[section]] += 1

    def _settle(self) -> None:
        """Give each call a home, those around it first, and then the ops that are named."""
        homes: list[Home | None] = []
        for call in self._trace.calls:
            above = None if call.parent is None else homes[call.parent]
            weights = self._weights.get(call.id, Counter())
            home = self._home(self._of_call.get(call.id), weights, above)
            if home is not None and call.parent is None:  # to name the whole model says nothing of its parts
                home = replace(home, named=frozenset())
            homes.append(home)
            if home is not None and home is not above:
                self.calls[call.id] = home.section
        for op, counts in self._of_op.items():
            inside = self._trace.ops[op].call
            above = None if inside is None else homes[inside]
            weights = Counter[int]()
            for section, number in counts.items():
                weights[self._chapters[section]] += number
            home = self._home(counts, weights, above)
            if home is not None:
                self.ops[op] = home.section

    def _home(self, named: Counter[int] | None, weights: Counter[int], above: Home | None) -> Home | None:
        """Return where a place belongs that sections name, inside of what belongs elsewhere."""
        if not named:
            return above
        chapters = {self._chapters[section] for section in named}
        seen = chapters if above is None else chapters | above.named
        if above is not None and self._chapters[above.section] in chapters:
            section = self._within(self._chapters[above.section], named)
            return Home(section, above.weight, frozenset(seen))
        if above is not None:
            chapters = {one for one in chapters if one not in above.named or weights[one] > above.weight}
        if not chapters:
            return above
        most = max(weights[one] for one in chapters)
        chapter = min(one for one in chapters if weights[one] * MUCH >= most)
        return Home(self._within(chapter, named), weights[chapter], frozenset(seen))

    def _within(self, chapter: int, named: Counter[int]) -> int:
        """Return the section of a chapter: the innermost, of several the one with most claims on it."""
        own = [section for section in named if self._chapters[section] == chapter]
        inner = [one for one in own if not any(_is_inside(other, one, self._levels) for other in own)]
        return min(inner, key=lambda section: (-named[section], section))


def homes_of(
    trace: Trace, result: CheckResult, views: Sequence[SectionView], names: ExactNames
) -> SectionHomes:
    """Return the section of each call and op, for the sections of a page."""
    return SectionHomes(trace, result, [view.level if view.title else 0 for view in views], names)


def _chapters(levels: Sequence[int]) -> list[int]:
    """Return for each section the outermost one that it is in."""
    top = min((level for level in levels if level), default=0)
    found: list[int] = []
    for number, level in enumerate(levels):
        found.append(number if level <= top or not found or not levels[found[-1]] else found[-1])
    return found


def _is_inside(section: int, outer: int, levels: Sequence[int]) -> bool:
    return section > outer and all(levels[one] > levels[outer] for one in range(outer + 1, section + 1))


def _named(trace: Trace, names: ExactNames, verdict: Verdict) -> Iterator[tuple[str, int]]:
    """Yield the calls and ops that a claim names; of a tensor who made it."""
    evidence = verdict.evidence
    if evidence.ops:
        yield from (("op", op) for op in evidence.ops)
    elif evidence.calls:
        yield from (("call", call) for call in evidence.calls)
    else:
        for value in evidence.values:
            home = names.homes.get(value)
            if home is not None:
                yield home[0], home[1]
