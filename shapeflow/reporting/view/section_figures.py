"""Which figures a section shows: the data flow of its calls, their attention, and the whole path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shapeflow.common.beside import beside
from shapeflow.graph.build import graph_of
from shapeflow.graph.focus import focused
from shapeflow.graph.model import Graph
from shapeflow.graph.simplify import connected
from shapeflow.graph.wanted import Wanted
from shapeflow.graph.ways import Ways
from shapeflow.model.records import Value
from shapeflow.reporting.view.diagrams import ATTENTION, attention_in
from shapeflow.reporting.view.figure_model import Drawing
from shapeflow.reporting.view.figures import draw_all
from shapeflow.reporting.view.link_model import LinkView
from shapeflow.reporting.view.material import SectionMaterial
from shapeflow.reporting.view.model import SectionView
from shapeflow.reporting.view.section_homes import SectionHomes
from shapeflow.reporting.view.section_wanted import wanted_of

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import Verdict

NODES = 18
"""Most nodes of a section's figure."""
OVERVIEW_NODES = (17, 13, 10, 8, 6, 4)


def drawings_of(
    parts: SectionMaterial, figures: Sequence[Iterator[Graph]], *, copy: bool
) -> Callable[[], list[Drawing]]:
    """Start to draw the figures of sections and that of the whole path, and return what waits for them.

    Args:
        parts: what they are made from.
        figures: of each section what it may draw, the most detailed first.
        copy: let a copy of this process do it, see ``beside``, and keep the drawings for the next time.
    """
    shown = [*figures, overviews(parts)]
    return beside(lambda: draw_all(shown, parts.palette, parts.words, kept=copy), copy=copy)


def overviews(parts: SectionMaterial) -> Iterator[Graph]:
    """Yield graphs of the whole path, without masks and indices that go everywhere, smaller and smaller."""
    values = parts.trace.values
    for limit in OVERVIEW_NODES:
        graph = graph_of(parts.trace, limit=limit, structure=parts.tree)
        data = [edge for edge in graph.edges if any(_is_data(values[flow.last]) for flow in edge.flows)]
        kept = connected(replace(graph, edges=tuple(data)))
        yield replace(kept if kept.edges else graph, title=parts.words("overview"))


def _is_data(value: Value) -> bool:
    return value.dtype.startswith(("f", "bf", "c")) or value.origin == "input"


def drawn(views: Sequence[SectionView], drawings: Sequence[Drawing]) -> list[SectionView]:
    """Return sections with their figures; one that an earlier section has is a link to that one."""
    first: dict[str, SectionView] = {}
    result = []
    for view, drawing in zip(views, drawings, strict=True):
        known = first.setdefault(drawing.mermaid, view) if drawing.mermaid else view
        shown: Drawing | None = drawing if drawing.svg or drawing.mermaid or drawing.note else None
        if known is not view:
            shown = Drawing(drawing.title, "", "", same=LinkView(known.id, known.title))
        result.append(replace(view, drawing=shown))
    return result


def figure_of_claims(
    parts: SectionMaterial, verdicts: Sequence[Verdict], ways: Ways, title: str
) -> Iterator[Graph]:
    """Yield what a section draws: the calls and ops that its claims name, and one step around them."""
    wanted = wanted_of(parts, verdicts)
    if wanted.calls or wanted.ops:
        for graph in focused(parts.tree, wanted, NODES, ways):
            yield replace(graph, title=title)


def figure_of_call(parts: SectionMaterial, call: int, ways: Ways, title: str) -> Iterator[Graph]:
    """Yield what the section of a stage draws: the inside of a call, or the call and what is around it."""
    for graph in focused(parts.tree, Wanted(frozenset([call])), NODES, ways):
        yield replace(graph, title=title, pointed=False)


def with_attention(
    parts: SectionMaterial, views: Sequence[SectionView], homes: SectionHomes
) -> list[SectionView]:
    """Return sections with the attention that belongs to each: none is drawn twice."""
    own: dict[int, list[int]] = {}
    for op in parts.trace.ops:
        if op.target in ATTENTION:
            home = homes.of_op(op.id)
            if home is not None:
                own.setdefault(home, []).append(op.id)
    return [
        replace(view, attention=attention_in(parts.trace, own.get(number, ()), parts.names, parts.words))
        for number, view in enumerate(views)
    ]


def own_ops(parts: SectionMaterial, calls: Sequence[int], *, within: bool = True) -> list[int]:
    """Return the ops of calls, and of the modules directly in them: not all that is below."""
    found: set[int] = set()
    for call in calls:
        for inner in (call, *(_modules_in(parts, call) if within else ())):
            waiting = [inner]
            while waiting:  # helper methods are part of their module
                at = waiting.pop()
                found.update(parts.tree.own_ops[at])
                waiting += [child for child in parts.tree.children[at] if _is_helper(parts, child)]
    return sorted(found)


def _modules_in(parts: SectionMaterial, call: int) -> list[int]:
    """Return the calls of modules directly in a call, also those that its helper methods make."""
    modules: list[int] = []
    for child in parts.tree.children[call]:
        modules += _modules_in(parts, child) if _is_helper(parts, child) else [child]
    return modules


def _is_helper(parts: SectionMaterial, call: int) -> bool:
    return parts.trace.calls[call].method != "forward"
