"""What is wrong with a text: what the run contradicts, and what contradicts itself."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shapeflow.notes.annotate import Annotation
from shapeflow.notes.finding.contradictions import contradictions
from shapeflow.notes.mention import Note, Span
from shapeflow.notes.verdicts.mark import Mark

FindingKind = Literal["contradicted", "statement contradicted", "layout differs", "self-contradiction"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a text."""

    kind: FindingKind
    span: Span
    what: str
    """One sentence."""
    because: tuple[str, ...]
    """What it rests on, in sentences."""
    fingerprint: str
    """The same as long as the line says the same, wherever in the file it stands."""

    @property
    def fails(self) -> bool:
        """Whether a check fails because of it: another order of the same sizes is only pointed at."""
        return self.kind != "layout differs"


def findings(annotation: Annotation) -> list[Finding]:
    """Return what is wrong with a text, in its order."""
    seen: Counter[str] = Counter()
    found = sorted(_found(annotation), key=lambda one: (one[1].cell or 0, one[1].line, one[1].column))
    result = []
    for kind, span, what, because in found:
        key = f"{kind}\0{' '.join(line_of(annotation.note, span).split())}\0{what}"
        seen[key] += 1
        fingerprint = hashlib.sha256(f"{key}\0{seen[key]}".encode("utf-8", errors="replace")).hexdigest()[:16]
        result.append(Finding(kind, span, what, because, fingerprint))
    return result


def line_of(note: Note, span: Span) -> str:
    """Return the line that a span lies in."""
    lines = note.lines if span.cell is None else note.cells[span.cell]
    return lines[span.line - 1] if span.line <= len(lines) else ""


def _found(annotation: Annotation) -> Iterator[tuple[FindingKind, Span, str, tuple[str, ...]]]:
    for mark in annotation.marks:
        if mark.verdict == "contradicted":
            yield "contradicted", mark.mention.span, _differs(mark), mark.evidence
        elif mark.verdict == "layout differs":
            what = f"{_differs(mark)}: the same sizes, arranged otherwise"
            yield "layout differs", mark.mention.span, what, mark.evidence
    for stated in annotation.statements:
        if stated.verdict == "contradicted":
            what = f"'{stated.statement.text}' is contradicted by the run: {stated.found}"
            yield "statement contradicted", stated.statement.span, what, (f"judged as: {stated.claim}",)
    for one in contradictions(annotation.note):
        others = tuple(f"see also line {span.line}" for span in one.spans[1:])
        yield "self-contradiction", one.spans[0], one.what, others


def _differs(mark: Mark) -> str:
    return f"'{mark.mention.text}' is {mark.found} in the run, at {mark.place}"
