"""Draft a walkthrough of any model: sections and claims, each claim true of every run there is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from shapeflow.drafting.guards import add_guards
from shapeflow.drafting.page import Page, relative
from shapeflow.drafting.sections import DraftSection, Writer
from shapeflow.drafting.statements import Statement, Statements
from shapeflow.drafting.symbols import Symbols
from shapeflow.errors import InputError
from shapeflow.model.trace import Trace
from shapeflow.model.variation import Variation
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse

DEEPEST = 3
MOST_SECTIONS = 24
MOST_CLAIMS = 220
"""A draft goes as deep as it can with at most so much in it."""
NOTHING_VARIED = Variation()
NO_WAY_TO_RUN: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Draft:
    """A walkthrough that holds for every run, and what is not in it."""

    text: str
    claims: int
    sections: int
    false_elsewhere: tuple[str, ...]
    """Claims that another run contradicts, so that they were left out."""
    left_out: int
    """Ports of which nothing is said."""


def draft(
    trace: Trace,
    variation: Variation = NOTHING_VARIED,
    *,
    title: str = "",
    run: Mapping[str, Any] = NO_WAY_TO_RUN,
    depth: int | None = None,
) -> Draft:
    """Write a walkthrough of a model.

    Args:
        trace: the run to describe.
        variation: other runs of the same model, from which symbols are inferred; without, all are numbers.
        title: the heading; by default the class of the model.
        run: how to run the model again, for the front matter.
        depth: levels of modules that get a section; None: as many as are readable.
    """
    title = title or (trace.modules[0].class_name if trace.modules else trace.run.target)
    title = " ".join(title.split())
    symbols = Symbols(trace, variation)
    depths = [depth] if depth is not None else range(DEEPEST, 0, -1)
    for levels in depths:
        writer = Writer(trace, symbols, levels, variation.sentences)
        sections = writer.write()
        claims = sum(len(section.statements) for section in sections)
        if len(sections) <= MOST_SECTIONS and claims <= MOST_CLAIMS:
            break
    used = {name for section in sections for one in section.statements for name in one.dims}
    widths = {symbol: known for symbol, known in variation.widths.items() if symbol in used}
    _bind(sections, writer.statements, symbols.names, widths)
    add_guards(trace, symbols.traces, sections, writer.outline, writer.statements)
    sections = [section for section in sections if section.statements]
    page = Page(title, trace.run.target, run, _evidence(variation), sections, writer.statements.dtype, widths)
    dropped = _drop_what_fails(page, symbols.traces)
    written = sum(len(section.statements) for section in page.sections)
    text = page.text()
    half = next((sign for sign in text if "\ud800" <= sign <= "\udfff"), "")
    if half:
        raise _unwritable(half)
    return Draft(text, written, len(page.sections), tuple(dropped), writer.statements.left_out)


def _bind(
    sections: Sequence[DraftSection], statements: Statements, names: Sequence[str], known: Collection[str]
) -> None:
    """See to it that each symbol has a size before an expression needs it; those known have one."""
    bound = {"ceil", *known}
    missing: list[str] = []
    for section in sections:
        for statement in section.statements:
            bound.update(name for name in names if name in statement.dims)
            needed = [name for dim in statement.dims for name in re.findall(r"[A-Za-z]\w*", dim)]
            missing += [name for name in needed if name not in bound]
            bound.update(needed)
    for name in dict.fromkeys(missing):
        binder = statements.binder(name)
        if binder:
            sections[0].statements.insert(1, binder)


def _evidence(variation: Variation) -> list[str]:
    """Return the lines that explain the symbols."""
    if not variation.axes:
        return ["Drafted from one run: the sizes are those of that run."]
    lines = ["Sizes that depend on the input have a name:", ""]
    for axis in variation.axes:
        sizes = sorted({axis.size, *(run.sizes[axis.symbol] for run in variation.runs)})
        lines.append(f"- `{axis.symbol}`: {axis.what} (seen with {', '.join(map(str, sizes))})")
    return [*lines, "", "All other sizes were the same in every run. `_` stands for any size."]


def _drop_what_fails(page: Page, traces: Sequence[Trace]) -> list[str]:
    """Leave out the claims that are not true of every run; returns them."""
    dropped: list[str] = []
    while True:
        document = parse(page.text())
        results = [check(trace, document) for trace in traces]
        failed = {_words(verdict.claim.text) for result in results for verdict in result.failed}
        if not failed:
            return dropped
        before = sum(len(section.statements) for section in page.sections)
        for section in page.sections:
            section.statements = [one for one in section.statements if not failed & set(_forms(one, section))]
        if before == sum(len(section.statements) for section in page.sections):
            raise _unwritable(min(failed, key=len))
        page.sections = [section for section in page.sections if section.statements]
        dropped += sorted(failed)


def _forms(statement: Statement, section: DraftSection) -> Iterator[str]:
    """Yield how a claim may be written in its section."""
    yield _words(statement.text)
    inside = relative(statement, section.part.selector)
    if inside is not None:
        yield _words(inside.text)


def _unwritable(name: str) -> InputError:
    """Return the error for a name that stands in no claim: one with a line break, or a very long one."""
    return InputError(
        "draft-names",
        "some names of this model cannot be written as claims",
        where="argument TRACE",
        found=name[:80],
        hint="shapeflow show lists everything that was recorded",
    )


def _words(text: str) -> str:
    """Return a claim without the blanks that only align it."""
    return " ".join(text.split())
