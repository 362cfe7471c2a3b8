"""Several shapes that are said of one parameter: those that do not fit may be of another use of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from shapeflow.notes.verdicts.doubts import left_open
from shapeflow.notes.verdicts.mark import TRUE, Mark


def without_choices(marks: Mapping[int, Mark]) -> dict[int, Mark]:
    """Return marks; of several shapes of one parameter those that do not fit may be of another use of it."""
    groups: dict[tuple[tuple[str, ...], str], list[Mark]] = defaultdict(list)
    for mark in marks.values():
        frame = mark.mention.frame
        if frame.region != "comment" and frame.assigned and frame.definitions:
            groups[frame.definitions, frame.assigned].append(mark)
    found = dict(marks)
    for group in groups.values():
        if any(mark.verdict in TRUE for mark in group):
            for mark in group:
                if mark.verdict in ("contradicted", "layout differs"):
                    found[mark.mention.id] = left_open(mark, "another shape that is said of it fits")
    return found
