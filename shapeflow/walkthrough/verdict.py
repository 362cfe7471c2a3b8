"""What judging a walkthrough gives: a verdict with evidence for each claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

from shapeflow.common.control_characters import visible_line
from shapeflow.common.display import html_of
from shapeflow.common.text import Span, counted, listing, runs_of
from shapeflow.errors import Diagnostic, ExitCode
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.document import Claim, Document
from shapeflow.walkthrough.finding import Evidence, Finding, Status
from shapeflow.walkthrough.parts import selectors_of

LINES = 24
"""Runs of lines that are listed where they follow from one cause."""
LEVELS: dict[Status, str] = {"invalid": "error"}
"""What the first line of a message begins with, where it is not the status itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Finding):
    """A claim, and what the trace says of it; a ``said`` line should be contradicted."""

    claim: Claim
    run: str = ""
    """The run that shows it, in a document that names several."""
    failing: tuple[str, ...] = ()
    """All runs in which the check is not satisfied."""

    def __repr__(self) -> str:
        return f"<Verdict {self.status}: {visible_line(self.claim.text)}>"

    @classmethod
    def of(cls, claim: Claim, finding: Finding, run: str = "") -> Verdict:
        """Return the verdict that a finding, in one run, is for a claim."""
        found = {one.name: getattr(finding, one.name) for one in fields(Finding)}
        return cls(claim=claim, run=run, **found)

    @property
    def span(self) -> Span:
        """The part of the walkthrough that is meant."""
        if self.place is not None:
            return self.place
        return self.claim.span.narrow(*self.columns) if self.columns else self.claim.span

    @property
    def message(self) -> Diagnostic:
        """What is wrong with the claim, with its place, as every renderer shows it."""
        reasons = [self.because]
        if self.claim.said:
            reasons.append(f'"{self.claim.said}" is said to state this')
        if self.run and self.code not in ("run-missing", "claim-syntax"):
            runs = self.failing or (self.run,)
            reasons.append(f"in the {'runs' if len(runs) > 1 else 'run'} {listing([*map(repr, runs)])}")
        because = "\n".join(reason for reason in reasons if reason)
        return replace(
            self.diagnostic,
            code=self.code or self.status.replace(" ", "-"),
            what=self.what or self.status,
            where=str(self.span.location),
            because=because,
            frame=self.span.frame(),
        )

    @property
    def level(self) -> str:
        """What the first line of the message begins with."""
        return LEVELS.get(self.status, self.status)

    def render(self) -> str:
        """Return the message as plain text."""
        return self.message.render(self.level)

    @property
    def passed(self) -> bool:
        """True if the check is satisfied: a claim holds, a ``said`` line is contradicted, or is skipped."""
        if self.skipped:
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
    """Symbol -> its size, and who bound it (``line 12``, or the front matter), in the first run."""
    traces: Mapping[str, Trace] = field(default_factory=dict)
    """The traces by the name of their run; ``trace`` is the first."""
    find_causes: Callable[[CheckResult], tuple[Cause, ...]] = field(
        default=lambda result: (), repr=False, compare=False
    )
    """How to find out what the claims that fail have in common."""

    def __repr__(self) -> str:
        counts = ", ".join(f"{number} {status}" for status, number in self.counts.items() if number)
        return f"<CheckResult {visible_line(self.document.path)}: {counts or 'no claims'}>"

    def about(self, trace: Trace) -> CheckResult:
        """Return the same with evidence in one trace only: ids of another one mean nothing in it."""
        if len(self.traces) < 2:
            return self
        verdicts = tuple(
            verdict if self.traces.get(verdict.run) is trace else replace(verdict, evidence=Evidence())
            for verdict in self.verdicts
        )
        return replace(self, verdicts=verdicts)

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """What the claims that fail have in common, the cause of most first; each claim is in one at most."""
        return self.find_causes(self) if self.failed else ()

    @property
    def counts(self) -> Counter[str]:
        """Number of verdicts by status."""
        return Counter(verdict.status for verdict in self.verdicts)

    @property
    def passed(self) -> bool:
        """True if nothing fails."""
        return not self.failed

    def raise_if_failed(self) -> None:
        """Raise an ``AssertionError`` with what fails, for tests: one cause of many claims is told once."""
        if self.failed:
            raise AssertionError("\n\n".join(self.told()))

    def told(self, *, every: bool = False, hint: str = "") -> list[str]:
        """Return the messages about what fails: each cause with its first claim, then claims without a cause.

        Args:
            every: also tell each of the claims that follow from a cause, in place of their lines.
            hint: what stands behind these lines.
        """
        told: list[str] = []
        for cause in self.causes:
            more = [number for number in cause.claims if number != cause.first]
            told += [cause.render(), self.verdicts[cause.first].render()]
            if every:
                told += [self.verdicts[number].render() for number in more]
            elif more:
                told.append(f"{self.more_text(cause)}   {hint}".rstrip())
        return told + [verdict.render() for verdict in self.alone]

    def more_text(self, cause: Cause) -> str:
        """Return the other lines of a cause: ``108 more lines follow from it: 12, 15-31``."""
        lines = sorted(
            {self.verdicts[number].claim.span.line for number in cause.claims if number != cause.first}
        )
        if not lines:
            return ""
        runs = [f"{first}" if first == last else f"{first}-{last}" for first, last in runs_of(lines)]
        follow = "follows" if len(lines) == 1 else "follow"
        return f"{counted(len(lines), 'more line')} {follow} from it: {listing(runs, LINES)}"

    @cached_property
    def cause_of(self) -> Mapping[int, Cause]:
        """Id of a claim that fails -> its cause, for those that have one."""
        return {number: cause for cause in self.causes for number in cause.claims}

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The verdicts that are not satisfied."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)

    @cached_property
    def alone(self) -> tuple[Verdict, ...]:
        """The verdicts that fail for no cause of several, as they are told.

        Amounts come last, and of these the innermost first: a total is another one because a part is.
        """
        alone = [verdict for verdict in self.failed if verdict.claim.id not in self.cause_of]
        return tuple(sorted(alone, key=_as_told))

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
    def skipped(self) -> tuple[Verdict, ...]:
        """The verdicts that only a real run can give."""
        return tuple(verdict for verdict in self.verdicts if verdict.skipped)

    _repr_html_ = html_of


def _as_told(verdict: Verdict) -> tuple[bool, int]:
    if verdict.claim.kind != "amount":
        return False, 0
    names = [name for part in selectors_of(verdict.claim.body) for name in part.text.split(".") if name]
    return True, -len(names)
