"""The sections of a report without a walkthrough: one a child of the model, with those in large ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from shapeflow.graph.model import Graph
from shapeflow.graph.ways import Ways
from shapeflow.model.containers import ids_at, told
from shapeflow.model.costs import Stage
from shapeflow.model.records import Port
from shapeflow.model.stage_tree import Node, stage_tree
from shapeflow.model.trace import Trace
from shapeflow.reporting.run_facts import parameter_name
from shapeflow.reporting.view.diagrams import attention_in, feature_maps_of
from shapeflow.reporting.view.doc_model import DocView
from shapeflow.reporting.view.docstrings import Docstrings
from shapeflow.reporting.view.letters import letters_at
from shapeflow.reporting.view.material import MOST_CALLS, SectionMaterial, call_links
from shapeflow.reporting.view.model import PartView, PortView, SectionView
from shapeflow.reporting.view.section_figures import figure_of_call, overviews, own_ops

MOST_PORTS = 16
MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Heading:
    """What one section is about: a stage with those in it, or a few that stand beside one another."""

    level: int
    stages: tuple[Stage, ...]
    parts: tuple[Stage, ...]

    @property
    def calls(self) -> list[int]:
        """All calls that it is about."""
        return [call for stage in self.stages for call in stage.calls]


def stage_sections(parts: SectionMaterial) -> list[SectionView]:
    """Return the sections of a trace that has no walkthrough, without figures."""
    docs = Docstrings(parts.trace, parts.claims.sources)
    return [_section(parts, heading, docs) for heading in _all_headings(parts.trace)]


def stage_figures(parts: SectionMaterial) -> list[Iterator[Graph]]:
    """Return what each of these sections may draw, the most detailed first."""
    ways = Ways(parts.tree)
    return [_figures(parts, heading, ways) for heading in _all_headings(parts.trace)]


def _all_headings(trace: Trace) -> Iterator[Heading]:
    return (heading for root in stage_tree(trace) for heading in _headings(trace, root))


def _figures(parts: SectionMaterial, heading: Heading, ways: Ways) -> Iterator[Graph]:
    """Return what a section may draw: for the model the whole path, for a part its inside."""
    if len(heading.stages) > 1:
        return iter(())
    if heading.stages[0].level:
        return figure_of_call(parts, heading.stages[0].calls[0], ways, _title(heading.stages))
    return (
        iter(()) if parts.trace.run.failure else overviews(parts)
    )  # a failed run has it on the first screen


def _headings(trace: Trace, root: Node) -> Iterator[Heading]:
    """Yield the model, then its children, simple ones together, with those in large ones."""
    yield Heading(1, (root.stage,), tuple(_telling(trace, root.parts)))
    inner = {node.stage.calls: node for node in root.nodes}
    for large, stages in groupby(_telling(trace, root.parts), key=lambda stage: stage.calls in inner):
        if large:
            for stage in stages:
                yield from _nested(trace, inner[stage.calls], 1)
        else:
            yield Heading(1, tuple(stages), ())


def _nested(trace: Trace, node: Node, level: int) -> Iterator[Heading]:
    yield Heading(level, (node.stage,), tuple(_telling(trace, node.parts)))
    for inner in node.nodes:
        if _tells(trace, inner.stage):
            yield from _nested(trace, inner, level + 1)


def _telling(trace: Trace, stages: Iterable[Stage]) -> list[Stage]:
    return [stage for stage in stages if _tells(trace, stage)]


def _tells(trace: Trace, stage: Stage) -> bool:
    """Return whether a stage is worth a word: a helper that gives no tensor only looks at something."""
    call = trace.calls[stage.calls[0]]
    return call.method == "forward" or call.raised or bool(ids_at(call.outputs))


def _section(parts: SectionMaterial, heading: Heading, docs: Docstrings) -> SectionView:
    trace, calls = parts.trace, heading.calls
    first, last = trace.calls[heading.stages[0].calls[0]], trace.calls[heading.stages[-1].calls[0]]
    takes = [port for port in told(first.inputs) if port.value is not None]
    gives = [port for port in told(last.outputs) if port.value is not None]
    links = call_links(parts, calls)
    whole = first.parent is None and not first.path and first.method == "forward"
    return SectionView(
        id=f"stage-{parts.names.call(first.id)}",
        title=parts.words("the-model") if whole else _title(heading.stages),
        level=heading.level,
        blocks=(),
        mark="bad" if any(stage.raised for stage in heading.stages) else "plain",
        counts={},
        calls=links[:MOST_CALLS],
        more_calls=max(0, len(links) - MOST_CALLS),
        attention=() if whole else attention_in(trace, own_ops(parts, calls), parts.names, parts.words),
        sheets=() if whole else feature_maps_of(trace, _outputs(trace, calls), parts.names, parts.unused),
        ports=(*_ports(parts, first.id, takes, gives=False), *_ports(parts, last.id, gives, gives=True)),
        docs=_docs(docs, heading),
        parts=tuple(_part(parts, stage) for stage in heading.parts),
    )


def _title(stages: Sequence[Stage]) -> str:
    """Return the heading as Markdown: ``layers.0-5`` and its class, or the names of several parts."""
    if len(stages) == 1:
        (stage,) = stages
        times = f" × {len(stage.calls)}" if len(stage.calls) > 1 else ""
        name = quoted(stage.name)
        return f"{name} · {_class(stage.class_name)}{times}"
    names = [quoted(stage.name) for stage in stages]
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 2], "…", names[-1]]
    return ", ".join(names)


def quoted(name: str) -> str:
    """Return a name as code in Markdown, whatever signs it has."""
    plain = " ".join(name.split())
    fence = "`" * (1 + max(map(len, re.findall("`+", plain)), default=0))
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def _class(name: str) -> str:
    return name if name.isidentifier() and "_" not in name else quoted(name)


def _docs(docs: Docstrings, heading: Heading) -> tuple[DocView, ...]:
    found = (docs.first_time(stage.class_name, stage.calls[0]) for stage in heading.stages)
    return tuple(doc for doc in found if doc is not None)


def _part(parts: SectionMaterial, stage: Stage) -> PartView:
    call = parts.trace.calls[stage.calls[0]]
    given = next((port for port in told(call.outputs) if port.value is not None), None)
    shape = () if given is None else parts.colours.shape(str(parts.trace.value_at(given)))
    return PartView(parts.names.call(call.id), stage.name, stage.class_name, len(stage.calls), shape)


def _ports(parts: SectionMaterial, call: int, ports: Sequence[Port], *, gives: bool) -> tuple[PortView, ...]:
    rows = []
    for port in ports[:MOST_PORTS]:
        assert port.value is not None
        known = letters_at(parts.trace, port.name) if call == 0 and not gives else None
        shape = parts.colours.shape(str(parts.trace.values[port.value]), known or None)
        selector = f"{parts.names.call(call)}:{port.name}"
        name = port.name if gives else parameter_name(port)
        rows.append(PortView(selector, name, gives, shape, port.value in parts.claims.unused))
    return tuple(rows)


def _outputs(trace: Trace, calls: Sequence[int]) -> list[int]:
    return [value for call in calls for value in ids_at(trace.calls[call].outputs)]
