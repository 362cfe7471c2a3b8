"""What the marks of one text say of one another: of a view of the shape before, of a weight told twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from shapeflow.notes.placing.chain import Placed
from shapeflow.notes.verdicts.doubts import COMMITTED, left_open
from shapeflow.notes.verdicts.guards import arranged
from shapeflow.notes.verdicts.judge import Judge
from shapeflow.notes.verdicts.mark import TRUE, Mark
from shapeflow.shapes.notation import shape_text

_FLOWING = 0.85
"""How sure it is that a shape is the view, with just this shape, of what stands before it."""


def settled(judge: Judge, placed: list[Placed]) -> list[Mark]:
    """Return the marks of the placed mentions of a text, in its order."""
    lines: dict[tuple[int, int | None], list[Mark]] = defaultdict(list)
    marks: list[Mark] = []
    for one in placed:
        mark = judge.mark(one)
        line = lines[mark.mention.span.line, mark.mention.span.cell]
        if mark.verdict not in COMMITTED and line and line[-1].verdict in TRUE:
            mark = _as_view(judge, line[-1], mark)
        if mark.verdict in TRUE and any(_is_same_weight(judge, other, mark) for other in line):
            mark = left_open(mark, "the same is said of this weight before")
        line.append(mark)
        marks.append(mark)
    return marks


def _as_view(judge: Judge, before: Mark, mark: Mark) -> Mark:
    """Return a mark as that of a view of what the shape before it is of, if a view has its shape."""
    site = judge.site(before.place)
    view = None if site is None else arranged(judge.sites, site, mark.mention, judge.placing)
    if view is None or not mark.mention.pattern.dims:
        return mark
    return replace(
        mark,
        verdict="confirmed" if before.verdict == "confirmed" else "symbolic, consistent",
        place=view.selector,
        found=shape_text(view.dtype, view.shape),
        evidence=(f"made of {before.place} by views and transposes alone",),
        confidence=_FLOWING,
    )


def _is_same_weight(judge: Judge, before: Mark, mark: Mark) -> bool:
    """Return whether one line says the same of one weight twice: then another one is meant."""
    site = judge.site(mark.place)
    alike = (before.place, before.mention.text) == (mark.place, mark.mention.text)
    return alike and site is not None and site.kind == "parameter"
