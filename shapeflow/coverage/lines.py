"""One line, judged on a trace as if it stood in a document: for claims that are proposed."""

from __future__ import annotations

from collections.abc import Iterable

from shapeflow.common.text import Span
from shapeflow.model.trace import Trace
from shapeflow.shapes.matching import Bindings
from shapeflow.walkthrough.constraint import Constraint, constraints_of
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.grammar import read_claim
from shapeflow.walkthrough.judge import judge
from shapeflow.walkthrough.parts import ClaimError


class Lines:
    """A trace on which lines are judged, each by itself."""

    def __init__(self, trace: Trace) -> None:
        self.subject = Subject(trace, brief=True)

    def holds(self, line: str) -> bool:
        """Return whether a line is a claim that holds."""
        return self.constraints(line) is not None

    def constraints(self, line: str) -> Iterable[Constraint] | None:
        """Return what a line constrains if it is a claim that holds, else None."""
        claim = read_claim(Span("", 1, line, 0, len(line)), 0, 0)
        if isinstance(claim.body, ClaimError):
            return None
        self.subject.bindings = Bindings()
        finding = judge(claim, self.subject)
        if finding.status != "holds":
            return None
        return constraints_of(claim.body, self.subject, finding)
