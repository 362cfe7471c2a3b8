"""The result of checks as Markdown for the job summary of GitHub Actions: what fails, grouped by cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from shapeflow.common.text import counted
from shapeflow.errors import LABELS, Diagnostic, ShapeflowError
from shapeflow.reporting.formats.markdown import code, table, text
from shapeflow.reporting.verdicts.text import sentence
from shapeflow.walkthrough.verdict import CheckResult, Verdict

LIMIT = 1 << 20
"""Bytes that GitHub takes of a step's summary; of a longer one it takes nothing."""
ROWS = 100
"""Claims that a table lists."""
LONGEST = 300
"""Characters of a cell."""
CUT = "\n\n*The rest is in the log: a job summary has at most 1 MiB.*\n"


def render(
    results: Sequence[CheckResult], errors: Mapping[str, ShapeflowError] | None = None, *, room: int = LIMIT
) -> str:
    """Return the summary, in ``room`` bytes of UTF-8 at most."""
    blocks = [_document_error(path, error) for path, error in (errors or {}).items()]
    for result in sorted(results, key=lambda result: result.passed):  # what fails first
        blocks += _blocks(result)
    whole = ""
    for block in blocks:
        if len((whole + block + CUT).encode()) > room:
            return whole + CUT if len((whole + CUT).encode()) <= room else ""
        whole += block
    return whole


def _blocks(result: CheckResult) -> Iterator[str]:
    """Yield the parts about one document, each whole in itself."""
    mark = "✅" if result.passed else "❌"
    yield f"## {mark} {text(result.document.path)}\n\n{text(sentence(result))}.\n\n"
    for cause in result.causes:
        verdicts = [result.verdicts[number] for number in cause.claims]
        yield f"### {text(cause.what)}\n\n{_reasons(cause.message, 'first place in the run')}\n"
        yield _folded(counted(len(verdicts), "line"), verdicts)
    if result.alone:
        title = "And, for other reasons" if result.causes else "What fails"
        yield f"### {title}\n\n{_table(result.alone)}\n"


def _document_error(path: str, error: ShapeflowError) -> str:
    return f"## ❌ {text(path)}\n\n{text(error.what)}\n\n{_reasons(error.diagnostic)}\n"


def _reasons(message: Diagnostic, place: str = "") -> str:
    """Return the fields of a message as a list."""
    lines = [f"- {place}: {code(message.where)}"] if message.where and place else []
    lines += [f"- {LABELS[name]}: {_cell(reason)}" for name, reason in message.reasons()]
    return "".join(f"{line}\n" for line in lines)


def _folded(title: str, verdicts: Iterable[Verdict]) -> str:
    return f"<details><summary>{title}</summary>\n\n{_table(list(verdicts))}\n</details>\n\n"


def _table(verdicts: Sequence[Verdict]) -> str:
    rows = [
        [str(verdict.claim.span.line), _cell(verdict.claim.text), text(verdict.what), _cell(verdict.found)]
        for verdict in verdicts[:ROWS]
    ]
    lines = table(["line", "claim", "what", "found"], rows)
    if len(verdicts) > ROWS:
        lines += ["", f"and {len(verdicts) - ROWS:,} more, in the log"]
    return "".join(f"{line}\n" for line in lines)


def _cell(words: str) -> str:
    """Return words as code, cut to what a cell can hold."""
    return code(words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…")
