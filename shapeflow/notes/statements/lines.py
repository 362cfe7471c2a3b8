"""Lines in which a statement can be read without doubt, each with what leads to it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from shapeflow.notes.mention import Ignored, Passage
from shapeflow.notes.statements.wording import SENTENCE_END, is_aside, is_hedged, sentence, variants

_REGIONS = ("prose", "item", "cell", "heading")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of prose, an item, a cell or a heading."""

    passage: Passage
    earlier: str
    """The end of the line before, where a sentence that began there goes on here."""
    later: str
    """The start of the line behind, where a sentence may go on."""

    @property
    def text(self) -> str:
        """The line, with plain signs."""
        return self.passage.text

    def clear(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the columns of the sentence around a piece; None if it is not said plainly."""
        first, last = sentence(self.text, start, end)
        whole = self.text[first:last]
        if first == 0:
            whole = f"{self.earlier} {whole}"
        if last == len(self.text):
            whole = f"{whole} {self.later}"
        leads = " ".join((*self.passage.frame.lead, self.passage.frame.column, self.passage.frame.row))
        return None if is_hedged(whole) or is_hedged(leads) else (first, last)


def plain_lines(
    passages: Sequence[Passage], ignored: Sequence[Ignored], known: Container[str] = ()
) -> Iterator[Line]:
    """Yield the lines that are read for statements.

    Args:
        passages: the text.
        ignored: what is left out.
        known: what names in the trace say; what a heading on another variant of a model is above is left out.
    """
    for number, passage in enumerate(passages):
        if passage.frame.region not in _REGIONS:
            continue
        if any(one.cell == passage.cell and one.first <= passage.line <= one.last for one in ignored):
            continue
        if any(word not in known for word in variants(passage.frame.headings)):
            continue
        if any(map(is_aside, (*passage.frame.headings, *passage.frame.lead))):
            continue
        before = passages[number - 1] if number else None
        after = passages[number + 1] if number + 1 < len(passages) else None
        earlier = _end(before.text) if before and _goes_on(before, passage) else ""
        open_end = bool(after and _goes_on(passage, after) and _end(passage.text))
        later = SENTENCE_END.split(after.text, maxsplit=1)[0] if after and open_end else ""
        yield Line(passage, earlier, later)


def _goes_on(one: Passage, other: Passage) -> bool:
    """Return whether a line goes on in the next."""
    same = one.cell == other.cell and one.line + 1 == other.line and one.block == other.block
    return same and one.frame.region in ("prose", "item") and not _begins(other.text)


def _begins(text: str) -> bool:
    """Return whether a line is an item of its own."""
    head = text.lstrip()
    return head[:2] in ("- ", "* ", "+ ", "· ") or head.split(" ", 1)[0].rstrip(".)").isdigit()


def _end(text: str) -> str:
    """Return the sentence that a line ends in, if it is not finished."""
    last = 0
    for found in SENTENCE_END.finditer(text):
        last = found.end()
    return text[last:].strip()
