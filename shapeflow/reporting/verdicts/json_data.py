"""The result of checks as JSON, for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapeflow.common.control_characters import json_text
from shapeflow.errors import LABELS, Diagnosed, ShapeflowError
from shapeflow.walkthrough.verdict import CheckResult, Verdict

SCHEMA = "shapeflow.check/1"
SEVERAL = "shapeflow.checks/1"


def render(
    *results: CheckResult, allow_undecided: bool = False, errors: Mapping[str, ShapeflowError] | None = None
) -> str:
    """Return one check as one JSON object, several as an object that lists them."""
    checks = [data_of(result, allow_undecided=allow_undecided) for result in results]
    if len(checks) == 1 and not errors:
        return json_text(checks[0], indent=1)
    wrong = [
        {"document": path, "code": error.code, "what": error.what, **_reasons(error)}
        for path, error in (errors or {}).items()
    ]
    passed = not wrong and all(check["passed"] for check in checks)
    return json_text({"schema": SEVERAL, "passed": passed, "checks": checks, "errors": wrong}, indent=1)


def data_of(result: CheckResult, *, allow_undecided: bool = False) -> dict[str, Any]:
    """Return the result as plain data; messages have the same fields in every format."""
    document, run = result.document, result.trace.run
    return {
        "schema": SCHEMA,
        "document": document.path,
        "title": document.title,
        "model": run.target,
        "device": run.device,
        **({"runs": list(result.traces)} if document.runs else {}),
        "passed": not result.failures(allow_undecided=allow_undecided),
        "counts": dict(result.counts),
        "failed": len(result.failed),
        "need_a_real_run": sum(verdict.code != "run-missing" for verdict in result.skipped),
        "bindings": {symbol: {"size": size, "by": who} for symbol, (size, who) in result.bindings.items()},
        "causes": [
            {
                "code": cause.code,
                "what": cause.what,
                "where": cause.where or None,
                **_reasons(cause),
                "lines": [result.verdicts[number].claim.span.line for number in cause.claims],
                "first_line": result.verdicts[cause.first].claim.span.line,
            }
            for cause in result.causes
        ],
        "sections": [
            {"id": section.id, "title": section.title, "level": section.level, "line": section.line}
            for section in document.sections
        ],
        "verdicts": [
            _verdict(verdict, document.sections[verdict.claim.section].id, _cause(result, verdict))
            for verdict in result.verdicts
        ],
    }


def _cause(result: CheckResult, verdict: Verdict) -> int | None:
    """Return the position of a claim's cause in ``causes``."""
    cause = result.cause_of.get(verdict.claim.id)
    return None if cause is None else result.causes.index(cause)


def _reasons(told: Diagnosed) -> dict[str, str | None]:
    """Return the fields of a message that say more than what happened."""
    return {name: getattr(told, name) or None for name in LABELS}


def _verdict(verdict: Verdict, section: str, cause: int | None) -> dict[str, Any]:
    """Return one verdict as plain data."""
    claim, error = verdict.claim, verdict.message
    return {
        "where": error.where,
        "line": claim.span.line,
        "section": section,
        "kind": claim.kind,
        "claim": claim.text,
        "said": claim.said or None,
        **({"module": claim.scope.module} if claim.scope.module else {}),
        **({"run": verdict.run, "failing_runs": list(verdict.failing)} if verdict.run else {}),
        "status": verdict.status,
        "passed": verdict.passed,
        "needs_a_real_run": verdict.skipped and verdict.code != "run-missing",
        "code": verdict.code or None,
        "what": verdict.what or None,
        **_reasons(verdict),
        "cause": cause,
        "sizes": dict(verdict.sizes),
        "evidence": {
            "calls": list(verdict.evidence.calls),
            "ops": list(verdict.evidence.ops),
            "values": list(verdict.evidence.values),
        },
    }
