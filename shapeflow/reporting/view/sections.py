"""The sections of a walkthrough with the trace laid in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shapeflow.coverage.units import KINDS
from shapeflow.graph.ways import Ways
from shapeflow.reporting.view.claims import calls_of
from shapeflow.reporting.view.diagrams import feature_maps_of
from shapeflow.reporting.view.material import MOST_CALLS, SectionMaterial, call_links
from shapeflow.reporting.view.model import BlockView, SectionView
from shapeflow.reporting.view.section_figures import attention_of, drawn, figure_of_claims

if TYPE_CHECKING:
    from shapeflow.walkthrough.document import Section
    from shapeflow.walkthrough.verdict import CheckResult, Verdict


def walkthrough_sections(parts: SectionMaterial, result: CheckResult) -> list[SectionView]:
    """Return the document's sections with verdicts, figures and links."""
    verdicts = {verdict.claim.id: verdict for verdict in result.verdicts}
    views, figures = [], []
    ways = Ways(parts.tree)
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
        figures.append(figure_of_claims(parts, plain or own, ways, view.title))
    return drawn(parts, views, figures)


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
            blocks.append(BlockView(block.text, tuple(claims), block.module))
    counts = Counter(claim.tone for block in blocks for claim in block.claims)
    counts["said"] = sum(1 for verdict in own if verdict.claim.said)
    values = [value for verdict in own if verdict.claim.kind != "flow" for value in verdict.evidence.values]
    links = call_links(parts, calls)
    return SectionView(
        id=section.id or "start",
        title=section.title,
        level=section.level,
        blocks=tuple(blocks),
        mark=_mark(counts, own),
        counts={name: number for name, number in counts.items() if number},
        calls=links[:MOST_CALLS],
        more_calls=max(0, len(links) - MOST_CALLS),
        attention=attention_of(parts, calls, shown),
        sheets=feature_maps_of(parts.trace, values, parts.names, parts.unused),
    )


def _mark(counts: Mapping[str, int], own: Sequence[Verdict]) -> str:
    if not own:
        return "plain"
    return "bad" if counts.get("bad") else "doubt" if counts.get("doubt") else "good"
