"""Sections of a report: those of the walkthrough with the trace laid in, or one a stage without one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shapeflow.coverage.units import KINDS
from shapeflow.graph.build import graph_of
from shapeflow.graph.model import Graph
from shapeflow.graph.simplify import connected
from shapeflow.model.call_tree import CallTree, Repeat
from shapeflow.model.containers import ids_at, told
from shapeflow.model.costs import leaf_stages
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.records import Call, Value
from shapeflow.model.trace import Trace
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.claims import ClaimViews, calls_of
from shapeflow.reporting.view.colours import Colours
from shapeflow.reporting.view.diagrams import attention_in, feature_maps_of
from shapeflow.reporting.view.figure_model import Attention, Drawing
from shapeflow.reporting.view.figures import draw_all
from shapeflow.reporting.view.link_model import LinkView
from shapeflow.reporting.view.model import BlockView, PortView, SectionView

if TYPE_CHECKING:
    from shapeflow.coverage.measure import Coverage
    from shapeflow.walkthrough.document import Section
    from shapeflow.walkthrough.verdict import CheckResult, Verdict

NODES = 24
"""Most nodes of a section's figure."""
OVERVIEW_NODES = 17
MOST_CALLS = 4
MOST_PORTS = 16


@dataclass(frozen=True)
class SectionMaterial:
    """What the sections are made from."""

    trace: Trace
    tree: CallTree
    names: ExactNames
    colours: Colours
    words: Translator
    claims: ClaimViews
    coverage: Coverage | None = None
    """What the walkthrough constrains, where there is one."""

    @property
    def palette(self) -> dict[int, int]:
        """Position in the palette by size."""
        return {size: symbol.colour for size, symbol in self.colours.by_size.items()}


def overview(parts: SectionMaterial) -> Drawing:
    """Return the figure of the whole path, without the masks and indices that go everywhere."""
    graph = graph_of(parts.trace, limit=OVERVIEW_NODES, structure=parts.tree)
    values = parts.trace.values
    data = [edge for edge in graph.edges if any(_is_data(values[flow.last]) for flow in edge.flows)]
    kept = connected(replace(graph, edges=tuple(data)))
    graph = kept if kept.edges else graph
    return draw_all([replace(graph, title=parts.words("overview"))], parts.palette, parts.words)[0]


def _is_data(value: Value) -> bool:
    return value.dtype.startswith(("f", "bf", "c")) or value.origin == "input"


def walkthrough_sections(parts: SectionMaterial, result: CheckResult) -> list[SectionView]:
    """Return the document's sections with verdicts, figures and links."""
    verdicts = {verdict.claim.id: verdict for verdict in result.verdicts}
    views, graphs = [], []
    drawn: dict[tuple[int, ...], str] = {}
    shown: set[str] = set()
    guards = _guards(parts)
    for section in result.document.sections:
        own = [verdicts[claim] for block in section.blocks for claim in block.claims if claim in verdicts]
        plain = [verdict for verdict in own if not verdict.claim.said]
        calls = calls_of(parts.trace, parts.names, plain or own)
        view = _section(parts, section, own, calls, shown)
        view = replace(view, guards=guards.get(section.id, ""))
        if section.level == 1 and section.title.strip() == result.document.title.strip():
            view = replace(view, title="")  # the page has said it
        views.append(view)
        # The same calls give the same figure: the first section that speaks of them shows it.
        fresh = bool(calls) and drawn.setdefault(tuple(calls), view.id) == view.id
        graphs.append(_graph(parts, calls, view.title) if fresh else Graph((), ()))
    return _drawn(parts, views, graphs)


def _guards(parts: SectionMaterial) -> dict[str, str]:
    """Return what the claims of each section constrain, by its id."""
    if parts.coverage is None:
        return {}
    return {
        one.section.id: parts.words("comma").join(
            parts.words(f"n-{kind}", n=one.covers[kind]) for kind in KINDS if one.covers.get(kind)
        )
        for one in parts.coverage.sections
    }


def _drawn(
    parts: SectionMaterial, views: Sequence[SectionView], graphs: Sequence[Graph]
) -> list[SectionView]:
    """Return sections with their figures, and with levels that begin at 1 whatever the document's do."""
    drawings = draw_all(graphs, parts.palette, parts.words)
    above = min((view.level for view in views if view.title), default=1) - 1
    return [
        replace(
            view,
            level=max(view.level - above, 0),
            drawing=drawing if drawing.svg or drawing.mermaid else None,
        )
        for view, drawing in zip(views, drawings, strict=True)
    ]


def stage_sections(parts: SectionMaterial) -> list[SectionView]:
    """Return a section for each stage of a trace that has no walkthrough."""
    views, graphs = [], []
    for stage in leaf_stages(parts.trace):
        calls, first = stage.calls, parts.trace.calls[stage.calls[0]]
        view = SectionView(
            id=f"stage-{parts.names.call(first.id)}",
            title=f"{stage.path} · {stage.class_name}" if stage.path != "." else stage.class_name,
            level=2,
            blocks=(),
            mark="bad" if stage.raised else "plain",
            counts={},
            calls=_call_links(parts, calls)[:MOST_CALLS],
            more_calls=max(0, len(_call_links(parts, calls)) - MOST_CALLS),
            attention=attention_in(parts.trace, _own_ops(parts, calls), parts.names, parts.words),
            sheets=feature_maps_of(parts.trace, _outputs(parts.trace, calls), parts.names, _unused(parts)),
            ports=_ports(parts, first),
        )
        views.append(view)
        graphs.append(_graph(parts, [first.id], view.title))
    return _drawn(parts, views, graphs)


def _section(
    parts: SectionMaterial,
    section: Section,
    own: Sequence[Verdict],
    calls: Sequence[int],
    shown: set[str],
) -> SectionView:
    """Return one section; ``shown`` are the kinds of attention that earlier ones drew."""
    verdicts = {verdict.claim.id: verdict for verdict in own}
    blocks = []
    for block in section.blocks:
        claims = [
            parts.claims.view(verdicts[claim], section.id) for claim in block.claims if claim in verdicts
        ]
        if claims or block.text.strip():
            blocks.append(BlockView(block.text, tuple(claims)))
    counts = Counter(claim.tone for block in blocks for claim in block.claims)
    counts["said"] = sum(1 for verdict in own if verdict.claim.said)
    values = [value for verdict in own if verdict.claim.kind != "flow" for value in verdict.evidence.values]
    links = _call_links(parts, calls)
    return SectionView(
        id=section.id or "start",
        title=section.title,
        level=section.level,
        blocks=tuple(blocks),
        mark=_mark(counts, own),
        counts={name: number for name, number in counts.items() if number},
        calls=links[:MOST_CALLS],
        more_calls=max(0, len(links) - MOST_CALLS),
        attention=_attention(parts, calls, shown),
        sheets=feature_maps_of(parts.trace, values, parts.names, _unused(parts)),
    )


def _mark(counts: Mapping[str, int], own: Sequence[Verdict]) -> str:
    if not own:
        return "plain"
    return "bad" if counts.get("bad") else "doubt" if counts.get("doubt") else "good"


def _graph(parts: SectionMaterial, calls: Sequence[int], title: str) -> Graph:
    """Return what a section draws: its calls, without the run's outermost ones if it has inner ones."""
    inner = [call for call in calls if parts.trace.calls[call].parent is not None]
    chosen = inner if len(inner) > 1 or (inner and len(calls) > len(inner)) else list(calls)
    return replace(graph_of(parts.trace, chosen, limit=NODES, structure=parts.tree), title=title)


def _call_links(parts: SectionMaterial, calls: Sequence[int]) -> tuple[LinkView, ...]:
    """Return links to calls, with where their class is defined; repeats as one."""
    items = parts.tree.fold(calls)
    links: dict[str, LinkView] = {}
    for item in items:
        first = parts.trace.calls[item.calls[0] if isinstance(item, Repeat) else item]
        name = item.selector if isinstance(item, Repeat) else first.name
        selector = name if isinstance(item, Repeat) else parts.names.call(first.id)
        module = parts.trace.module_by_path.get(first.path)
        place = parts.trace.line(module.source) if module else ""
        if place.startswith("torch/"):  # says nothing about this model
            place = ""
        links.setdefault(name, LinkView(selector, name, f"{first.class_name} {place}".strip()))
    return tuple(links.values())


def _attention(parts: SectionMaterial, calls: Sequence[int], shown: set[str]) -> tuple[Attention, ...]:
    """Return the attention of a section: what it names, and what lies in it and was not shown before."""
    named = attention_in(parts.trace, _own_ops(parts, calls, within=False), parts.names, parts.words)
    inside = attention_in(parts.trace, _own_ops(parts, calls), parts.names, parts.words)
    known = shown | {_kind(item) for item in named}
    found = (*named, *(item for item in inside if _kind(item) not in known))
    shown.update(_kind(item) for item in found)
    return found


def _kind(item: Attention) -> str:
    return f"{item.query_shape} {item.key_shape} {item.value_shape}"


def _own_ops(parts: SectionMaterial, calls: Sequence[int], *, within: bool = True) -> list[int]:
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


def _outputs(trace: Trace, calls: Sequence[int]) -> list[int]:
    return [value for call in calls for value in ids_at(trace.calls[call].outputs)]


def _unused(parts: SectionMaterial) -> frozenset[int]:
    return frozenset(parts.claims.unused)


def _ports(parts: SectionMaterial, call: Call) -> tuple[PortView, ...]:
    ports = [(port, False) for port in told(call.inputs)] + [(port, True) for port in told(call.outputs)]
    rows = []
    for port, gives in ports:
        if port.value is not None:
            shape = parts.colours.shape(str(parts.trace.values[port.value]))
            selector = f"{parts.names.call(call.id)}:{port.name}"
            rows.append(PortView(selector, port.name, gives, shape, port.value in parts.claims.unused))
    return tuple(rows[:MOST_PORTS])
