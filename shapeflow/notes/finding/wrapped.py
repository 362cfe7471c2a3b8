"""Shapes that a line begins and the next one ends, as where a paragraph or docstring is wrapped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from shapeflow.notes.finding.literal import CLOSING, OPENING
from shapeflow.notes.mention import Passage

MAX_REST = 80
"""Characters of the next line in which the bracket has to be closed."""

_SIGNS_IN_FRONT = re.compile(r"[\s>#*]*")


def with_rest(passages: Iterable[Passage]) -> Iterator[tuple[Passage, str]]:
    """Yield passages, each with what ends its last list in the next one; mostly empty."""
    for before, after in pairwise([*passages, None]):
        if before is not None:
            yield before, _rest(before, after) if after is not None else ""


def _rest(before: Passage, after: Passage) -> str:
    same = (before.cell, before.block, before.part) == (after.cell, after.block, after.part)
    if not same or after.line != before.line + 1 or before.frame.region in ("cell", "annotation", "output"):
        return ""
    start = _open(before.text)
    if start is None or "," not in before.text[start:]:
        return ""
    signs = _SIGNS_IN_FRONT.match(after.text)
    text = after.text[signs.end() if signs else 0 :]
    close = re.match(rf"[^()\[\]]{{0,{MAX_REST}}}[)\]]", text)
    if close is None or CLOSING[close[0][-1]] != before.text[start]:
        return ""
    return " " + text


def _open(text: str) -> int | None:
    """Return the column of the last bracket that a line leaves open."""
    waiting: list[int] = []
    for place, sign in enumerate(text):
        if sign in OPENING:
            waiting.append(place)
        elif sign in CLOSING and waiting:
            waiting.pop()
    return next((place for place in reversed(waiting) if text[place] != "{"), None)
