"""The poster of a run: what its stations are, and what goes between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from shapeflow.common.units import format_count
from shapeflow.model.call_tree import CallTree
from shapeflow.model.costs import total_flops, total_parameters
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.reporting.poster.chapters import Chapter, chapters_of
from shapeflow.reporting.poster.ends import add_inputs, add_outputs, add_unused
from shapeflow.reporting.poster.model import Marks, Poster, Ribbon, Station, Tensor
from shapeflow.reporting.poster.parts import Part, parts_of, repeats, shortened, unspoken
from shapeflow.reporting.poster.ribbons import Strand, strands_of
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.colours import Colours
from shapeflow.reporting.view.diagrams import layout_of_map

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import CheckResult

MOST = 12
"""Most parts, without inputs and outputs."""
LONGEST = 9
"""Most parts in a row."""
LEAST_SHARE = 0.01
"""A part that feeds nobody is shown if it does more than this share of the arithmetic."""
MOST_TENSORS = 3
"""Most tensors that a station is said to give."""
NUMBERING = re.compile(r"^\W*\d+(\.\d+)*[.):、]?\s+")
ARTICLE = re.compile(r"^(the|a|an)\s+", re.IGNORECASE)


def poster_of(
    trace: Trace,
    result: CheckResult | None,
    colours: Colours,
    words: Translator,
    *,
    most: int = MOST,
    longest: int = LONGEST,
) -> Poster:
    """Return the poster of a run.

    Args:
        trace: the run.
        result: verdicts of a walkthrough, whose sections are the stations; None: the model's children are.
        colours: the named sizes.
        words: of the language.
        most: most parts.
        longest: most parts in a row.
    """
    tree = trace.cached(CallTree)
    chapters = chapters_of(trace, result, most) if result is not None else []
    parts = [_as_part(tree, chapter) for chapter in chapters]
    if len(parts) < 2:
        chapters, parts = [], _own_parts(tree, most, longest)
    else:
        parts += unspoken(tree, parts, most - len(parts))
    strands = strands_of(tree, [part.ops for part in parts])
    ribbons = _ribbons(trace, strands.between)
    stations = [
        _station(trace, number, part, strands.between, colours, words) for number, part in enumerate(parts)
    ]
    if result is not None and chapters:
        for number, chapter in enumerate(chapters):
            address = f"#{chapter.section.id}"
            stations[number] = replace(stations[number], marks=_marks(chapter, result), address=address)
    add_inputs(trace, strands.inputs, parts, stations, ribbons, colours, words)
    add_outputs(trace, strands.outputs, stations, ribbons, colours)
    add_unused(trace, parts, stations, ribbons, colours, words)
    stations, ribbons = _linked(stations, ribbons)
    return Poster(
        title=_title(trace, result),
        subtitle=" · ".join(_subtitle(trace, result, words)),
        stations=tuple(stations),
        ribbons=tuple(ribbons),
        lanes=_lanes(stations, ribbons),
        foot=_foot(trace, words),
    )


def _as_part(tree: CallTree, chapter: Chapter) -> Part:
    times, blocks = repeats(tree, chapter.calls)
    return Part(_short(chapter.section.title), chapter.calls, chapter.ops, times, blocks)


def _short(title: str) -> str:
    """Return the title of a section without its number, its article and the marks of Markdown."""
    plain = NUMBERING.sub("", title.replace("`", "").replace("*", ""))
    short = ARTICLE.sub("", plain)
    return short if short == plain else short[:1].upper() + short[1:]


def _own_parts(tree: CallTree, most: int, longest: int) -> list[Part]:
    """Return the model's children as parts, without those that have nothing to do with the data."""
    parts = parts_of(tree, most)
    links = {(strand.source, strand.target) for strand in strands_of(tree, [p.ops for p in parts]).between}
    return shortened(tree, parts, links, longest, most)


def _ribbons(trace: Trace, strands: Iterable[Strand]) -> list[Ribbon]:
    """Return one ribbon for all that goes from one part to another: as wide as the largest tensor."""
    found: dict[tuple[int, int], Ribbon] = {}
    for strand in strands:
        size = prod(trace.values[strand.got].shape)
        ends = (strand.source, strand.target)
        if ends not in found or size > found[ends].elements:
            found[ends] = Ribbon(*ends, strand.given, strand.got, size)
    return list(found.values())


def _station(
    trace: Trace, number: int, part: Part, strands: Sequence[Strand], colours: Colours, words: Translator
) -> Station:
    tree = trace.cached(CallTree)
    total = total_flops(trace)
    flops = sum(trace.ops[op].flops for op in part.ops if trace.ops[op].parent is None)
    parameters = _parameters(tree, part.calls)
    details = list(part.details)
    if parameters:
        details.append(words("n-parameters-in", n=format_count(parameters)))
    names = trace.cached(ExactNames)
    return Station(
        id=number,
        kind="part",
        title=part.title,
        details=tuple(details),
        times=part.times,
        blocks=part.blocks if part.blocks not in part.title and not part.blocks.isdigit() else "",
        share=flops / total if total else 0.0,
        address=f"#at={names.call(part.calls[0])}" if part.calls else "",
        gives=tensors_of(trace, [strand.given for strand in strands if strand.source == number], colours),
        failed=any(trace.calls[call].raised for call in part.calls),
        first_op=min(part.ops, default=-1),
    )


def _parameters(tree: CallTree, calls: Sequence[int]) -> int:
    """Return the parameters of the modules that calls are, or of those that helper methods call."""
    paths: dict[str, None] = {}
    waiting = list(calls)
    while waiting:
        call = tree.trace.calls[waiting.pop()]
        if call.method == "forward":
            paths[call.path] = None
        else:
            waiting += tree.children[call.id]
    outer = [path for path in paths if not any(path.startswith(f"{other}.") for other in paths)]
    modules = (tree.trace.module_by_path.get(path) for path in outer)
    return sum(module.parameters for module in modules if module)


def tensors_of(trace: Trace, values: Iterable[int], colours: Colours) -> tuple[Tensor, ...]:
    """Return the tensors among ``values`` that read alike once, the largest first."""
    found: dict[str, int] = {}
    for value in sorted(set(values), key=lambda value: -prod(trace.values[value].shape)):
        found.setdefault(str(trace.values[value]), value)
    tensors = []
    for text, value in list(found.items())[:MOST_TENSORS]:
        layout = layout_of_map(trace, trace.values[value])
        tensors.append(Tensor(value, colours.shape(text), layout[:2] if layout else None))
    return tuple(tensors)


def _marks(chapter: Chapter, result: CheckResult) -> Marks:
    own = {claim for section in chapter.inner for block in section.blocks for claim in block.claims}
    counts: Counter[str] = Counter()
    for verdict in result.verdicts:
        if verdict.claim.id in own and not verdict.claim.said:
            held = verdict.passed and not verdict.skipped
            bad = not verdict.passed and verdict.status in ("contradicted", "layout differs", "invalid")
            counts["good" if held else "bad" if bad else "open"] += 1
    return Marks(counts["good"], counts["bad"], counts["open"])


def _linked(stations: Sequence[Station], ribbons: Sequence[Ribbon]) -> tuple[list[Station], list[Ribbon]]:
    """Return the stations whose data goes on, numbered anew; all if nothing flows.

    A part that does next to nothing and gives its data to nobody, such as what looks at a mask, is left out,
    and an input that nothing else reads with it.
    """
    kept = list(stations)
    while True:
        ids = {station.id for station in kept}
        own = [r for r in ribbons if r.source in ids and r.target in ids]
        gives = {ribbon.source for ribbon in own}
        gets = {ribbon.target for ribbon in own}
        fewer = [
            station
            for station in kept
            if station.id in gives
            or station.failed
            or (station.id in gets and (station.kind not in ("part", "input") or station.share > LEAST_SHARE))
        ]
        if len(fewer) == len(kept):
            break
        kept = fewer
    if not kept:
        kept, own = list(stations), []
    number = {station.id: at for at, station in enumerate(kept)}
    return (
        [replace(station, id=number[station.id]) for station in kept],
        [replace(r, source=number[r.source], target=number[r.target]) for r in own],
    )


def _lanes(stations: Sequence[Station], ribbons: Sequence[Ribbon]) -> dict[int, int]:
    """Return the one input that the data of a station comes from; -1 for a mixture."""
    reach: dict[int, set[int]] = {s.id: {s.id} if s.kind == "input" else set() for s in stations}
    for _ in stations:
        for ribbon in ribbons:
            reach[ribbon.target] |= reach[ribbon.source]
    return {number: next(iter(found)) if len(found) == 1 else -1 for number, found in reach.items()}


def _title(trace: Trace, result: CheckResult | None) -> str:
    root = trace.module_by_path.get("")
    own = root.class_name if root else trace.run.target
    return (result.document.title if result else "") or own or "shapeflow"


def _subtitle(trace: Trace, result: CheckResult | None, words: Translator) -> Iterable[str]:
    parameters, flops = total_parameters(trace), total_flops(trace)
    if parameters:
        yield words("n-parameters-in", n=format_count(parameters))
    if flops:
        yield words("n-flops-in", n=format_count(flops), adds=format_count(flops / 2))
    if result is not None:
        checked = [verdict for verdict in result.verdicts if not verdict.claim.said]
        held = sum(verdict.passed and not verdict.skipped for verdict in checked)
        yield words("n-lines-hold", n=held, all=len(checked))


def _foot(trace: Trace, words: Translator) -> str:
    """Return what ran, in a few words."""
    run = trace.run
    kind = words("poster-shapes-only") if run.shapes_only else run.device
    versions = [f"{name} {run.versions[name]}" for name in ("sam3", "torch") if name in run.versions]
    return " · ".join([words("poster-one-run"), kind, *versions[:1]])
