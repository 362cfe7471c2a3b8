"""The statements of another text, by its parts, each with a link to the claim that answers it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.model import ClaimView
from shapeflow.reporting.view.statement_model import StatementPart, StatementView

if TYPE_CHECKING:
    from shapeflow.walkthrough.document import Document
    from shapeflow.walkthrough.statements import Statement

TONES = {
    "holds": "good",
    "contradicted": "said",
    "layout differs": "said",
    "imprecise": "doubt",
    "not observable": "idle",
}
ORDER = ("good", "said", "doubt", "idle", "bad")
PART = " > "
"""Stands between a part of the text and a part of that."""


def statement_parts(
    document: Document, claims: Mapping[int, ClaimView], words: Translator
) -> tuple[StatementPart, ...]:
    """Return the statements that a document answers, by part; none where it names no table of them.

    Args:
        document: the walkthrough.
        claims: the views of its claims, by their position in the document.
        words: of the report's language.

    Raises:
        InputError: the table cannot be read.
        WalkthroughError: the table is not one, or a row is not answered as it says.
    """
    from shapeflow.walkthrough.statements import number_of, read_statements

    titles = [number_of(section.title) for section in document.sections]
    rows = []
    for statement in read_statements(document):
        claim = None if statement.claim is None else claims.get(statement.claim)
        section = "" if claim is None else titles[document.claims[statement.claim or 0].section]
        rows.append((statement.part.split(PART), _view(statement, claim, section, words)))
    return tuple(_parts(rows))


def _view(statement: Statement, claim: ClaimView | None, section: str, words: Translator) -> StatementView:
    fails = claim is not None and not claim.passed
    return StatementView(
        id=statement.id,
        line=statement.line,
        says=statement.says,
        status=statement.verdict,
        verdict=words(f"statement-{statement.verdict}"),
        tone="bad" if fails else TONES[statement.verdict],
        anchor=claim.anchor if claim else "",
        section=section,
        reason=words("statement-fails") if fails else statement.reason,
    )


def _parts(rows: Sequence[tuple[list[str], StatementView]]) -> Iterable[StatementPart]:
    """Yield the parts that rows stand in, by the first name of each; order is that of the rows."""
    for title, group in groupby(rows, key=lambda row: row[0][0]):
        inside = [(path[1:], view) for path, view in group]
        views = tuple(view for _, view in inside)
        deeper = all(path for path, _ in inside)
        counts = Counter(view.tone for view in views)
        yield StatementPart(
            title=title,
            lines=_lines(views),
            counts=tuple((tone, counts[tone]) for tone in ORDER if counts[tone]),
            statements=() if deeper else views,
            parts=tuple(_parts(inside)) if deeper else (),
        )


def _lines(views: Sequence[StatementView]) -> str:
    """Return the first and last line of statements: ``122-146``."""
    numbers = [int(number) for view in views for number in re.findall(r"\d{1,9}", view.line)]
    if not numbers:
        return ""
    first, last = min(numbers), max(numbers)
    return str(first) if first == last else f"{first}-{last}"
