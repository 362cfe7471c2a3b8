"""Judging a walkthrough on a trace: a verdict for every claim, to the end, with sizes shared in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shapeflow.common.text import Span
from shapeflow.errors import WalkthroughError
from shapeflow.model.records import Run
from shapeflow.model.trace import Trace
from shapeflow.shapes.matching import Binding, Bindings, Unworkable, work_out
from shapeflow.shapes.notation import ShapeTextError, parse_expression
from shapeflow.walkthrough.claims import Body
from shapeflow.walkthrough.context import Subject, UnselectedError
from shapeflow.walkthrough.document import Claim, Document
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
    verdicts = tuple(_judge(claim, subject) for claim in document.claims)
    sizes = {symbol: (binding.size, binding.who) for symbol, binding in subject.bindings}
    return CheckResult(document, trace, verdicts, sizes)


def front_matter_sizes(document: Document) -> Bindings:
    """Return the sizes that the front matter gives, worked out in order.

    Raises:
        WalkthroughError: one is no expression, or needs a size that is not given above it.
    """
    bindings = Bindings()
    for symbol, written in document.dims.items():
        span = document.dim_spans.get(symbol, Span(document.path, 1, f"{symbol}: {written}", 0, len(symbol)))
        try:
            size = work_out(parse_expression(written), bindings)
        except ShapeTextError as error:
            narrow = span.narrow(span.start + error.start, span.start + error.end)
            raise _bad_size("front-matter", error.what, narrow, "a size such as 1008 or S / P") from None
        if isinstance(size, Unworkable):
            raise _bad_size(size.code, size.what, span, "sizes given above it", size.because)
        if size < 0:
            raise _bad_size("size-out-of-range", f"'{symbol}' would be {size}", span, "0 or more")
        bindings.bind(symbol, Binding(size, span.line))
    return bindings


def _judge(claim: Claim, subject: Subject) -> Verdict:
    """Return the verdict for one claim."""
    if isinstance(claim.body, ClaimError):
        return _unread(claim, claim.body)
    if claim.real and subject.trace.run.shapes_only:
        what = "only a real run can tell"
        return Verdict(claim, "not observed", "needs-values", what, excused=True)
    if claim.said:  # what others say must not give sizes to our own claims
        subject = replace(subject, bindings=subject.bindings.trial())
    try:
        body: Body = claim.body
        verdict = body.judge(claim, subject)
    except UnselectedError as error:
        verdict = _unselected(claim, error, subject.trace.run)
    if claim.said and verdict.status == "holds":
        what = "this is said to be a mistake, but the trace agrees with it"
        hint = "the claim without 'said', or nothing: the mistake is gone"
        return replace(verdict, code="said-holds", what=what, expected="a contradiction", hint=hint)
    return verdict


def _unread(claim: Claim, error: ClaimError) -> Verdict:
    """Return the verdict for a line that cannot be read."""
    caret = None if error.start is None else (error.start, error.end or error.start + 1)
    return Verdict(
        claim,
        "invalid",
        error.code,
        error.what,
        expected=error.expected,
        because=error.because,
        hint=error.hint,
        caret=caret,
    )


def _unselected(claim: Claim, unselected: UnselectedError, run: Run) -> Verdict:
    """Return the verdict for a claim on something that is not in the trace."""
    part, error = unselected.part, unselected.error
    start, end = error.span or (0, len(part.text))
    because = error.because
    if unselected.status == "not observed" and not run.complete:
        because = "the run ended early, later calls are missing"
    return Verdict(
        claim,
        unselected.status,
        error.code,
        error.what,
        expected=error.expected,
        found=error.found,
        because=because,
        hint=error.hint,
        caret=(part.start + start, part.start + max(end, start + 1)),
    )


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
