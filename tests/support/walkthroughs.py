"""Short ways to judge a few claims in a test."""

from __future__ import annotations

from collections.abc import Mapping

from shapeflow.model.trace import Trace
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse
from shapeflow.walkthrough.verdict import CheckResult, Verdict


def document_of(*lines: str, dims: Mapping[str, object] | None = None) -> str:
    """Return a walkthrough whose only section makes these claims; the first is in line 4 without dims."""
    front = ["---", "dims:", *(f"  {name}: {size}" for name, size in dims.items()), "---"] if dims else []
    return "\n".join([*front, "# Claims", "", "```shapes", *lines, "```", ""])


def result_of(trace: Trace, *lines: str, dims: Mapping[str, object] | None = None) -> CheckResult:
    """Judge claims in one document."""
    return check(trace, parse(document_of(*lines, dims=dims), "w.md"))


def judge(trace: Trace, line: str, dims: Mapping[str, object] | None = None) -> Verdict:
    """Judge one claim."""
    (verdict,) = result_of(trace, line, dims=dims).verdicts
    return verdict


def under(verdict: Verdict) -> str:
    """Return the text that the carets of a verdict are under."""
    span = verdict.claim.span.narrow(*verdict.columns) if verdict.columns else verdict.claim.span
    return span.text[span.start : span.end]
