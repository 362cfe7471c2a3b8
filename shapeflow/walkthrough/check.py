"""Judge a walkthrough on a trace: a verdict for every claim, to the end, with sizes shared in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from shapeflow.common.text import Span
from shapeflow.errors import Diagnostic, WalkthroughError
from shapeflow.model.records import Run
from shapeflow.model.trace import Trace
from shapeflow.shapes.matching import Binding, Bindings, NotEvaluable, evaluate
from shapeflow.shapes.notation import ShapeTextError, parse_expression
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.runs import InRun, find_in_runs
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.document import Claim, Document
from shapeflow.walkthrough.finding import Finding
from shapeflow.walkthrough.judge import judge
from shapeflow.walkthrough.parts import ClaimError
from shapeflow.walkthrough.reader import no_claims, read
from shapeflow.walkthrough.runs import Given, by_run, may_be_of, unknown_run
from shapeflow.walkthrough.verdict import CheckResult, Verdict


def check(given: Given, walkthrough: Document | str | Path, *, partial: bool = False) -> CheckResult:
    """Judge all claims of a walkthrough, given as a document or as the path of its file.

    Args:
        given: the trace, or one for each run that the document names.
        walkthrough: the document.
        partial: claims on runs without a trace are only counted; otherwise they are ``not observed``.

    Raises:
        InputError: the file cannot be read.
        WalkthroughError: it makes no claims, is about another model or run, or its front matter cannot be
            used.
    """
    document = walkthrough if isinstance(walkthrough, Document) else read(walkthrough)
    if not document.claims:
        raise no_claims(document)
    traces = by_run(document, given)
    if not traces:
        raise unknown_run(document, "")
    for trace in traces.values():
        if document.model and not may_be_of(document.model, trace.run):
            raise _other_model(document, trace.run)
    parts = {name: _judged(document, trace, name) for name, trace in traces.items()}
    verdicts = tuple(_in_all_runs(claim, parts, partial) for claim in document.claims)
    first = next(iter(parts.values())).result

    def causes(result: CheckResult) -> tuple[Cause, ...]:
        """Return what the claims that fail have in common; to find out, some are judged again."""
        return find_in_runs(result, list(parts.values()))

    return CheckResult(document, first.trace, verdicts, first.bindings, traces, causes)


def _judged(document: Document, trace: Trace, run: str) -> InRun:
    """Judge the claims that speak of one run."""
    claims = tuple(
        claim
        for claim in document.claims
        if run in claim.scope.runs and not isinstance(claim.body, ClaimError)
    )
    document = replace(document, claims=claims)
    subject = Subject(trace, front_matter_sizes(document), run=run)
    findings = [judge(claim, subject) for claim in claims]
    findings = [_settled(claim, found, subject) for claim, found in zip(claims, findings, strict=True)]
    verdicts = tuple(Verdict.of(claim, found, run) for claim, found in zip(claims, findings, strict=True))
    bound = {symbol: (binding.size, binding.who) for symbol, binding in subject.bindings}
    result = CheckResult(document, trace, verdicts, bound, {run: trace})
    return InRun(run, result, lambda other: _judged(other, trace, run).result)


def _settled(claim: Claim, finding: Finding, subject: Subject) -> Finding:
    """Return the finding on a shape that does not fit, judged with all sizes that the document gives.

    A size that only a later claim gives may tell that the axes stand in another order: which of two equal
    lines comes first must not matter.
    """
    if finding.code not in ("shape", "layout"):
        return finding
    again = judge(claim, replace(subject, bindings=subject.bindings.scope()))
    return again if again.code in ("shape", "layout") else finding


def _in_all_runs(claim: Claim, parts: Mapping[str, InRun], partial: bool) -> Verdict:
    """Return the verdict on a claim in the runs that its block speaks of: the first that fails, if any."""
    if isinstance(claim.body, ClaimError):
        return Verdict.of(claim, Finding("invalid", claim.body.diagnostic))
    verdicts = [
        parts[name].verdicts[claim.id]
        if name in parts
        else Verdict.of(claim, _no_such_trace(name, partial), name)
        for name in claim.scope.runs
    ]
    failing = tuple(verdict.run for verdict in verdicts if not verdict.passed)
    worst = min(verdicts, key=lambda verdict: (verdict.passed, verdict.skipped))
    return replace(worst, failing=failing)


def _no_such_trace(name: str, partial: bool) -> Finding:
    """Return the finding for a claim on a run that nobody gave a trace of."""
    reason = Diagnostic(
        "run-missing",
        f"there is no trace of the run '{name}'",
        expected="a trace for each run of the document",
        hint=f"{name}=FILE.trace.json, or shapeflow check --run WALKTHROUGH",
    )
    return Finding("not observed", reason, skipped=partial)


def front_matter_sizes(document: Document) -> Bindings:
    """Return the sizes that the front matter gives, evaluated in order.

    Raises:
        WalkthroughError: one is not an expression, or needs a size that is not given above it.
    """
    bindings = Bindings()
    for symbol, written in document.dims.items():
        span = document.dim_spans.get(symbol, Span(document.path, 1, f"{symbol}: {written}", 0, len(symbol)))
        try:
            size = evaluate(parse_expression(written), bindings)
        except ShapeTextError as error:
            start, end = error.columns or (0, len(written))
            narrow = span.narrow(span.start + start, span.start + end)
            raise _bad_size("front-matter", error.what, narrow, "a size such as 1008 or S / P") from None
        if isinstance(size, NotEvaluable):
            reason = size.diagnostic
            raise _bad_size(reason.code, reason.what, span, "sizes given above it", reason.because)
        if size < 0:
            raise _bad_size("size-out-of-range", f"'{symbol}' would be {size}", span, "0 or more")
        bindings.bind(symbol, Binding(size, span.line))
    return bindings


def _other_model(document: Document, run: Run) -> WalkthroughError:
    return WalkthroughError(
        "other-model",
        "the trace is of another model than the walkthrough",
        where=document.path,
        expected=document.model,
        found=run.target,
        hint=f"shapeflow check --run {document.path}" if document.run else "",
    )


def _bad_size(code: str, what: str, span: Span, expected: str, because: str = "") -> WalkthroughError:
    return WalkthroughError(
        code, what, where=str(span.location), expected=expected, because=because, frame=span.frame()
    )
