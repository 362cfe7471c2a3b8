"""Mentions that the text joins: steps with arrows between them, and shapes of which one holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from shapeflow.notes.mention import Mention, Passage

_ARROW = re.compile(r"→|-+>|=+>|\\(?:to|rightarrow|longrightarrow|mapsto|Rightarrow)\b|>>")
_LEADING_ARROW = re.compile(r"\W*?(?:→|-+>|=+>)")
_SIGNS = r"[\s`*$\"')(\[\]]*"
_OR = re.compile(
    rf"{_SIGNS},?{_SIGNS}"
    r"(?:\b(?:or|oder|ou|o|oppure|lub|или)\b|或者?|または|もしくは|あるいは|또는|혹은)"
    rf"{_SIGNS}(?:(?:(?:a|an|the|of|size|shape|tensor|even|else|just)\b|:math:){_SIGNS})*",
    re.IGNORECASE,
)
_COMMA = re.compile(rf"{_SIGNS},{_SIGNS}")


def chained(mentions: Sequence[Mention], passages: Sequence[Passage]) -> list[Mention]:
    """Return mentions numbered from 0, with the chains of arrows that they stand in.

    Args:
        mentions: in the order of the text.
        passages: where each of them stands.
    """
    linked: list[Mention] = []
    before: Passage | None = None
    for number, (mention, passage) in enumerate(zip(mentions, passages, strict=True)):
        chain, position = None, 0
        if before is not None and _follows(linked[-1], before, mention, passage):
            previous = linked[-1]
            chain = previous.id if previous.chain is None else previous.chain
            position = previous.position + 1
            linked[-1] = replace(previous, chain=chain)
        subject = mention.subject or (linked[-1].subject if position else "")
        linked.append(replace(mention, id=number, chain=chain, position=position, subject=subject))
        before = passage
    return linked


def _follows(previous: Mention, before: Passage, mention: Mention, passage: Passage) -> bool:
    """Return whether an arrow leads from one mention to the next."""
    if (before.cell, before.block, before.part) != (passage.cell, passage.block, passage.part):
        return False
    if before.line == passage.line:
        between = passage.text[previous.span.end - 1 : mention.span.column - 1]
        return bool(_ARROW.search(between)) and ";" not in between
    between = passage.text[: mention.span.column - 1]
    return passage.line - before.line <= 4 and bool(_LEADING_ARROW.match(between))


def alternatives(mentions: list[Mention], passages: Sequence[Passage]) -> list[Mention]:
    """Return mentions, those that an "or" joins marked as alternatives: all of ``A, B or C``.

    Args:
        mentions: in the order of the text.
        passages: where each of them stands.
    """
    joined = [
        _joint(first, last, passages[number].text) if passages[number] is passages[number + 1] else ""
        for number, (first, last) in enumerate(pairwise(mentions))
    ]
    found: set[int] = set()
    for number in range(len(joined) - 1, -1, -1):
        if joined[number] == "or" or (joined[number] == "," and number + 1 in found):
            found |= {number, number + 1}
    return [replace(one, alternative=True) if n in found else one for n, one in enumerate(mentions)]


def _joint(first: Mention, last: Mention, text: str) -> str:
    """Return what stands between two mentions of a line: "or", a comma, or nothing that joins them."""
    between = text[first.span.end - 1 : last.span.column - 1]
    if _OR.fullmatch(between):
        return "or"
    return "," if _COMMA.fullmatch(between) else ""
