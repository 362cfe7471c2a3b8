"""An annotated text as plain data, and as lines for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from shapeflow.annotate.annotate import Annotation
from shapeflow.annotate.verdicts import Mark
from shapeflow.common.text import counted

SCHEMA = "shapeflow.annotate/1"
ORDER = (
    "confirmed",
    "symbolic, consistent",
    "layout differs",
    "contradicted",
    "seen elsewhere",
    "not in this run",
    "cannot tell",
)
FINDINGS = frozenset({"contradicted", "layout differs"})


def to_data(annotation: Annotation) -> dict[str, Any]:
    """Return an annotated text as JSON has it."""
    counts: Counter[str] = Counter(mark.verdict for mark in annotation.marks)
    return {
        "schema": SCHEMA,
        "file": annotation.note.path,
        "kind": annotation.note.kind,
        "counts": {verdict: counts.get(verdict, 0) for verdict in ORDER},
        "symbols": {symbol: list(sizes) for symbol, sizes in annotation.symbols.items()},
        "marks": [_mark(mark) for mark in annotation.marks],
    }


def _mark(mark: Mark) -> dict[str, Any]:
    span = mark.mention.span
    return {
        "line": span.line,
        "column": span.column,
        "end": span.end,
        "cell": span.cell,
        "text": mark.mention.text,
        "shape": str(mark.mention.pattern),
        "verdict": mark.verdict,
        "place": mark.place or None,
        "found": mark.found or None,
        "confidence": mark.confidence,
        "evidence": list(mark.evidence),
        "rivals": [{"place": place, "found": found, "share": share} for place, found, share in mark.rivals],
    }


def to_lines(annotation: Annotation, *, whole: bool) -> Iterator[str]:
    """Yield what a terminal shows: how many of each, and the findings, or all mentions."""
    counts: Counter[str] = Counter(mark.verdict for mark in annotation.marks)
    note = annotation.note
    told = [f"{counts[verdict]} {verdict}" for verdict in ORDER if counts[verdict]]
    shown = " · ".join(told) or "nothing to look up"
    yield f"{note.path}  {counted(len(annotation.marks), 'shape')}: {shown}"
    for mark in annotation.marks:
        if whole or mark.verdict in FINDINGS:
            yield from _mark_lines(note.path, mark)


def _mark_lines(path: str, mark: Mark) -> Iterator[str]:
    span = mark.mention.span
    cell = f" cell {span.cell}" if span.cell is not None else ""
    yield f"{path}{cell}:{span.line}:{span.column}  {mark.verdict}  {mark.mention.text}"
    if mark.found:
        yield f"   = found:    {mark.found} at {mark.place}"
    for line in mark.evidence[:2]:
        yield f"   = because:  {line}"
