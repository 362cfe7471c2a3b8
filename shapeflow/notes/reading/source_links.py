"""Links to lines of source in a text: ``[prepare](src/encoder.py#L328-L369)``, ``encoder.py:42``."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace

from shapeflow.notes.mention import Mention

NEAR = 8
"""Lines between a link and a mention that it can be about."""
MAX_PARTS = 6
"""Parts of a path that are kept: others are those of somebody's computer."""
Link = tuple[str, int, int]

_LINK = re.compile(r"([\w.~%/\\:+-]*\w\.pyi?)(?:#L|:L?| L)(\d{1,6})(?:\s?[-–]\s?L?(\d{1,6}))?(?![\w.])")


def links_in(line: str) -> list[Link]:
    """Return the links of a line: ending of the file's path, first and last line."""
    found = []
    for match in _LINK.finditer(line) if ".py" in line else ():
        first, last = int(match[2]), int(match[3] or match[2])
        parts = [part for part in re.split(r"[/\\]", match[1].split("://")[-1]) if part and ":" not in part]
        if parts and 0 < first <= last:
            found.append(("/".join(parts[-MAX_PARTS:]), first, last))
    return found


def with_links(mentions: Sequence[Mention], lines_of: Mapping[int | None, Sequence[str]]) -> list[Mention]:
    """Return mentions with the links near them, nearest first; none from behind another heading."""
    places = {
        cell: [(number, link) for number, line in enumerate(lines, 1) for link in links_in(line)]
        for cell, lines in lines_of.items()
    }
    if not any(places.values()):
        return list(mentions)
    return [_linked(mention, places[mention.span.cell], lines_of[mention.span.cell]) for mention in mentions]


def _linked(mention: Mention, places: list[tuple[int, Link]], lines: Sequence[str]) -> Mention:
    line = mention.span.line
    first = bisect_left(places, line - NEAR, key=lambda place: place[0])
    last = bisect_right(places, line + NEAR, key=lambda place: place[0])
    near = [(abs(at - line), link) for at, link in places[first:last] if _reaches(at, line, lines)]
    links = tuple(dict.fromkeys(link for _, link in sorted(near)))
    return replace(mention, frame=replace(mention.frame, links=links)) if links else mention


def _reaches(number: int, line: int, lines: Sequence[str]) -> bool:
    """Return whether no heading stands between a link in one line and a mention in another."""
    between = lines[min(number, line) : max(number, line) - 1]
    return not any(re.match(r"#{1,6} ", text) for text in between)
