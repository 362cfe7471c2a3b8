"""The result of a check as JSON, for other programs."""

from __future__ import annotations

from typing import Any

from shapeflow.common.control_characters import json_text
from shapeflow.errors import LABELS
from shapeflow.walkthrough.verdict import CheckResult, Verdict

SCHEMA = "shapeflow.check/1"


def render(result: CheckResult, *, allow_undecided: bool = False) -> str:
    """Return the result as one JSON object."""
    return json_text(data_of(result, allow_undecided=allow_undecided), indent=1)


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
        "sections": [
            {"id": section.id, "title": section.title, "level": section.level, "line": section.line}
            for section in document.sections
        ],
        "verdicts": [
            _verdict(verdict, document.sections[verdict.claim.section].id) for verdict in result.verdicts
        ],
    }


def _verdict(verdict: Verdict, section: str) -> dict[str, Any]:
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
        **{name: getattr(verdict, name) or None for name in ("code", "what", *LABELS)},
        "sizes": dict(verdict.sizes),
        "evidence": {
            "calls": list(verdict.evidence.calls),
            "ops": list(verdict.evidence.ops),
            "values": list(verdict.evidence.values),
        },
    }
