"""Judge one claim on one run: in its block, and as what it says or is said to say."""

from __future__ import annotations

from dataclasses import replace

from shapeflow.errors import Diagnostic, SelectorError
from shapeflow.model.records import Records, Run
from shapeflow.walkthrough.block import Scope
from shapeflow.walkthrough.context import Body, SelectionError, Subject
from shapeflow.walkthrough.document import Claim
from shapeflow.walkthrough.finding import Finding
from shapeflow.walkthrough.parts import ClaimError
from shapeflow.walkthrough.scoped import written_in


def judge(claim: Claim, subject: Subject) -> Finding:
    """Return what the trace says of one claim; what it binds counts for those after it."""
    body = claim.body
    if isinstance(body, ClaimError):  # told of the document, whatever the run
        return Finding("invalid", body.diagnostic)
    scope = claim.scope
    missing = subject.missing_module(scope.module) if scope.module else None
    if missing is not None:
        return _without_module(missing, scope, subject)
    finding = _judge_body(claim, body, subject)
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
        return Finding("invalid", reason, missing=error.missing)
    subject.told.add(line)
    what = f"the block is about '{scope.module}', which is not there"
    reason = Diagnostic(error.code, what, found=error.found, hint=error.hint and f"module={error.hint}")
    return Finding("invalid", reason, place=scope.place, missing=error.missing)


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
    reason = replace(cause, columns=part.narrow(start, end), because=because)
    return Finding(error.status, reason, missing=error.cause.missing)
