"""Build the view of a report from a trace and, where there is one, the check of a walkthrough."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeflow.common.places import display_target
from shapeflow.coverage.measure import coverage_of
from shapeflow.model.call_tree import CallTree
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.reporting.poster.build import poster_of
from shapeflow.reporting.run_facts import model_name
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.cause_model import CauseView, ClaimLink
from shapeflow.reporting.view.claims import ClaimViews
from shapeflow.reporting.view.colours import Colours, symbols_of
from shapeflow.reporting.view.cost_rows import section_rows
from shapeflow.reporting.view.counterparts import mapped
from shapeflow.reporting.view.explorer import with_walkthrough
from shapeflow.reporting.view.figure_model import Drawing
from shapeflow.reporting.view.link_model import LinkView
from shapeflow.reporting.view.material import SectionMaterial
from shapeflow.reporting.view.model import ClaimView, FailureView, ReportView, SectionView
from shapeflow.reporting.view.numbers import numbers_of
from shapeflow.reporting.view.pictures import lay_pictures
from shapeflow.reporting.view.run_tables import RunTables, run_tables
from shapeflow.reporting.view.section_figures import drawings_of, drawn, with_attention
from shapeflow.reporting.view.section_homes import SectionHomes, homes_of
from shapeflow.reporting.view.sections import walkthrough_figures, walkthrough_sections
from shapeflow.reporting.view.sources import Sources
from shapeflow.reporting.view.stage_sections import stage_figures, stage_sections
from shapeflow.reporting.view.statements import statement_parts
from shapeflow.reporting.view.summary import (
    facts_of,
    headline_of,
    lead_of,
    picture_of,
    sentence_of,
    unobserved_of,
)
from shapeflow.reporting.view.topics import topics_of

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import CheckResult


def build(
    trace: Trace,
    result: CheckResult | None = None,
    *,
    language: str = "en",
    folders: Iterable[str] | None = None,
    copy: bool = False,
    tables: Callable[[], RunTables] | None = None,
    meanwhile: Callable[[ReportView], object] | None = None,
) -> ReportView:
    """Return the view of a report.

    Args:
        trace: the run.
        result: the walkthrough's verdicts on it; None: the report has a section a stage.
        language: of the interface words, ``en`` or ``zh``.
        folders: where the model's source is looked for; None: where Python imports from.
        copy: let a copy of this process draw the figures meanwhile; only where the process is ours.
        tables: waits for what ``run_tables`` gives, where that was begun before.
        meanwhile: is called with the view without figures, while these are drawn.

    Raises:
        InputError: a table that the walkthrough names cannot be read.
        WalkthroughError: the table is not one, or a row of it cannot be used.
    """
    result = result.about(trace) if result else None
    parts = _material(trace, result, Translator(language), folders)
    drawings = _drawings(parts, result, copy)
    run = tables() if tables else run_tables(trace, language, folders)
    parts.claims.sources.views.update(run.sources)
    view = _without_figures(parts, result, run.tables)
    if meanwhile:
        meanwhile(view)
    *own, overview = drawings()
    return replace(view, overview=overview, sections=tuple(drawn(view.sections, own)))


def _without_figures(
    parts: SectionMaterial, result: CheckResult | None, tables: Mapping[str, Any]
) -> ReportView:
    """Return all of the view but its figures."""
    trace, names, words, claims = parts.trace, parts.names, parts.words, parts.claims
    views, covered, homes = _sections(parts, result)
    sections, picture, pictures = lay_pictures(parts, views, result, picture_of(trace))
    rows = section_rows(trace, homes, sections, words) if homes else None
    numbers = numbers_of(trace, names, words, rows)
    other, partners = mapped(trace, names, result.document if result else None, words.language)
    uncovered = _uncovered(trace, parts.tree, names, result)
    return ReportView(
        title=(result.document.title if result else "") or model_name(trace) or "shapeflow",
        language=words.language,
        target=display_target(trace.run.target),
        walkthrough=Path(result.document.path).name if result else "",
        sentence=sentence_of(result),
        lead=lead_of(trace, result, words),
        headline=tuple(headline_of(trace, result, numbers, uncovered, words)),
        facts=tuple(facts_of(trace, result, numbers, words)),
        unobserved=tuple(unobserved_of(trace, words)),
        failure=_failure(trace, claims, claims.sources),
        causes=tuple(_causes(result, sections, words)) if result else (),
        picture=picture,
        symbols=parts.colours.symbols,
        pictures=pictures,
        poster=poster_of(trace, result, parts.colours, words),
        overview=None,
        sections=tuple(sections),
        corrections=tuple(_corrections(sections)),
        topics=topics_of(result, claims.made, parts.colours.symbols, words) if result else (),
        statements=statement_parts(result.document, claims.made, words) if result else (),
        map=other,
        uncovered=tuple(uncovered),
        numbers=numbers,
        explorer=with_walkthrough(tables, len(trace.calls), covered, partners),
    )


def _material(
    trace: Trace, result: CheckResult | None, words: Translator, folders: Iterable[str] | None
) -> SectionMaterial:
    names = trace.cached(ExactNames)
    colours = Colours(symbols_of(trace, result, words))
    claims = ClaimViews(trace, names, Sources(trace, folders), colours, words)
    return SectionMaterial(trace, trace.cached(CallTree), names, colours, words, claims)


def _drawings(parts: SectionMaterial, result: CheckResult | None, copy: bool) -> Callable[[], list[Drawing]]:
    """Start to draw the figures, and return what waits for them: that of each section, and of the whole."""
    figures = walkthrough_figures(parts, result) if result else stage_figures(parts)
    return drawings_of(parts, figures, copy=copy)


def _sections(
    parts: SectionMaterial, result: CheckResult | None
) -> tuple[list[SectionView], Mapping[int, float], SectionHomes | None]:
    """Return the sections without drawings, how much of each call claims constrain, and what belongs where.

    Levels begin at 1 whatever the document's do.
    """
    coverage = coverage_of(result) if result else None
    views = walkthrough_sections(parts, result, coverage) if result and coverage else stage_sections(parts)
    above = min((view.level for view in views if view.title), default=1) - 1
    levelled = [replace(view, level=max(view.level - above, 0)) for view in views]
    if result is None or coverage is None:
        return levelled, {}, None
    homes = homes_of(parts.trace, result, levelled, parts.names)
    return with_attention(parts, levelled, homes), coverage.calls, homes


def _corrections(sections: Sequence[SectionView]) -> list[ClaimView]:
    return [claim for section in sections for block in section.blocks for claim in block.claims if claim.said]


def _causes(result: CheckResult, sections: Sequence[SectionView], words: Translator) -> Iterator[CauseView]:
    """Yield what the claims that fail have in common, with links to them."""
    views = [claim for section in sections for block in section.blocks for claim in block.claims]
    for cause in result.causes:
        numbers = sorted(cause.claims, key=lambda number: number != cause.first)
        claims = [views[number] for number in numbers]
        yield CauseView(
            what=words.sentence(cause.what),
            where=words.sentence(cause.where),
            reasons=tuple((key, words.sentence(text)) for key, text in cause.diagnostic.reasons()),
            claims=tuple(ClaimLink(claim.anchor, claim.place) for claim in claims),
        )


def _uncovered(trace: Trace, tree: CallTree, names: ExactNames, result: CheckResult | None) -> list[LinkView]:
    """Return the outermost calls that no claim speaks of, nor of anything in them or around them."""
    if result is None:
        return []
    spoken: set[int] = set()
    for verdict in result.verdicts:
        spoken.update(verdict.evidence.calls)
        spoken.update(call for op in verdict.evidence.ops if (call := trace.ops[op].call) is not None)
        for value in verdict.evidence.values:
            home = names.homes.get(value)
            if home is not None and home[0] == "call":
                spoken.add(home[1])
    holders = {up for call in spoken for up in tree.ancestors(call)}
    found: list[LinkView] = []

    def visit(calls: Sequence[int]) -> None:
        for call in calls:
            if call in spoken:
                continue
            if call in holders:
                visit(tree.children[call])
            else:
                record = trace.calls[call]
                found.append(LinkView(names.call(call), names.call(call), record.class_name))

    visit(tree.roots)
    return found


def _failure(trace: Trace, claims: ClaimViews, sources: Sources) -> FailureView | None:
    failure = trace.run.failure
    if failure is None:
        return None
    op = trace.ops[failure.op] if failure.op is not None else None
    inputs: list[str] = []
    if op is not None:
        for port in op.inputs:
            inputs.append(f"{port.alias or port.name} = {trace.content(port)}")
    call = None
    if failure.call is not None:
        record = trace.calls[failure.call]
        call = LinkView(claims.names.call(failure.call), claims.names.call(failure.call), record.class_name)
    return FailureView(
        what=f"{failure.type}: {failure.message}" if failure.message else failure.type,
        call=call,
        op=claims.op_link(op) if op is not None else None,
        inputs=tuple(inputs),
        source=sources.view(failure.source),
        traceback=failure.traceback,
    )
