"""The result of a check as workflow commands of GitHub Actions: annotations on the lines of the claims."""

from __future__ import annotations

from shapeflow.common.control_characters import printed
from shapeflow.errors import LABELS
from shapeflow.reporting.verdicts.text import sentence
from shapeflow.walkthrough.verdict import CheckResult, Verdict


def render(result: CheckResult, *, allow_undecided: bool = False) -> str:
    """Return an annotation for each claim that fails, and the result in one sentence."""
    failing = set(map(id, result.failures(allow_undecided=allow_undecided)))
    lines = [
        annotation(verdict, "error" if id(verdict) in failing else "warning") for verdict in result.failed
    ]
    return "\n".join([*lines, sentence(result)])


def annotation(verdict: Verdict, command: str = "error") -> str:
    """Return the workflow command that puts a message on the line of a claim."""
    error = verdict.message
    span = verdict.span
    text = "\n".join([error.what, *(f"{LABELS[name]}: {reason}" for name, reason in error.reasons())])
    properties = {
        "file": span.path,
        "line": str(span.line),
        "col": str(span.location.column),
        "endColumn": str(max(span.end, span.start + 1)),
        "title": f"{verdict.level}[{error.code}]",
    }
    return f"::{command} {','.join(f'{k}={_property(v)}' for k, v in properties.items())}::{_data(text)}"


def _data(text: str) -> str:
    """Return text that stays in one line and ends no command."""
    return printed(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Return text that ends no property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
