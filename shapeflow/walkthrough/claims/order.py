"""``layers.*.self_attn before layers.*.mlp``: which of two steps comes first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shapeflow.errors import Diagnostic
from shapeflow.model.match import Match
from shapeflow.model.moments import Moments
from shapeflow.walkthrough.alignment import aligned
from shapeflow.walkthrough.constraint import PLACES, Constraint, Ground, named
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.finding import Finding, evidence_of
from shapeflow.walkthrough.parts import ClaimError, SelectorPart, first_word

_REST = re.compile(r"before\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class Order:
    """Two steps, calls or ops, of which the first ends before the second begins."""

    first: SelectorPart
    second: SelectorPart

    @classmethod
    def parse(cls, text: str) -> Order:
        """Read the line; see ``BodyType``."""
        first, rest = first_word(text)
        found = _REST.match(rest.text)
        column = rest.start + (found.end() if found else 0)
        second, more = first_word(" " * column + text[column:])
        if not found or more.text or ":" in first.text or ":" in second.text:
            raise ClaimError(
                "claim-syntax",
                "a claim on an order names two calls or ops, without a port",
                columns=first.to(rest),
                expected="encoder.self_attn before encoder.mlp",
            )
        return cls(SelectorPart.of(first), SelectorPart.of(second))

    def judge(self, subject: Subject) -> Finding:
        """Hold if each step of the first kind has ended when those of the second that belong to it begin."""
        firsts, seconds = subject.select(self.first), subject.select(self.second)
        moments = subject.trace.cached(Moments)
        finding = Finding(
            "holds",
            Diagnostic(expected=f"{self.first.text} ends before {self.second.text} begins"),
            evidence_of([*firsts, *seconds]),
        )

        def is_early(first: Match, second: Match) -> bool:
            return moments.of_side(second, True) < moments.of_side(first, False)

        for first in firsts:
            near = aligned(subject.trace, first, self.first.text, self.second.text, seconds)
            early = [second for second in near if is_early(first, second)]
            if early:
                return self._contradicted(finding, first, early[0], subject)
            if not near:
                return self._alone(finding, first, self.second)
        for second in seconds:  # one that belongs to none of these has something before it, too
            near = aligned(subject.trace, second, self.second.text, self.first.text, firsts)
            late = [first for first in near if is_early(first, second)]
            if late:
                return self._contradicted(finding, late[0], second, subject)
            if not near:
                return self._alone(finding, second, self.first)
        return finding

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield both steps; see ``Constrains``."""
        yield from named(subject.select(self.first))
        yield from named(subject.select(self.second))

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that it rests on these steps alone; see ``Rests``."""
        return PLACES

    def _alone(self, finding: Finding, match: Match, other: SelectorPart) -> Finding:
        """Return the finding for a step that has no other one."""
        return finding.amended(
            "contradicted",
            code="order",
            what=f"'{match.short_name}' has nothing that fits '{other.text}' beside it",
            columns=other.columns,
        )

    def _contradicted(self, finding: Finding, first: Match, second: Match, subject: Subject) -> Finding:
        line = subject.trace.line(second.owner.source)
        return finding.amended(
            "contradicted",
            code="order",
            what=f"'{second.short_name}' begins before '{first.short_name}' has ended",
            found=f"{second.name} comes first",
            because=f"it is called in {line}" if line else "",
        )
