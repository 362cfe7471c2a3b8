"""Several shapes that are said of one parameter: those that do not fit may be of another use of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from shapeflow.notes.verdicts.doubts import left_open
from shapeflow.notes.verdicts.mark import TRUE, Mark

_OR = re.compile(
    r"(?i).*(?:(?<![a-z])(?:or|oder|ou|o|of|или|lub|hoặc|veya)(?![a-z])|或|または|もしくは|또는)[\s`*(\[]*"
)
"""What stands between two shapes of which one is meant at a time."""


def without_choices(marks: Mapping[int, Mark]) -> dict[int, Mark]:
    """Return marks; of several shapes of one parameter those that do not fit may be of another use of it."""
    groups: dict[tuple[tuple[str, ...], str], list[Mark]] = defaultdict(list)
    for mark in marks.values():
        frame = mark.mention.frame
        if frame.region not in ("comment", "annotation") and frame.assigned and frame.definitions:
            groups[frame.definitions, frame.assigned].append(mark)
    found = {number: _other_use(mark, marks) for number, mark in marks.items()}
    for group in groups.values():
        if any(mark.verdict in TRUE for mark in group):
            for mark in group:
                if found[mark.mention.id].verdict in ("contradicted", "layout differs"):
                    found[mark.mention.id] = left_open(mark, "another shape that is said of it fits")
    return found


def _other_use(mark: Mark, marks: Mapping[int, Mark]) -> Mark:
    """Return a mark; the second of two shapes, "or (B, C)", is of another run where the first one fits."""
    mention = mark.mention
    before = marks.get(mention.id - 1)
    if mark.verdict != "cannot tell" or before is None or before.verdict not in TRUE:
        return mark
    beside = before.mention.span.line == mention.span.line
    if not beside or _OR.fullmatch(mention.frame.before[len(before.mention.frame.before) :]) is None:
        return mark
    return replace(mark, verdict="not in this run", evidence=("in this run it is the other one of the two",))
