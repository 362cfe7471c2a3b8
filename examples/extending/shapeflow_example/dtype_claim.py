"""``dtype layers.*:out = f32``: the dtype of every tensor that is named, whatever its shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shapeflow.errors import Diagnostic
from shapeflow.walkthrough.claims import Kind
from shapeflow.walkthrough.constraint import PLACES, Constraint, Ground, Item, named
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.finding import Finding, evidence_of
from shapeflow.walkthrough.messages import failing_name, missing_port, places_text
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart, around, first_word


@dataclass(frozen=True, slots=True)
class Dtype:
    """A selector, and the dtype of what it names."""

    selector: SelectorPart
    dtype: Part

    @classmethod
    def parse(cls, text: str) -> Dtype:
        """Read the line; parts know their columns, so that carets point at them."""
        keyword, rest = first_word(text)
        sides = around(rest.padded, "=")
        if not sides or not sides[0].text or not sides[1].text.isidentifier():
            raise ClaimError(
                "claim-syntax",
                "a dtype claim names tensors, '=' and a dtype",
                columns=keyword.to(rest),
                expected=KIND.example,
            )
        return cls(SelectorPart.of(sides[0]), sides[1])

    def judge(self, subject: Subject) -> Finding:
        """Hold if every named tensor has the dtype."""
        matches = subject.select(self.selector)
        if any(match.port is None for match in matches):
            return missing_port(self.selector, matches, f" = {self.dtype.text}")
        held = [match.tensor or match.value for match in matches]
        found = [one.dtype if one else match.content for one, match in zip(held, matches, strict=True)]
        wrong = [match for match, dtype in zip(matches, found, strict=True) if dtype != self.dtype.text]
        reason = Diagnostic(expected=self.dtype.text, found=places_text(matches, found))
        finding = Finding("holds", reason, evidence_of(matches))
        if not wrong:
            return finding
        return finding.amended(
            "contradicted",
            code="dtype",
            what=f"'{failing_name(self.selector, matches, wrong)}' has another dtype",
            columns=self.dtype.columns,
            because=subject.origin(wrong[0].value),
        )

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield the ports and the dtypes of what is in them, for ``shapeflow coverage``."""
        matches = subject.select(self.selector)
        yield from named(matches)
        for match in matches:
            if match.value is not None:
                yield Constraint(Item("dtype", match.value.id))

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that the verdict depends on nothing but the named places."""
        return PLACES


KIND = Kind(
    name="dtype",
    looks=re.compile(r"\s*dtype\s"),
    body="shapeflow_example.dtype_claim:Dtype",
    example="dtype layers.*:out = f32",
    keywords=("dtype",),
)
