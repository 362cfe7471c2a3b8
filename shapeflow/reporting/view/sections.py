"""The sections of a walkthrough with the trace laid in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shapeflow.coverage.units import KINDS
from shapeflow.graph.model import Graph
from shapeflow.graph.ways import Ways
from shapeflow.reporting.view.claims import calls_of
from shapeflow.reporting.view.diagrams import feature_maps_of
from shapeflow.reporting.view.material import MOST_CALLS, SectionMaterial, call_links
from shapeflow.reporting.view.model import BlockView, SectionView
from shapeflow.reporting.view.section_figures import figure_of_claims

if TYPE_CHECKING:
    from shapeflow.coverage.measure import Coverage
    from shapeflow.walkthrough.document import Section
    from shapeflow.walkthrough.verdict import CheckResult, Verdict


def walkthrough_sections(
    parts: SectionMaterial, result: CheckResult, coverage: Coverage
) -> list[SectionView]:
    """Return the document's sections with verdicts and links, without figures."""
    views = []
    guards = _guards(parts, coverage)
    for section, own in _verdicts(result):
        calls = calls_of(parts.trace, parts.names, _plain(own))
        view = _section(parts, section, own, calls)
        views.append(replace(view, title=_title(section, result), guards=guards.get(section.id, "")))
    return views


def walkthrough_figures(parts: SectionMaterial, result: CheckResult) -> list[Iterator[Graph]]:
    """Return what each of the document's sections may draw, the most detailed first."""
    ways = Ways(parts.tree)
    return [
        figure_of_claims(parts, _plain(own), ways, _title(section, result))
        for section, own in _verdicts(result)
    ]


def _verdicts(result: CheckResult) -> Iterator[tuple[Section, list[Verdict]]]:
    """Yield each section with the verdicts on its claims."""
    verdicts = {verdict.claim.id: verdict for verdict in result.verdicts}
    for section in result.document.sections:
        claims = (claim for block in section.blocks for claim in block.claims)
        yield section, [verdicts[claim] for claim in claims if claim in verdicts]


def _plain(own: Sequence[Verdict]) -> Sequence[Verdict]:
    """Return the verdicts on what a section says itself; on what others say where there is nothing else."""
    return [verdict for verdict in own if not verdict.claim.said] or own


def _title(section: Section, result: CheckResult) -> str:
    """Return the title of a section; none for that of the document, which the page has said."""
    same = section.level == 1 and section.title.strip() == result.document.title.strip()
    return "" if same else section.title


def _guards(parts: SectionMaterial, coverage: Coverage) -> dict[str, str]:
    """Return what the claims of each section constrain, by its id."""
    return {
        one.section.id: parts.words("comma").join(
            parts.words(f"n-{kind}", n=one.covers[kind]) for kind in KINDS if one.covers.get(kind)
        )
        for one in coverage.sections
    }


def _section(
    parts: SectionMaterial, section: Section, own: Sequence[Verdict], calls: Sequence[int]
) -> SectionView:
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
        sheets=feature_maps_of(parts.trace, values, parts.names, parts.unused),
    )


def _mark(counts: Mapping[str, int], own: Sequence[Verdict]) -> str:
    if not own:
        return "plain"
    return "bad" if counts.get("bad") else "doubt" if counts.get("doubt") else "good"
