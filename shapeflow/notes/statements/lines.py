"""Lines in which a statement can be read without doubt, each with what leads to it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace

from shapeflow.notes.mention import Frame, Ignored, Passage
from shapeflow.notes.statements.wording import SENTENCE_END, is_aside, is_hedged, sentence, variants

_REGIONS = ("prose", "item", "cell", "heading")
_TEXTS = ("", "text", "txt", "plain", "plaintext", "markdown", "md")
"""Languages of fences that hold words and no code."""
_SENTENCE = re.compile(r"[.。!?！？;；][\s*_)\"”]*$")


MOST_ABOVE = 10
"""Lines of a paragraph that are looked at before one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of prose, an item, a cell, a heading or a fence without code."""

    passage: Passage
    earlier: str
    """The end of the line before, where a sentence that began there goes on here."""
    later: str
    """The start of the line behind, where a sentence may go on."""
    above: str = ""
    """The lines before it in its paragraph."""
    title: str = ""
    """The first heading of the text."""
    weak: bool = False
    """Whether what is not so may be about something else: code, what was printed, another variant."""

    @property
    def text(self) -> str:
        """The line, with plain signs."""
        return self.passage.text

    def clear(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the columns of the sentence around a piece; None if it is not said plainly."""
        return None if is_hedged(self.sentence(start, end)) else sentence(self.text, start, end)

    def sentence(self, start: int, end: int) -> str:
        """Return the sentence around a piece, also where it goes over lines, with what leads to it."""
        first, last = sentence(self.text, start, end)
        frame = self.passage.frame
        parts = [self.text[first:last], *self.leads, frame.column, frame.row]
        if first == 0:
            parts.insert(0, self.earlier)
        if last == len(self.text):
            parts.append(self.later)
        return " \n".join(parts)

    @property
    def leads(self) -> tuple[str, ...]:
        """The lines that lead to this one; not a sentence that ends before it."""
        return leads(self.passage.frame)

    def without(self, header: str) -> Line:
        """Return a cell of a table without one of the headers of its row and column."""
        frame = self.passage.frame
        row, column = ("" if one == header else one for one in (frame.row, frame.column))
        return replace(self, passage=replace(self.passage, frame=replace(frame, row=row, column=column)))


def leads(frame: Frame) -> tuple[str, ...]:
    """Return the lines that lead to a place; not a sentence that ends before it."""
    return tuple(one for one in frame.lead if not _SENTENCE.search(one))


def plain_lines(
    passages: Sequence[Passage], ignored: Sequence[Ignored], known: Container[str] = ()
) -> Iterator[Line]:
    """Yield the lines that are read for statements.

    Args:
        passages: the text.
        ignored: what is left out.
        known: what names in the trace say; what a heading on another variant of a model is above is left out.
    """
    title = next((one.frame.headings[0] for one in passages if one.frame.headings), "")
    for number, passage in enumerate(passages):
        frame = passage.frame
        if frame.region not in _REGIONS and not (frame.region == "fence" and frame.language in _TEXTS):
            continue
        if any(one.cell == passage.cell and one.first <= passage.line <= one.last for one in ignored):
            continue
        unknown = {word for word in variants(frame.headings) if word not in known}
        if unknown - variants(frame.headings[:1]):
            continue
        if any(map(is_aside, (*frame.headings, *leads(frame)))):
            continue
        before = passages[number - 1] if number else None
        after = passages[number + 1] if number + 1 < len(passages) else None
        earlier = _end(before.text) if before and _goes_on(before, passage) else ""
        open_end = bool(after and _goes_on(passage, after) and _end(passage.text))
        later = SENTENCE_END.split(after.text, maxsplit=1)[0] if after and open_end else ""
        weak = frame.region == "fence" or bool(unknown)
        yield Line(passage, earlier, later, _above(passages, number), title, weak)


def _goes_on(one: Passage, other: Passage) -> bool:
    """Return whether a line goes on in the next."""
    same = one.cell == other.cell and one.line + 1 == other.line and one.block == other.block
    return same and one.frame.region in ("prose", "item") and not _begins(other.text)


def _above(passages: Sequence[Passage], number: int) -> str:
    """Return the lines before one in its paragraph, as many as matter."""
    own = passages[number]
    lines: list[str] = []
    for passage in reversed(passages[max(0, number - MOST_ABOVE) : number]):
        if passage.block != own.block or passage.frame.region != "prose" or passage.cell != own.cell:
            break
        lines.append(passage.text)
    return " ".join(reversed(lines))


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
