"""The rows of the table of costs: the document's sections, or the parts of a model that has no document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapeflow.model.exact_names import ExactNames
from shapeflow.model.shares import Share, shares
from shapeflow.model.stage_tree import Node, stage_tree
from shapeflow.model.trace import Trace
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.numbers_model import CostRow
from shapeflow.reporting.view.section_homes import SectionHomes

if TYPE_CHECKING:
    from shapeflow.reporting.view.model import SectionView


@dataclass(slots=True)
class Part:
    """A part of the run that may be a row, with those in it."""

    title: str
    level: int
    note: str = ""
    section: str = ""
    selector: str = ""
    calls: int = 0
    own: Share = field(default_factory=Share)
    parts: list[Part] = field(default_factory=list)

    @property
    def whole(self) -> Share:
        """What it costs with all that is in it."""
        total = Share(self.own.parameters, self.own.flops, self.own.ops)
        for part in self.parts:
            total.add(part.whole)
        return total


def section_rows(
    trace: Trace, homes: SectionHomes, views: Sequence[SectionView], words: Translator
) -> tuple[CostRow, ...]:
    """Return a row for each section that something belongs to, then one for what is in none."""
    divided = shares(trace, homes.calls, homes.ops)
    parts = [
        Part(view.title or words("beginning"), view.level, section=view.id, own=divided.get(number, Share()))
        for number, view in enumerate(views)
    ]
    top: list[Part] = []
    around: list[Part] = []
    for part, view in zip(parts, views, strict=True):
        while around and around[-1].level >= part.level:
            around.pop()
        (around[-1].parts if around else top).append(part)
        if view.title:  # what stands before the first heading has nothing in it
            around.append(part)
    return _rows(top, divided.get(None), words("in-no-section"), words)


def part_rows(trace: Trace, names: ExactNames, words: Translator) -> tuple[CostRow, ...]:
    """Return a row for each part of a model, the large ones with those in them."""
    calls: dict[int, int] = {}
    owned: list[Part] = []

    def part_of(node: Node) -> Part:
        stage = node.stage
        part = Part(
            stage.name,
            stage.level,
            stage.class_name,
            selector=names.call(stage.calls[0]),
            calls=len(stage.calls),
        )
        calls.update(dict.fromkeys(stage.calls, len(owned)))
        owned.append(part)
        if node.nodes:
            inner = {one.stage.calls: one for one in node.nodes}
            part.parts = [part_of(inner.get(one.calls) or Node(one, [], [])) for one in node.parts]
        return part

    roots = [part_of(node) for node in stage_tree(trace)]
    divided = shares(trace, calls, {})
    for number, part in enumerate(owned):
        part.own = divided.get(number, Share())
    if len(roots) == 1:  # its own row would only say the totals again
        (root,) = roots
        rest = Part(words("itself"), 1, root.note, selector=root.selector, own=root.own)
        roots = [*root.parts, rest] if root.parts else roots
    return _rows(roots, divided.get(None), words("outside-calls"), words)


def _rows(top: Sequence[Part], left: Share | None, title: str, words: Translator) -> tuple[CostRow, ...]:
    total = Share()
    for part in top:
        total.add(part.whole)
    if left:
        total.add(left)
    level = min((part.level for part in top if part.whole), default=0)
    rows = [row for part in top for row in _of_part(part, level, total, words)]
    if left:
        rows.append(_row(Part(title, level, own=left), left, level, total, "part"))
    return tuple(rows)


def _of_part(part: Part, top: int, total: Share, words: Translator) -> Iterator[CostRow]:
    """Yield the row of a part, and of those in it; a part of which nothing costs anything has none."""
    whole = part.whole
    if not whole:
        return
    inner = [one for one in part.parts if one.whole]
    if not inner or (len(inner) == 1 and not part.own):
        if inner and part.section:  # the section inside is what the reader looks for
            yield from _of_part(inner[0], top + inner[0].level - part.level, total, words)
        else:
            yield _row(part, whole, top, total, "part")
        return
    yield _row(part, whole, top, total, "sum")
    if part.own:
        rest = Part(words("itself"), part.level + 1, "", part.section, part.selector, 0, part.own)
        yield _row(rest, part.own, top, total, "part")
    for one in inner:
        yield from _of_part(one, top, total, words)


def _row(part: Part, share: Share, top: int, total: Share, kind: str) -> CostRow:
    return CostRow(
        title=part.title,
        note=part.note,
        section=part.section,
        selector=part.selector,
        level=max(0, part.level - top),
        is_sum=kind == "sum",
        calls=part.calls,
        parameters=share.parameters,
        flops=share.flops,
        share=share.flops / total.flops if total.flops else 0.0,
    )
