"""The report as text for a terminal: what holds, what differs and why, what it costs."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence

from shapeflow.common.control_characters import printed, visible_line
from shapeflow.common.units import format_count, format_percent
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.model import ClaimView, ReportView, SectionView
from shapeflow.reporting.view.pieces import Piece

MARKS = {"good": "✓", "bad": "✗", "doubt": "?", "said": "≠", "idle": "○", "plain": " "}
STYLES = {
    "good": "green",
    "bad": "bold red",
    "doubt": "yellow",
    "said": "magenta",
    "idle": "dim",
    "plain": "dim",
}
FAINT = "dim"
WIDTH = 80
INDENT = "    "

Line = tuple[str, str]
"""A style of rich and the text of one line."""


def render(view: ReportView) -> str:
    """Return the report as plain text in which nothing is cut off."""
    return "".join(f"{visible_line(text)}\n" for _, text in _lines(view, WIDTH))


def coloured(view: ReportView, colour: bool) -> str:
    """Return the report for the terminal at hand, in colour if wanted."""
    from rich.console import Console
    from rich.text import Text

    width = max(40, Console().width)
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, force_terminal=colour, no_color=not colour, highlight=False)
    for style, text in _lines(view, width):
        console.print(Text(printed(visible_line(text)), style=style), soft_wrap=True)
    return buffer.getvalue()


def _lines(view: ReportView, width: int) -> Iterator[Line]:
    words = Translator(view.language)
    yield "bold", view.title
    separator = "；" if view.language == "zh" else "; "
    counts = separator.join(count.text for count in view.headline)
    yield from _wrapped(f"{view.lead}{words('colon')}{counts}{words('full-stop')}", width, "")
    yield "", ""
    if view.failure:
        yield "bold red", f"{words('failure')}{words('colon')}{view.failure.what}"
        for link in (view.failure.call, view.failure.op):
            if link:
                yield "", f"{INDENT}{link.selector}  {link.note}".rstrip()
        for given in view.failure.inputs:
            yield "", f"{INDENT}{given}"
        yield "", ""
    for cause in view.causes:
        yield "bold red", cause.what
        if cause.where:
            yield "", f"{INDENT}{words('first-place')}{words('colon')}{cause.where}"
        for key, reason in cause.reasons:
            for part in reason.splitlines():
                yield "", f"{INDENT}{words('observed' if key == 'found' else key)}{words('colon')}{part}"
        yield "", f"{INDENT}{words('n-follow', n=len(cause.claims))}"
        yield "", ""
    label = max((len(fact.label) for fact in view.facts), default=0)
    for fact in view.facts:
        yield from _wrapped(fact.text, width, f"{fact.label:<{label}}  ", "dim")
    yield "", ""
    for sentence in view.unobserved:
        yield from _wrapped(sentence, width, "- ", "dim")
    yield "", ""
    for section in view.sections:
        yield from _section(section, words, width)
    yield from _numbers(view, words, width)


def _section(section: SectionView, words: Translator, width: int) -> Iterator[Line]:
    if section.title:
        count = f"  {section.claim_count}" if section.claim_count else ""
        indent = "  " * max(0, section.level - 1)
        yield (
            f"bold {STYLES.get(section.mark, FAINT)}" if section.counts else "bold",
            (f"{indent}{MARKS[section.mark]} {section.title}{count}"),
        )
    for block in section.blocks:
        for claim in block.claims:
            yield from _claim(claim, words, width)
    for doc in section.docs:
        said = f"{doc.class_name}: {doc.text}" if len(section.docs) > 1 else doc.text
        yield from _wrapped(said, width, INDENT, "dim")
    for port in section.ports:
        arrow = "→" if port.gives else "←"
        note = f"  {words('unused')}" if port.unused else ""
        yield "", f"{INDENT}{arrow} {port.name}  {_joined(port.shape)}{note}"
    for picture in section.pictures:
        yield "dim", f"{INDENT}▦ {picture.selector}  {picture.title}"


def _claim(claim: ClaimView, words: Translator, width: int) -> Iterator[Line]:
    text, found = _joined(claim.text), _joined(claim.found)
    line = f"{INDENT}{MARKS[claim.tone]} {text}"
    together = f"{line}  {found}" if found else line
    if len(together) <= width or not found:
        yield STYLES.get(claim.tone, FAINT) if not claim.passed else "", together
    else:
        yield STYLES.get(claim.tone, FAINT) if not claim.passed else "", line
        yield "dim", f"{INDENT}    {found}"
    if claim.passed:
        return
    yield STYLES.get(claim.tone, FAINT), f"{INDENT}    {claim.verdict}: {claim.what}"
    for key, reason in claim.reasons:
        for number, part in enumerate(reason.splitlines()):
            yield "", f"{INDENT}    {words(key) + ':' if not number else '':<10} {part}"


def _numbers(view: ReportView, words: Translator, width: int) -> Iterator[Line]:
    numbers = view.numbers
    yield "", ""
    yield "bold", words("numbers")
    head = tuple(words(key) for key in ("part", "parameters", "multiply-adds", "flops", "share"))
    rows = [
        (
            f"{'  ' * row.level}{row.title}{f' × {row.calls}' if row.calls > 1 else ''}",
            format_count(row.parameters),
            format_count(row.multiply_adds),
            format_count(row.flops),
            format_percent(row.share),
        )
        for row in numbers.rows
    ]
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    for number, row in enumerate([head, *rows]):
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        yield "dim" if number == 0 else "", f"  {'  '.join(cells)}".rstrip()
    yield from _wrapped(words("flops-note"), width, "  ", "dim")
    if numbers.memory and numbers.memory.peak_at:
        peak = [numbers.memory.peak_text, numbers.memory.peak_at.text]
        yield "", f"  {words('peak')}{words('colon')}{words('comma-list').join(peak)}"
        yield "", f"  {numbers.gradients}"
    for title, links in ((words("unused-outputs"), numbers.unused), (words("uncovered"), view.uncovered)):
        if links:
            yield "", ""
            yield "bold", title
            for link in links:
                yield "", f"  {link.text}  {link.note}"


def _wrapped(text: str, width: int, head: str, style: str = "") -> Iterator[Line]:
    for line in textwrap.wrap(text, width, initial_indent=head, subsequent_indent=" " * len(head)) or [head]:
        yield style, line


def _joined(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)
