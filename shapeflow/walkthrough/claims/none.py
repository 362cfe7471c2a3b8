"""``PATH:out.presence_logit  None``: a place that holds no tensor but ``None``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapeflow.errors import Diagnostic
from shapeflow.walkthrough.constraint import PLACES, Constraint, Ground, named
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.finding import Finding, evidence_of
from shapeflow.walkthrough.messages import failing_name, missing_port, places_text
from shapeflow.walkthrough.parts import Part, SelectorPart, first_word


@dataclass(frozen=True, slots=True)
class Nothing:
    """A selector whose ports all hold ``None``."""

    selector: SelectorPart
    place: Part
    """Where ``None`` is written."""

    @classmethod
    def parse(cls, text: str) -> Nothing:
        """Read the line; see ``BodyType``."""
        selector, place = first_word(text)
        return cls(SelectorPart.of(selector), place)

    def judge(self, subject: Subject) -> Finding:
        """Hold if all that is named is ``None``."""
        matches = subject.select(self.selector)
        if any(match.port is None for match in matches):
            return missing_port(self.selector, matches, "  None")
        things = [match.content for match in matches]
        wrong = [match for match, thing in zip(matches, things, strict=True) if thing != "None"]
        reason = Diagnostic(expected="None", found=places_text(matches, things))
        finding = Finding("holds", reason, evidence_of(matches))
        if not wrong:
            return finding
        return finding.amended(
            "contradicted",
            code="none",
            what=f"'{failing_name(self.selector, matches, wrong)}' is not None",
            columns=self.place.columns,
            because=subject.origin(wrong[0].value),
        )

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield the places that are named; see ``Constrains``."""
        return named(subject.select(self.selector))

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that it rests on these places alone; see ``Rests``."""
        return PLACES
