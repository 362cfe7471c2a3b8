"""``PATH:out.presence_logit  None``: a place that holds no tensor but ``None``."""

from __future__ import annotations

from dataclasses import dataclass

from shapeflow.walkthrough.context import Subject, evidence_of
from shapeflow.walkthrough.document import Claim
from shapeflow.walkthrough.messages import failing_name, places_text, portless
from shapeflow.walkthrough.parts import Part, first_word
from shapeflow.walkthrough.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Nothing:
    """A selector whose ports all hold ``None``."""

    selector: Part
    place: Part
    """Where ``None`` is written."""

    @classmethod
    def parse(cls, text: str) -> Nothing:
        """Read the line; see ``BodyType``."""
        return cls(*first_word(text))

    def judge(self, claim: Claim, subject: Subject) -> Verdict:
        """Hold if all that is named is ``None``."""
        matches = subject.select(self.selector)
        if any(match.port is None for match in matches):
            return portless(claim, self.selector, matches, "  None")
        things = [match.content for match in matches]
        wrong = [match for match, thing in zip(matches, things, strict=True) if thing != "None"]
        name = failing_name(self.selector, matches, wrong)
        return Verdict(
            claim,
            "contradicted" if wrong else "holds",
            code="none" if wrong else "",
            what=f"'{name}' is not None" if wrong else "",
            expected="None",
            found=places_text(matches, things),
            because=subject.origin(wrong[0].value) if wrong else "",
            caret=(self.place.start, self.place.end) if wrong else None,
            evidence=evidence_of(matches),
        )
