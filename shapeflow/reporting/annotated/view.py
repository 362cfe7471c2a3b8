"""A text as it was written, with marks in its lines: what the page shows."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from shapeflow.notes.annotate import Annotation
from shapeflow.notes.finding.contradictions import Contradiction, contradictions
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.statement import StatementMark
from shapeflow.notes.verdicts.mark import Mark, Verdict
from shapeflow.reporting.annotated.text import VERDICTS, tally

LONG = 2_000
"""Lines of a text from which on its stretches without a mark are folded."""
AROUND = 4
"""Lines around a mark that are shown in any case."""
SHORTEST_FOLD = 12
TONES: dict[Verdict, str] = {
    "confirmed": "good",
    "symbolic, consistent": "good",
    "layout differs": "doubt",
    "contradicted": "bad",
    "seen elsewhere": "open",
    "not in this run": "open",
    "cannot tell": "open",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line."""

    text: str
    mark: MarkView | None = None


@dataclass(frozen=True, slots=True)
class MarkView:
    """A mark with its evidence."""

    anchor: str
    text: str
    verdict: Verdict
    tone: str
    place: str
    found: str
    evidence: tuple[str, ...]
    rivals: tuple[tuple[str, str, int], ...]
    """Selector, shape, share in percent."""
    confidence: int | None
    """In percent; None: the reading is certain."""
    span: Span


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the text."""

    number: int
    anchor: str
    pieces: tuple[Piece, ...]
    marks: tuple[MarkView, ...]
    cell: int | None = None
    """Number of the notebook's cell, from 1, on its first line."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines of a long text that have nothing in or near them that is marked."""

    count: int
    folded: str
    """The lines with their numbers."""


@dataclass(frozen=True, slots=True)
class Against:
    """What a text says against itself."""

    what: str
    lines: tuple[tuple[str, str], ...]
    """Anchor and words for each of the places."""


@dataclass(frozen=True, slots=True)
class TextView:
    """A text with its marks."""

    path: str
    counts: tuple[tuple[Verdict, str, int], ...]
    """Verdict, tone and number."""
    symbols: tuple[tuple[str, str], ...]
    against: tuple[Against, ...]
    rows: tuple[Row | Fold, ...]
    unread: tuple[str, ...] = ()
    """What of it was not read."""


def text_view(annotation: Annotation, number: int) -> TextView:
    """Return what a page shows of a text, the ``number``-th of it."""
    counts = tally(annotation)
    counts.update(one.verdict for one in annotation.statements)
    by_line: dict[tuple[int | None, int], list[MarkView]] = {}
    views = [_mark(mark, number) for mark in annotation.marks]
    views += [_statement(one, f"s{number}-{place}") for place, one in enumerate(annotation.statements)]
    for view in views:
        by_line.setdefault((view.span.cell, view.span.line), []).append(view)
    against = tuple(_against(one, number) for one in contradictions(annotation.note))
    needed = {anchor for one in against for anchor, _ in one.lines}
    return TextView(
        annotation.note.path,
        tuple((verdict, TONES[verdict], counts[verdict]) for verdict in VERDICTS if counts[verdict]),
        tuple((name, ", ".join(map(str, sizes))) for name, sizes in annotation.symbols.items()),
        against,
        tuple(_folded(list(_rows(annotation, number, by_line)), needed)),
        annotation.note.unread,
    )


def _folded(rows: Sequence[Row], needed: Container[str]) -> Iterator[Row | Fold]:
    """Yield the lines of a text; of a long one long stretches without a mark are one piece.

    Args:
        rows: the lines.
        needed: anchors of lines that something leads to.
    """
    if len(rows) <= LONG:
        yield from rows
        return
    at = 0
    for marked in [place for place, row in enumerate(rows) if row.marks or row.anchor in needed] + [
        len(rows) + AROUND
    ]:
        first, last = at, max(marked - AROUND, at)
        if last - first >= SHORTEST_FOLD:
            hidden = rows[first:last]
            lines = (f"{row.number:>6}  {''.join(piece.text for piece in row.pieces)}" for row in hidden)
            yield Fold(len(hidden), "\n".join(lines))
        else:
            yield from rows[first:last]
        at = min(marked + AROUND + 1, len(rows))
        yield from rows[last:at]


def _rows(
    annotation: Annotation, number: int, by_line: dict[tuple[int | None, int], list[MarkView]]
) -> Iterator[Row]:
    note = annotation.note
    parts = list(enumerate(note.cells)) if note.kind == "notebook" else [(None, note.lines)]
    for cell, lines in parts:
        for line, text in enumerate(lines, 1):
            views = sorted(by_line.get((cell, line), ()), key=lambda view: view.span.column)
            first = cell + 1 if cell is not None and line == 1 else None
            yield Row(line, _anchor(number, cell, line), tuple(_pieces(text, views)), tuple(views), first)


def _pieces(text: str, views: Sequence[MarkView]) -> Iterator[Piece]:
    at = 0
    for view in views:
        start, end = view.span.column - 1, view.span.end - 1
        if start < at:
            continue  # one inside of another
        if start > at:
            yield Piece(text[at:start])
        yield Piece(text[start:end], view)
        at = end
    if text[at:]:
        yield Piece(text[at:])


def _mark(mark: Mark, number: int) -> MarkView:
    return MarkView(
        f"m{number}-{mark.mention.id}",
        mark.mention.text,
        mark.verdict,
        TONES[mark.verdict],
        mark.place,
        mark.found,
        mark.evidence,
        tuple((selector, shape, round(100 * share)) for selector, shape, share in mark.rivals),
        round(100 * mark.confidence),
        mark.mention.span,
    )


def _statement(mark: StatementMark, anchor: str) -> MarkView:
    stated = mark.statement
    return MarkView(
        anchor,
        stated.text,
        mark.verdict,
        TONES[mark.verdict],
        stated.place or ".",
        mark.found,
        (mark.claim,),
        (),
        None,
        stated.span,
    )


def _against(one: Contradiction, number: int) -> Against:
    lines = tuple((_anchor(number, span.cell, span.line), str(span.line)) for span in one.spans)
    return Against(one.what, lines)


def _anchor(number: int, cell: int | None, line: int) -> str:
    return f"l{number}-{line}" if cell is None else f"l{number}-{cell + 1}-{line}"
