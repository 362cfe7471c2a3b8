"""The result of checks as workflow commands of GitHub Actions: annotations on the lines of the claims.

GitHub shows ten errors and ten warnings of a step, so causes of many failures come first. Everything that
fails is in the log, folded, and in the job summary (``github_summary``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapeflow.common.control_characters import printed
from shapeflow.common.text import Span, counted
from shapeflow.errors import LABELS, Diagnostic, ShapeflowError
from shapeflow.reporting.verdicts.text import sentence
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.verdict import CheckResult, Verdict

MOST = 10
"""Annotations of a level that GitHub shows of a step, as its documentation of workflow commands says."""


def render(
    *results: CheckResult, allow_undecided: bool = False, errors: Mapping[str, ShapeflowError] | None = None
) -> str:
    """Return annotations, ten of a level at most: documents, causes, then other claims; and what was found.

    Args:
        results: the checks.
        allow_undecided: claims that cannot be decided are warnings.
        errors: document that could not be judged at all -> why.
    """
    commands = [document_annotation(path, error) for path, error in (errors or {}).items()]
    commands += [cause_annotation(result, cause) for result in results for cause in result.causes]
    for result in results:
        failing = set(map(id, result.failures(allow_undecided=allow_undecided)))
        commands += [
            annotation(verdict, "error" if id(verdict) in failing else "warning") for verdict in result.alone
        ]
    shown = [
        command
        for level in ("error", "warning")
        for command in [one for one in commands if one.startswith(f"::{level} ")][:MOST]
    ]
    told = sum(len(result.failed) for result in results)
    lines = sorted(shown, key=commands.index)
    if told > len(lines):
        lines += _log(results, f"all {counted(told, 'claim')} that fail")
    for result in results:
        name = f"{result.document.path}: " if len(results) > 1 else ""
        lines.append(_line(f"{name}{sentence(result)}"))
    return "\n".join(lines)


def annotation(verdict: Verdict, command: str = "error") -> str:
    """Return the workflow command that puts a message on the line of a claim."""
    return _command(command, verdict.span, verdict.level, verdict.message)


def cause_annotation(result: CheckResult, cause: Cause) -> str:
    """Return the command that puts a cause on the line of the claim that is nearest to where it starts."""
    first = result.verdicts[cause.first]
    message = cause.message
    more = result.more_text(cause)
    lines = [f"place: {message.where}"] if message.where else []
    return _command("error", first.span, cause.level, message, before=lines, after=[more] if more else [])


def document_annotation(path: str, error: ShapeflowError) -> str:
    """Return the command that puts an error on a document as a whole."""
    return _command("error", Span(path, 1, "", 0, 0), "error", error.diagnostic)


def _command(
    command: str,
    span: Span,
    level: str,
    message: Diagnostic,
    *,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
) -> str:
    reasons = [f"{LABELS[name]}: {reason}" for name, reason in message.reasons()]
    text = "\n".join([message.what, *before, *reasons, *after])
    columns = (span.location.column, max(span.end, span.start + 1))
    return workflow_command(command, span.path, span.line, columns, f"{level}[{message.code}]", text)


def workflow_command(
    command: str, path: str, line: int, columns: tuple[int, int], title: str, text: str
) -> str:
    """Return the command that puts a message on some columns of a line, both counted from 1.

    Args:
        command: ``error`` or ``warning``.
        path: the file.
        line: from 1.
        columns: the first and the last.
        title: above the message.
        text: the message.
    """
    properties = {
        "file": path,
        "line": str(line),
        "col": str(columns[0]),
        "endColumn": str(columns[1]),
        "title": title,
    }
    return f"::{command} {','.join(f'{k}={_property(v)}' for k, v in properties.items())}::{_data(text)}"


def _log(results: Sequence[CheckResult], title: str) -> list[str]:
    """Return everything that fails, folded, as lines that are no commands."""
    text = "\n\n".join(message for result in results for message in result.told(every=True))
    return [f"::group::{_data(title)}", *map(_line, text.split("\n")), "::endgroup::"]


def _line(text: str) -> str:
    """Return a line that is no command, whatever it quotes."""
    return printed(text)


def _data(text: str) -> str:
    """Return text that stays in one line and ends no command."""
    return printed(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Return text that ends no property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
