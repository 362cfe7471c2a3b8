"""``value A ~= sigmoid(B) * sigmoid(C)  (tolerance 1e-5)``: numbers of a real run against a formula."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapeflow.common.text import counted, listing
from shapeflow.errors import Diagnostic, SelectorError
from shapeflow.model.match import Match
from shapeflow.walkthrough.constraint import PLACES, Constraint, Ground, named, parameters
from shapeflow.walkthrough.context import SelectionError, Subject
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.finding import Finding, evidence_of
from shapeflow.walkthrough.formula.ast import Captured, Items, Node, captured_in
from shapeflow.walkthrough.formula.parser import parse_formula
from shapeflow.walkthrough.messages import missing_port
from shapeflow.walkthrough.parts import ClaimError, Part, around, first_word

if TYPE_CHECKING:
    from shapeflow.walkthrough.formula.functions import Array

DEFAULT_TOLERANCE = 1e-5

_TOLERANCE = re.compile(r"\(\s*tolerance\s+(?P<number>[\d.eE+-]{1,20})\s*\)\s*$")


@dataclass(frozen=True, slots=True)
class ValueClaim:
    """Two formulas over named tensors, and how far apart their results may be."""

    left: Node
    right: Node
    tolerance: float
    place: Part
    """Both formulas."""

    @classmethod
    def parse(cls, text: str) -> ValueClaim:
        """Read the line; see ``BodyType``."""
        tolerance, end = _tolerance(text)
        keyword, rest = first_word(text[:end])
        sides = around(rest.padded, "~=")
        if sides is None:
            raise ClaimError(
                "claim-syntax",
                "a value claim has '~=' between two formulas",
                columns=keyword.to(rest),
                expected="value head:out ~= sigmoid(logits:out)  (tolerance 1e-5)",
            )
        return cls(parse_formula(sides[0]), parse_formula(sides[1]), tolerance, rest)

    @property
    def needed(self) -> Sequence[Captured]:
        """The tensors, or parts of them, whose numbers are needed, in order of appearance."""
        return [*captured_in(self.left), *captured_in(self.right)]

    def judge(self, subject: Subject) -> Finding:
        """Hold if no number differs by more than the tolerance, in parts of its size if that is above 1."""
        evidence: list[Match] = []
        for kept in self.needed:
            matches = subject.select(kept.selector)
            tensors: set[object] = {match.value.id for match in matches if match.value and not match.tensor}
            if len(tensors | {match.path for match in matches if match.tensor}) != 1:
                return _not_one_tensor(kept.selector, matches)
            evidence += matches
        missing = [kept.name for kept in self.needed if kept.name not in subject.trace.run.kept]
        if subject.trace.run.shapes_only or missing:
            return self._not_kept(missing, subject)
        try:
            return self._compared(subject, evidence)
        except ModuleNotFoundError:
            what = "the numbers cannot be compared without numpy"
            return Finding("not observed", Diagnostic("numpy-missing", what, hint="pip install numpy"))

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield the places whose numbers are compared; see ``Constrains``."""
        for kept in self.needed:
            matches = subject.select(kept.selector)
            yield from named(matches)
            yield from parameters(matches)

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that it rests on the named places alone, the numbers being kept; see ``Rests``."""
        return PLACES

    def _compared(self, subject: Subject, evidence: Sequence[Match]) -> Finding:
        """Evaluate both sides and compare them."""
        from shapeflow.walkthrough.formula.evaluate import decode, evaluate
        from shapeflow.walkthrough.formula.functions import FormulaError

        try:
            arrays = {kept.name: decode(subject.trace.run.kept[kept.name]) for kept in self.needed}
            left = evaluate(self.left, arrays, subject.bindings)
            right = evaluate(self.right, arrays, subject.bindings)
        except FormulaError as error:
            return Finding("invalid", error.diagnostic)
        reason = Diagnostic(expected=f"equal within {self.tolerance:g}")
        finding = Finding("holds", reason, evidence_of(evidence))
        if left.shape != right.shape:
            what, found = "the two sides have different shapes", f"{list(left.shape)} and {list(right.shape)}"
        else:
            apart, at = _largest_difference(left, right)
            if apart <= self.tolerance:
                return finding.amended("holds", found=f"largest difference {apart:.3g}")
            what, found = "the two sides differ", f"largest difference {apart:.3g}"
            found += f", at {list(at)}: {left[at]:.6g} and {right[at]:.6g}"
        return finding.amended("contradicted", code="value", what=what, found=found)

    def _not_kept(self, missing: Sequence[str], subject: Subject) -> Finding:
        """Return the finding where the numbers are not in the trace."""
        shapes_only = subject.trace.run.shapes_only
        reason = Diagnostic(
            "needs-values",
            "a shapes-only run has no numbers" if shapes_only else "the run kept no numbers for this claim",
            found="" if shapes_only else f"nothing kept for {listing(missing)}",
            because="" if shapes_only else "numbers are kept for the walkthrough that a run is made for",
            hint="shapeflow check --run WALKTHROUGH",
        )
        return Finding("not observed", reason, skipped=shapes_only)


def _tolerance(text: str) -> tuple[float, int]:
    """Return the tolerance that a line ends with, and where the formulas end."""
    found = _TOLERANCE.search(text)
    if not found:
        return DEFAULT_TOLERANCE, len(text)
    try:
        number = float(found["number"])
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e6:
        what = f"'{found['number']}' is not a tolerance"
        raise ClaimError("claim-syntax", what, columns=found.span("number"), expected="a number such as 1e-5")
    return number, found.start()


def _not_one_tensor(part: Part, matches: Sequence[Match]) -> Finding:
    """Return the finding for a selector that names no or several tensors."""
    if matches[0].port is None:
        return missing_port(part, matches, "")
    tensors = sum(1 for match in matches if match.value)
    what = f"'{part.text}' names {counted(tensors, 'tensor')}, a formula needs one"
    found = listing([match.short_name for match in matches])
    error = SelectorError("ambiguous-path", what, found=found, hint=matches[0].short_name)
    raise SelectionError("invalid", part, error)


def _largest_difference(left: Array, right: Array) -> tuple[float, tuple[int, ...]]:
    """Return the largest difference, relative where numbers are above 1, and where it is."""
    import numpy

    if left.size == 0:
        return 0.0, ()
    with numpy.errstate(all="ignore"):
        apart = numpy.abs(left - right) / numpy.maximum(1.0, numpy.abs(right))
    apart = numpy.where(left == right, 0.0, apart)  # infinite on both sides
    apart = numpy.where(numpy.isnan(apart), numpy.inf, apart)
    at = numpy.unravel_index(int(apart.argmax()), apart.shape)
    return float(apart[at]), tuple(int(i) for i in at)


def needed_values(document: Document) -> dict[str, tuple[str, Items]]:
    """Return what the value claims of a walkthrough need, by the name that a trace keeps it under.

    Each is a selector and the part of the tensor that it names.
    """
    bodies = (claim.body for claim in document.claims)
    needed = (kept for body in bodies if isinstance(body, ValueClaim) for kept in body.needed)
    return {kept.name: (kept.selector.text, kept.items) for kept in needed}
