"""The sections of a report without a walkthrough: one a stage."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shapeflow.graph.ways import Ways
from shapeflow.model.containers import ids_at, told
from shapeflow.model.costs import leaf_stages
from shapeflow.model.records import Call
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.diagrams import attention_in, feature_maps_of
from shapeflow.reporting.view.material import MOST_CALLS, SectionMaterial, call_links
from shapeflow.reporting.view.model import PortView, SectionView
from shapeflow.reporting.view.section_figures import drawn, figure_of_call, own_ops

MOST_PORTS = 16
MARKUP = re.compile(r"[\\`*$\[\]<~|]")
"""What Markdown would take for markup in a name."""


def stage_sections(parts: SectionMaterial) -> list[SectionView]:
    """Return a section for each stage of a trace that has no walkthrough."""
    views, figures = [], []
    ways = Ways(parts.tree)
    for stage in leaf_stages(parts.trace):
        calls, first = stage.calls, parts.trace.calls[stage.calls[0]]
        title = f"{stage.path} · {stage.class_name}" if stage.path != "." else stage.class_name
        view = SectionView(
            id=f"stage-{parts.names.call(first.id)}",
            title=heading(title),
            level=2,
            blocks=(),
            mark="bad" if stage.raised else "plain",
            counts={},
            calls=call_links(parts, calls)[:MOST_CALLS],
            more_calls=max(0, len(call_links(parts, calls)) - MOST_CALLS),
            attention=attention_in(parts.trace, own_ops(parts, calls), parts.names, parts.words),
            sheets=feature_maps_of(parts.trace, _outputs(parts.trace, calls), parts.names, parts.unused),
            ports=_ports(parts, first),
        )
        views.append(view)
        figures.append(figure_of_call(parts, first.id, ways, title))
    return drawn(parts, views, figures)


def heading(name: str) -> str:
    """Return a name for a heading, which is Markdown, so that it stays what it is."""
    return MARKUP.sub(r"\\\g<0>", name)


def _ports(parts: SectionMaterial, call: Call) -> tuple[PortView, ...]:
    ports = [(port, False) for port in told(call.inputs)] + [(port, True) for port in told(call.outputs)]
    rows = []
    for port, gives in ports:
        if port.value is not None:
            shape = parts.colours.shape(str(parts.trace.values[port.value]))
            selector = f"{parts.names.call(call.id)}:{port.name}"
            rows.append(PortView(selector, port.name, gives, shape, port.value in parts.claims.unused))
    return tuple(rows[:MOST_PORTS])


def _outputs(trace: Trace, calls: Sequence[int]) -> list[int]:
    return [value for call in calls for value in ids_at(trace.calls[call].outputs)]
