"""What judging a walkthrough gives: a verdict with evidence for each claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shapeflow.common.display import html_of
from shapeflow.errors import ExitCode
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.document import Claim, Document

Status = Literal["holds", "contradicted", "layout differs", "undecided", "not observed", "invalid"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Ids of what a verdict rests on, in the trace."""

    calls: tuple[int, ...] = ()
    ops: tuple[int, ...] = ()
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the trace says of one claim."""

    claim: Claim
    status: Status
    """Of the statement itself; a ``said`` line should be ``contradicted`` or ``layout differs``."""
    code: str = ""
    """Why it does not hold, as a stable name: ``shape``, ``symbol-conflict``, ``unknown-path`` …"""
    what: str = ""
    """The reason in one line."""
    expected: str = ""
    """In the one notation, symbols with their sizes: ``f32[B, 256, 72, 72]   with B = 1 (line 12)``."""
    found: str = ""
    """The observed shape, number or text, also when the claim holds."""
    because: str = ""
    """The evidence in words: last op, source line, call."""
    hint: str = ""
    caret: tuple[int, int] | None = None
    """Columns (from 0) of the claim's line that are meant, if narrower than the claim."""
    evidence: Evidence = Evidence()
    sizes: tuple[tuple[str, int], ...] = ()
    """The symbols of the claim with their sizes, in order of appearance."""
    excused: bool = False
    """True if only a real run can tell and this one was shapes-only: shown and counted, but no failure."""

    @property
    def passed(self) -> bool:
        """True if the check is satisfied: a claim holds, a ``said`` line is contradicted, or is excused."""
        if self.excused:
            return True
        if self.claim.said:
            return self.status in ("contradicted", "layout differs")
        return self.status == "holds"


@dataclass(frozen=True)
class CheckResult:
    """All verdicts of a document on one trace."""

    document: Document
    trace: Trace
    verdicts: tuple[Verdict, ...]
    bindings: Mapping[str, tuple[int, str]]
    """Symbol -> its size, and who bound it (``line 12``, or the front matter)."""

    @property
    def counts(self) -> Counter[str]:
        """Number of verdicts by status."""
        return Counter(verdict.status for verdict in self.verdicts)

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The verdicts that are not satisfied."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)

    def failures(self, *, allow_undecided: bool = False) -> tuple[Verdict, ...]:
        """Return the verdicts that are not satisfied; ``undecided`` may be let through."""
        if not allow_undecided:
            return self.failed
        return tuple(verdict for verdict in self.failed if verdict.status != "undecided")

    def exit_code(self, *, allow_undecided: bool = False) -> ExitCode:
        """Return what a command tells its caller: lines that cannot be judged are the walkthrough's fault."""
        failures = self.failures(allow_undecided=allow_undecided)
        if any(verdict.status == "invalid" for verdict in failures):
            return ExitCode.WRONG_INPUT
        return ExitCode.DIFFERENT if failures else ExitCode.FINE

    @property
    def excused(self) -> tuple[Verdict, ...]:
        """The verdicts that only a real run can give."""
        return tuple(verdict for verdict in self.verdicts if verdict.excused)

    _repr_html_ = html_of
