"""Judge a walkthrough on a trace: a verdict for every claim, to the end, with sizes shared in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shapeflow.common.text import Span
from shapeflow.errors import Diagnostic, WalkthroughError
from shapeflow.model.records import Run
from shapeflow.model.trace import Trace
from shapeflow.shapes.matching import Binding, Bindings, NotEvaluable, evaluate
from shapeflow.shapes.notation import ShapeTextError, parse_expression
from shapeflow.walkthrough.context import SelectionError, Subject
from shapeflow.walkthrough.document import Claim, Document
from shapeflow.walkthrough.finding import Finding
from shapeflow.walkthrough.parts import ClaimError
from shapeflow.walkthrough.reader import no_claims, read
from shapeflow.walkthrough.verdict import CheckResult, Verdict


def check(trace: Trace, walkthrough: Document | str | Path) -> CheckResult:
    """Judge all claims of a walkthrough, given as a document or as the path of its file.

    Raises:
        InputError: the file cannot be read.
        WalkthroughError: it makes no claims, is about another model, or its front matter cannot be used.
    """
    document = walkthrough if isinstance(walkthrough, Document) else read(walkthrough)
    if not document.claims:
        raise no_claims(document)
    if document.model and not _same_model(document.model, trace.run.target):
        raise _other_model(document, trace.run)
    subject = Subject(trace, front_matter_sizes(document))
    verdicts = tuple(Verdict.of(claim, judge(claim, subject)) for claim in document.claims)
    sizes = {symbol: (binding.size, binding.who) for symbol, binding in subject.bindings}
    return CheckResult(document, trace, verdicts, sizes)


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


def judge(claim: Claim, subject: Subject) -> Finding:
    """Return what the trace says of one claim; the sizes that it binds are added to the subject's."""
    if isinstance(claim.body, ClaimError):
        return Finding("invalid", claim.body.diagnostic)
    if claim.real and subject.trace.run.shapes_only:
        reason = Diagnostic("needs-values", "only a real run can tell")
        return Finding("not observed", reason, skipped=True)
    subject = replace(subject, binder=(claim.span.line, claim.text))
    if claim.said:  # what others say must not give sizes to our own claims
        subject = replace(subject, bindings=subject.bindings.scope(), said=True)
    try:
        finding = claim.body.judge(subject)
    except SelectionError as error:
        finding = _not_selected(error, subject.trace.run)
    if claim.said and finding.status == "holds":
        reason = replace(
            finding.diagnostic,
            code="said-holds",
            what="this is said to be a mistake, but the trace agrees with it",
            expected="a contradiction",
            hint="the claim without 'said', or nothing: the mistake is gone",
        )
        return replace(finding, diagnostic=reason)
    return finding


def _not_selected(error: SelectionError, run: Run) -> Finding:
    """Return the finding for something that is not in the trace."""
    part, cause = error.part, error.cause.diagnostic
    start, end = cause.columns or (0, len(part.text))
    because = cause.because
    if error.status == "not observed" and not run.complete:
        because = "the run ended early, later calls are missing"
    columns = (part.start + start, part.start + max(end, start + 1))
    return Finding(error.status, replace(cause, columns=columns, because=because))


def _same_model(model: str, target: str) -> bool:
    """Return whether a document's model is the one that was run; a Python file counts without its folder."""
    (file, _, name), (run_file, _, run_name) = model.rpartition(":"), target.rpartition(":")
    if file.endswith(".py") and run_file.endswith(".py"):
        return (Path(file).name, name) == (Path(run_file).name, run_name)
    return model == target


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
