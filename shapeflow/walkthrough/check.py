"""Judge a walkthrough on a trace: a verdict for every claim, to the end, with sizes shared in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from shapeflow.common.text import Span
from shapeflow.errors import Diagnostic, SelectorError, WalkthroughError
from shapeflow.model.records import Records, Run
from shapeflow.shapes.matching import Binding, Bindings, NotEvaluable, evaluate
from shapeflow.shapes.notation import ShapeTextError, parse_expression
from shapeflow.walkthrough.block import Scope
from shapeflow.walkthrough.context import Body, SelectionError, Subject
from shapeflow.walkthrough.document import Claim, Document
from shapeflow.walkthrough.finding import Finding
from shapeflow.walkthrough.parts import ClaimError
from shapeflow.walkthrough.reader import no_claims, read
from shapeflow.walkthrough.runs import Given, by_run, unknown_run
from shapeflow.walkthrough.scoped import written_in
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
        if document.model and not _same_model(document.model, trace.run.target):
            raise _other_model(document, trace.run)
    sizes = front_matter_sizes(document)
    subjects = {name: Subject(trace, sizes.scope(), run=name) for name, trace in traces.items()}
    verdicts = tuple(_judge_in_all(claim, subjects, partial) for claim in document.claims)
    first = next(iter(subjects))
    bound = {symbol: (binding.size, binding.who) for symbol, binding in subjects[first].bindings}
    return CheckResult(document, traces[first], verdicts, bound, traces)


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


def _judge_in_all(claim: Claim, subjects: Mapping[str, Subject], partial: bool) -> Verdict:
    """Return the verdict on a claim in the runs that its block speaks of: the first that fails, if any."""
    if isinstance(claim.body, ClaimError):
        return Verdict.of(claim, Finding("invalid", claim.body.diagnostic))
    verdicts = []
    for name in claim.scope.runs:
        subject = subjects.get(name)
        finding = judge(claim, subject) if subject else _no_such_trace(name, partial)
        verdicts.append(Verdict.of(claim, finding, name))
    failing = [verdict.run for verdict in verdicts if not verdict.passed]
    worst = min(verdicts, key=lambda verdict: (verdict.passed, verdict.skipped))
    return replace(worst, failing=tuple(failing))


def _no_such_trace(name: str, partial: bool) -> Finding:
    """Return the finding for a claim on a run that nobody gave a trace of."""
    reason = Diagnostic(
        "run-missing",
        f"there is no trace of the run '{name}'",
        expected="a trace for each run of the document",
        hint=f"{name}=FILE.trace.json, or shapeflow check --run WALKTHROUGH",
    )
    return Finding("not observed", reason, skipped=partial)


def judge(claim: Claim, subject: Subject) -> Finding:
    """Return what the trace says of one claim; the sizes that it binds are added to the subject's."""
    if isinstance(claim.body, ClaimError):
        return Finding("invalid", claim.body.diagnostic)
    scope = claim.scope
    missing = subject.missing_module(scope.module) if scope.module else None
    if missing is not None:
        return _without_module(missing, scope, subject)
    finding = _judge_body(claim, claim.body, subject)
    hint = finding.diagnostic.hint
    if scope.module and hint:
        hint = written_in(hint, scope.module, subject.trace.cached(_top_names))
        return replace(finding, diagnostic=replace(finding.diagnostic, hint=hint))
    return finding


def _top_names(trace: Records) -> frozenset[str]:
    """Return the names directly below the model."""
    return frozenset(module.path.partition(".")[0] for module in trace.modules if module.path)


def _without_module(error: SelectorError, scope: Scope, subject: Subject) -> Finding:
    """Return the finding for a claim whose block is about a module that is not there; it is told once."""
    line = scope.place.line if scope.place else 0
    if line in subject.told:
        reason = Diagnostic(error.code, f"not judged: the module of its block is not there (line {line})")
        return Finding("invalid", reason)
    subject.told.add(line)
    what = f"the block is about '{scope.module}', which is not there"
    reason = Diagnostic(error.code, what, found=error.found, hint=error.hint and f"module={error.hint}")
    return Finding("invalid", reason, place=scope.place)


def _judge_body(claim: Claim, body: Body, subject: Subject) -> Finding:
    """Return what the trace says of the claim itself."""
    if claim.real and subject.trace.run.shapes_only:
        reason = Diagnostic("needs-values", "only a real run can tell")
        return Finding("not observed", reason, skipped=True)
    subject = replace(subject, binder=(claim.span.line, claim.text))
    if claim.said:  # what others say must not give sizes to our own claims
        subject = replace(subject, bindings=subject.bindings.scope(), said=True)
    try:
        finding = body.judge(subject)
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
    columns = part.narrow(start, end)
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
