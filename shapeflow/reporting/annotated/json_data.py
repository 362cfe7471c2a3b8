"""A text with what a trace says of it, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapeflow.notes.annotate import Annotation
from shapeflow.notes.findings import findings
from shapeflow.notes.mention import Span
from shapeflow.notes.verdicts.mark import Mark
from shapeflow.reporting.annotated.text import tally

SCHEMA = "shapeflow.annotate/1"


def to_data(annotations: Sequence[Annotation]) -> dict[str, Any]:
    """Return texts as JSON has them."""
    return {"schema": SCHEMA, "texts": [_text(annotation) for annotation in annotations]}


def _text(annotation: Annotation) -> dict[str, Any]:
    return {
        "path": annotation.note.path,
        "unread": list(annotation.note.unread),
        "counts": dict(tally(annotation)),
        "symbols": {symbol: list(sizes) for symbol, sizes in annotation.symbols.items()},
        "marks": [_mark(mark) for mark in annotation.marks],
        "statements": [
            {
                **span_data(one.statement.span),
                "text": one.statement.text,
                "kind": one.statement.kind,
                "verdict": one.verdict,
                "claim": one.claim,
                "found": one.found,
            }
            for one in annotation.statements
        ],
        "findings": [
            {
                "kind": one.kind,
                **span_data(one.span),
                "what": one.what,
                "because": list(one.because),
                "fingerprint": one.fingerprint,
            }
            for one in findings(annotation)
        ],
    }


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        **span_data(mark.mention.span),
        "text": mark.mention.text,
        "shape": str(mark.mention.pattern),
        "verdict": mark.verdict,
        "place": mark.place,
        "found": mark.found,
        "evidence": list(mark.evidence),
        "rivals": [
            {"selector": selector, "shape": shape, "share": round(share, 3)}
            for selector, shape, share in mark.rivals
        ],
        "confidence": round(mark.confidence, 3),
    }


def span_data(span: Span) -> dict[str, Any]:
    """Return where something stands: line and columns from 1, ``end`` the column after it."""
    cell = {} if span.cell is None else {"cell": span.cell}
    return {"line": span.line, "column": span.column, "end": span.end, **cell}
