"""How the result of a check shows itself in a notebook: small and without script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from shapeflow.common.text import counted
from shapeflow.errors import LABELS

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import CheckResult, Verdict

MOST_CLAIMS = 400
MARKS = {"holds": "✓", "contradicted": "✗", "layout differs": "✗", "invalid": "✗"}
# Colours that stand on white and on dark: a notebook does not say which it is.
GOOD, BAD, DOUBT, SOFT = "#1e8e4e", "#d8453b", "#b07a10", "#808895"
MONO = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:90%"
CELL = "padding:2px 14px 2px 0;text-align:left;vertical-align:top"
NUMBER = "padding:2px 14px 2px 0;text-align:right"


def check_html(result: CheckResult) -> str:
    """Return the verdicts: a sentence, what is not satisfied in full, and all claims on demand."""
    plain = [verdict for verdict in result.verdicts if not verdict.claim.said]
    held = sum(1 for verdict in plain if verdict.passed)
    said = len(result.verdicts) - len(plain)
    sentence = f"{held} of {counted(len(plain), 'claim')} hold"
    if said:
        sentence += f", {counted(said, 'correction')}"
    colour = BAD if result.failed else GOOD
    title = result.document.title or result.document.path
    parts = [f"<div><b>{escape(title)}</b> {_coloured(colour, sentence)}</div>"]
    parts += [_failed(verdict) for verdict in result.failed[:MOST_CLAIMS]]
    rows = [_row(verdict) for verdict in result.verdicts[:MOST_CLAIMS]]
    more = len(result.verdicts) - len(rows)
    left = _soft(f"and {counted(more, 'claim')} more") if more > 0 else ""
    table = _table(["", "claim", "observed"], rows, numbers=False)
    parts.append(f"<details><summary>all claims</summary>{table}{left}</details>")
    return f"<div>{''.join(parts)}</div>"


def _failed(verdict: Verdict) -> str:
    span = verdict.claim.span
    lines = [f'<code style="{MONO}">{escape(verdict.claim.text)}</code> {_soft(f"line {span.line}")}']
    rows = [(LABELS[name], text) for name, text in verdict.diagnostic.reasons()]
    for label, words in [(verdict.status, verdict.what), *rows] if verdict.what else rows:
        lines.append(f'{_soft(label)} <span style="{MONO};white-space:pre-wrap">{escape(words)}</span>')
    return (
        f'<div style="border-left:3px solid {BAD};padding-left:10px;margin:6px 0">{"<br>".join(lines)}</div>'
    )


def _row(verdict: Verdict) -> list[str]:
    colour = GOOD if verdict.passed else BAD if verdict.status in MARKS else DOUBT
    mark = "≠" if verdict.claim.said and verdict.passed else MARKS.get(verdict.status, "?")
    return [
        f'<span style="color:{colour}" title="{escape(verdict.status)}">{mark}</span>',
        f'<code style="{MONO}">{escape(verdict.claim.text)}</code>',
        f'<code style="{MONO}">{escape(verdict.found)}</code>',
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True) -> str:
    """Return a table of cells that are HTML already; all columns but the first are numbers if so wished."""
    styles = [CELL] + [NUMBER if numbers else CELL] * (len(head) - 1)
    top = "".join(
        f'<th style="{style};color:{SOFT}">{escape(name)}</th>'
        for name, style in zip(head, styles, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td style="{style}">{cell}</td>' for cell, style in zip(row, styles, strict=True))
        + "</tr>"
        for row in rows
    )
    style = "border-collapse:collapse;margin:6px 0"
    return f'<table style="{style}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _soft(words: str) -> str:
    return f'<span style="color:{SOFT}">{escape(words)}</span>'


def _coloured(colour: str, words: str) -> str:
    return f'<span style="color:{colour};font-weight:600">{escape(words)}</span>'
