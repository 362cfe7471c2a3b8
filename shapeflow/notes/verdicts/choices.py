"""Several shapes that are said of one parameter: those that do not fit may be of another use of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from shapeflow.notes.mention import Mention
from shapeflow.notes.verdicts.doubts import left_open
from shapeflow.notes.verdicts.mark import TRUE, Mark

_WORD = r"(?:(?<![a-z])(?:or|oder|ou|o|или|lub|hoặc|veya)(?![a-z])|或|または|もしくは|또는)"
_OR = re.compile(rf"(?i).*{_WORD}[\s`*(\[]*")
"""What stands between two shapes of which one is meant at a time."""
_NAMED = re.compile(r"(?:^|[;,.|])[\s`*-]*([A-Za-z_]\w*)`*\s*[:：](?!\w)")
"""A name and a colon, also behind what is said of another one."""
_BEGINS = re.compile(rf"(?i)[\s`*-]*{_WORD}[\s`*]*")
_ENDS = re.compile(rf"(?i)[\s`*)\],]*{_WORD}\s*")


def is_choice(before: str) -> bool:
    """Return whether a line begins with a word for a choice, and a shape after it."""
    return _BEGINS.fullmatch(before) is not None


def without_choices(marks: Mapping[int, Mark]) -> dict[int, Mark]:
    """Return marks; of several shapes of one parameter those that do not fit may be of another use of it."""
    groups: dict[tuple[tuple[str, ...], str], list[Mark]] = defaultdict(list)
    for mark in marks.values():
        frame, described = mark.mention.frame, mark.mention.frame.region not in ("comment", "annotation")
        if described and frame.assigned and frame.definitions and mark.mention.chain is None:
            groups[frame.definitions, ([*_NAMED.findall(frame.before)] or [frame.assigned])[-1]].append(mark)
    found = dict(marks)
    for number, mark in marks.items():
        beside = [marks[one] for one in (number - 1, number + 1) if one in marks]
        fits = [other for other in beside if other.verdict in TRUE and _are_choices(mark, other)]
        if any(mark.verdict not in TRUE or is_one_of(mark.mention, other.mention) for other in fits):
            found[number] = _other_use(mark)
    for group in groups.values():
        fitting = [mark for mark in group if mark.verdict in TRUE]
        for mark in group if fitting else ():
            if any(is_one_of(mark.mention, other.mention) for other in fitting):
                found[mark.mention.id] = _other_use(mark)
            elif found[mark.mention.id].verdict in ("contradicted", "layout differs"):
                found[mark.mention.id] = left_open(mark, "another shape that is said of it fits")
    return found


def is_one_of(one: Mention, many: Mention) -> bool:
    """Return whether a shape as written is another one without its first dim: of one input of a batch."""
    dims, others = ([dim.text.strip() for dim in mention.pattern.dims] for mention in (one, many))
    return len(dims) > 1 and dims == others[1:]


def _other_use(mark: Mark) -> Mark:
    """Return the mark of a shape that is of another run, where another one of the same thing fits."""
    return replace(mark, verdict="not in this run", evidence=("in this run it is the other one of the two",))


def _are_choices(one: Mark, other: Mark) -> bool:
    """Return whether a word for a choice stands between two shapes of a line, or of two lines."""
    first, second = sorted((one.mention, other.mention), key=lambda mention: mention.id)
    if first.span.line == second.span.line:
        between = second.frame.before[len(first.frame.before) :]
        return _OR.fullmatch(between) is not None
    below = second.span.line == first.span.line + 1
    return below and (is_choice(second.frame.before) or _ENDS.fullmatch(first.frame.after) is not None)
