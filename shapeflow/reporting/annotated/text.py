"""A text with what a trace says of it, for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import get_args

from shapeflow.common.text import counted
from shapeflow.notes.annotate import Annotation
from shapeflow.notes.finding.contradictions import contradictions
from shapeflow.notes.findings import findings
from shapeflow.notes.mention import Span
from shapeflow.notes.verdicts.mark import Mark, Verdict

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""In the order in which they are counted."""


def place_text(path: str, span: Span) -> str:
    """Return ``note.md:12:5``, of a notebook with the number of the cell, from 1."""
    cell = "" if span.cell is None else f"cell {span.cell + 1}:"
    return f"{path}:{cell}{span.line}:{span.column}"


def tally(annotation: Annotation) -> Counter[Verdict]:
    """Return how many marks have each verdict."""
    return Counter(mark.verdict for mark in annotation.marks)


def summary(annotation: Annotation) -> str:
    """Return ``note.md: 91 shapes: 62 confirmed, 9 contradicted``."""
    counts = tally(annotation)
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    itself = len(contradictions(annotation.note))
    more = [f"contradicts itself {'once' if itself == 1 else f'{itself} times'}"] if itself else []
    marks = counted(len(annotation.marks), "shape")
    shapes = f"{marks}{': ' if parts else ''}{', '.join(parts)}"
    return f"{annotation.note.path}: {'; '.join([shapes, *_statements(annotation), *more])}"


def _statements(annotation: Annotation) -> list[str]:
    """Return ``3 statements: 2 confirmed, 1 contradicted``, nothing if there are none."""
    counts: Counter[Verdict] = Counter(one.verdict for one in annotation.statements)
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    return [f"{counted(len(annotation.statements), 'statement')}: {', '.join(parts)}"] if parts else []


def told(annotation: Annotation, known: Collection[str] = ()) -> Iterator[str]:
    """Yield what is wrong, a few lines each; not what a baseline has, by its fingerprint."""
    marks = {mark.mention.span: mark for mark in annotation.marks}
    for one in findings(annotation):
        if one.fingerprint in known:
            continue
        where = place_text(annotation.note.path, one.span)
        mark = marks.get(one.span)
        if one.kind == "statement contradicted":
            stated = next(other for other in annotation.statements if other.statement.span == one.span)
            lines = [
                f"{where}: contradicted  {stated.statement.text}",
                f"   = found:    {stated.found}",
                *map(_because, one.because),
            ]
            yield "\n".join(lines)
        elif one.kind == "self-contradiction" or mark is None:
            yield "\n".join([f"{where}: {one.kind}", _because(one.what), *map(_because, one.because)])
        else:
            found = f"   = found:    {mark.found} at {mark.place}"
            yield "\n".join([f"{where}: {one.kind}  {mark.mention.text}", found, *map(_because, one.because)])


def _because(reason: str) -> str:
    return f"   = because:  {reason}"


def every(annotation: Annotation) -> Iterator[str]:
    """Yield each mark and statement in a line, and what the text says against itself, in its order."""
    lines = [(mark.mention.span, mark_text(mark)) for mark in annotation.marks]
    lines += [
        (one.statement.span, f"{one.verdict}  {one.statement.text}  {one.found} by {one.claim}")
        for one in annotation.statements
    ]
    lines += [(one.spans[0], f"self-contradiction  {one.what}") for one in contradictions(annotation.note)]
    for span, text in sorted(lines, key=lambda line: (line[0].cell or 0, line[0].line, line[0].column)):
        yield f"{place_text(annotation.note.path, span)}: {text}"


def mark_text(mark: Mark) -> str:
    """Return ``confirmed  [1, 256, 72, 72]  f32[1, 256, 72, 72] at backbone:out``."""
    found = f"  {mark.found} at {mark.place}" if mark.place and mark.found else ""
    return f"{mark.verdict}  {mark.mention.text}{found}"
