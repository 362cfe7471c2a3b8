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
    """Return a mark; of two shapes, "(B, T, C) or (B, C)", one is of another run where the other one fits."""
    number = mark.mention.id
    beside = [marks.get(number - 1), marks.get(number + 1)]
    if mark.verdict != "cannot tell" or not any(
        other is not None and other.verdict in TRUE and _are_choices(mark, other) for other in beside
    ):
        return mark
    return replace(mark, verdict="not in this run", evidence=("in this run it is the other one of the two",))


def _are_choices(one: Mark, other: Mark) -> bool:
    """Return whether a word for a choice stands between two shapes of a line."""
    first, second = sorted((one.mention, other.mention), key=lambda mention: mention.id)
    between = second.frame.before[len(first.frame.before) :]
    return first.span.line == second.span.line and _OR.fullmatch(between) is not None
