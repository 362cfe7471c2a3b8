"""What a text says of another run is not wrong: of other inputs, of another size, of another model."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from shapeflow.model.trace import Trace
from shapeflow.notes.verdicts.mark import Mark
from shapeflow.shapes.notation import parse_shape

USED = 4
"""A size of the inputs that a text gives so often and rightly is one of the run that the text speaks of."""
OFTEN = 3
"""A size that stands so often for the same other one is one of another run, if it is right nowhere."""
LEAST_RIGHT, LEAST_MARKS = 0.15, 6
"""A text of which a smaller share is right, or less than is wrong, speaks of something else."""
LEAST_WRONG = 4
"""So many below one heading are no slips, if fewer are right."""
RIGHT = frozenset({"confirmed", "symbolic, consistent", "layout differs"})
CHANNELS = 4
"""Sizes of inputs up to this one are no matter of choice."""


def of_this_run(trace: Trace, marks: Sequence[Mark]) -> list[Mark]:
    """Return marks with nothing called wrong that another run may make right.

    That is: a shape that is one of the run with another batch, a size that the inputs of the run had, a
    size that stands for the same other one again and again and is right nowhere, and all of a text, or
    of what is below one of its headings, of which more is wrong than right, or hardly anything is right.
    """
    wrong = [mark for mark in marks if mark.verdict == "contradicted"]
    right = Counter(
        size for mark in marks if mark.verdict == "confirmed" for size in {*_sizes(str(mark.mention.pattern))}
    )
    chosen = {
        size
        for call in trace.calls
        if call.parent is None
        for port in call.inputs
        if port.value is not None
        for size in trace.values[port.value].shape
        if size > CHANNELS
    }
    times = Counter(pair for mark in wrong for pair in set(_changed(mark)))
    shapes = {value.shape for value in trace.values}
    leading = {
        trace.values[port.value].shape[:1]
        for call in trace.calls
        if call.parent is None
        for port in call.inputs
        if port.value is not None
    }
    strange = _is_strange(marks)
    sections: dict[tuple[str, ...], list[Mark]] = defaultdict(list)
    for mark in marks:
        sections[mark.mention.frame.headings].append(mark)
    others = {heads for heads, held in sections.items() if _is_mostly_wrong(held)}
    found = []
    for one in marks:
        mark = one
        pairs = _changed(mark) if mark.verdict == "contradicted" else []
        alone = len(pairs) == 1 and len(_sizes(mark.found)) > 2
        other = _with_another_batch(mark, leading, shapes) or (
            bool(pairs)
            and all(
                (there in chosen and not (right[there] >= USED and said > 1 and alone))
                or (times[there, said] >= OFTEN and said not in right)
                for there, said in pairs
            )
        )
        elsewhere = strange or mark.mention.frame.headings in others
        if mark.verdict == "contradicted" and (elsewhere or other):
            why = "another run may have it"
            if elsewhere:
                why = "so much differs that the text is of something else"
            mark = replace(mark, verdict="not in this run", evidence=(*mark.evidence, why))
        found.append(mark)
    return found


def _counted(marks: Sequence[Mark]) -> tuple[int, int]:
    """Return how many marks are right, and how many call something wrong."""
    return sum(mark.verdict in RIGHT for mark in marks), sum(mark.verdict == "contradicted" for mark in marks)


def _is_strange(marks: Sequence[Mark]) -> bool:
    """Return whether more of a text is wrong than right, or hardly anything is right."""
    right, wrong = _counted(marks)
    return len(marks) >= LEAST_MARKS and right < max(wrong, LEAST_RIGHT * len(marks))


def _is_mostly_wrong(marks: Sequence[Mark]) -> bool:
    """Return whether so much below one heading is wrong that it is on another variant of the model."""
    right, wrong = _counted(marks)
    return wrong >= LEAST_WRONG and wrong > right


def _with_another_batch(
    mark: Mark, leading: Collection[tuple[int, ...]], shapes: Collection[tuple[int, ...]]
) -> bool:
    """Return whether what is said is a shape of the run but for its first size, the number of inputs."""
    there, said = _sizes(mark.found), _sizes(str(mark.mention.pattern))
    first = there[:1] if len(there) == len(said) > 2 else ()
    differs = bool(first) and first != said[:1] != (-1,)
    return differs and first in leading and (*first, *said[1:]) in shapes


def _changed(mark: Mark) -> list[tuple[int, int]]:
    """Return the sizes that differ, as they are and as they are said; none for another number of dims."""
    there, said = _sizes(mark.found), _sizes(str(mark.mention.pattern))
    if len(there) != len(said):
        return []
    return [(one, other) for one, other in zip(there, said, strict=True) if one != other]


def _sizes(text: str) -> tuple[int, ...]:
    """Return the sizes of a shape in our notation, -1 for what is no number."""
    dims: Iterable[str] = (dim.text for dim in parse_shape(text).dims) if text else ()
    return tuple(int(dim) if dim.isdecimal() else -1 for dim in dims)
