"""The report as Markdown, for a repository or a comment: sections fold, figures are Mermaid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from shapeflow.common.control_characters import visible
from shapeflow.common.units import format_count, format_percent
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.figure_model import Drawing
from shapeflow.reporting.view.link_model import LinkView
from shapeflow.reporting.view.model import ClaimView, ReportView, SectionView
from shapeflow.reporting.view.pictures_model import ValuePicture
from shapeflow.reporting.view.pieces import Piece
from shapeflow.reporting.view.statement_model import StatementPart

MARKS = {"good": "✅", "bad": "❌", "doubt": "❔", "said": "≠", "idle": "○", "plain": "·"}
SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&@])")
LONGEST_MERMAID = 30_000
"""Characters; Git hosts refuse to draw longer ones."""


def render(view: ReportView) -> str:
    """Return the report as Markdown."""
    words = Translator(view.language)
    separator = "；" if view.language == "zh" else "; "
    lines = [
        "<!-- made with shapeflow -->",
        f"# {text(view.title)}",
        "",
        *([_harmless(view.sentence), ""] if view.sentence else []),
        f"**{text(view.lead)}{words('colon')}{separator.join(text(count.text) for count in view.headline)}"
        f"{words('full-stop')}**",
        "",
    ]
    if view.failure:
        lines += _failure(view, words)
    lines += _causes(view, words)
    lines += table([words("model"), ""], [[fact.label, text(fact.text)] for fact in view.facts])
    lines += ["", *_folded(words("not-observed-title"), [f"- {text(line)}" for line in view.unobserved])]
    if view.overview:
        lines += _drawing(words("overview"), view.overview)
    for section in view.sections:
        lines += _section(section, words)
    lines += _pictures(view.pictures.rest, words)
    lines += _corrections(view, words)
    lines += _statements(view, words)
    lines += _map(view, words)
    lines += _numbers(view, words)
    return "\n".join(lines).rstrip() + "\n"


def text(words: str) -> str:
    """Return words with everything escaped that Markdown or HTML would interpret, on one line."""
    return (
        SPECIAL.sub(r"\\\1", visible(" ".join(words.split()))).replace("\\<", "&lt;").replace("\\>", "&gt;")
    )


def code(words: str) -> str:
    """Return words as inline code, with more backticks than they hold and pipes that end no table cell."""
    plain = visible(" ".join(words.split()))
    if not plain:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if plain[0] == "`" or plain[-1] == "`" else ""
    return f"{fence}{pad}{plain}{pad}{fence}".replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table; cells are Markdown already."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(cell or ' ' for cell in row)} |" for row in rows)]


def _joined(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _folded(title: str, lines: Sequence[str], *, opened: bool = False) -> list[str]:
    """Return lines in a part that folds."""
    if not lines:
        return []
    start = "<details open>" if opened else "<details>"
    return [f"{start}<summary>{escape(title)}</summary>", "", *lines, "", "</details>", ""]


def _drawing(title: str, drawing: Drawing) -> list[str]:
    if not drawing.mermaid or len(drawing.mermaid) > LONGEST_MERMAID:
        return []
    return _folded(title, ["```mermaid", drawing.mermaid.rstrip(), "```"])


def _section(section: SectionView, words: Translator) -> list[str]:
    lines = [""]
    if section.title:
        mark = f" {MARKS[section.mark]}" if section.counts else ""
        # The title is the author's own Markdown, as the prose is.
        lines += [f"{'#' * min(6, section.level + 1)} {_harmless(' '.join(section.title.split()))}{mark}", ""]
    for block in section.blocks:
        if block.claims:
            lines += [*_claims(block.claims, words), ""]
        else:
            lines += [_harmless(block.markdown.strip("\n")), ""]
    for doc in section.docs:
        lines += [text(f"{doc.class_name}: {doc.text}" if len(section.docs) > 1 else doc.text), ""]
    if section.ports:
        rows = [
            [
                words("gives") if port.gives else words("takes"),
                code(port.name),
                code(_joined(port.shape)) + (f" {words('unused')}" if port.unused else ""),
            ]
            for port in section.ports
        ]
        lines += [*table(["", "", words("shape")], rows), ""]
    if section.parts:
        rows = [
            [
                code(part.name),
                text(part.class_name),
                f"× {part.calls}" if part.calls > 1 else "",
                code(_joined(part.gives)),
            ]
            for part in section.parts
        ]
        lines += [*table([words("contains"), "", "", words("gives")], rows), ""]
    lines += _pictures(section.pictures, words)
    if section.drawing:
        lines += _drawing(words("figure"), section.drawing)
    return lines


def _pictures(pictures: Sequence[ValuePicture], words: Translator) -> list[str]:
    """Name the pictures that the page shows."""
    rows = [f"- {code(one.selector)}: {text(one.title)}. {text(one.how)}" for one in pictures]
    return _folded(words("pictures"), rows)


def _harmless(prose: str) -> str:
    """Return an author's Markdown with raw HTML made text, outside of code."""
    parts = re.split(
        r"(^```.*?^```[^\n]*$|^~~~.*?^~~~[^\n]*$|`[^`\n]*`)", prose, flags=re.MULTILINE | re.DOTALL
    )
    return "".join(part if index % 2 else part.replace("<", "&lt;") for index, part in enumerate(parts))


def _claims(claims: Sequence[ClaimView], words: Translator) -> list[str]:
    rows = [
        [
            f"{MARKS[claim.tone]} {claim.verdict}",
            code(_joined(claim.text)),
            code(_joined(claim.found)),
        ]
        for claim in claims
    ]
    lines = table([words("verdicts"), words("claim"), words("observed")], rows)
    for claim in claims:
        if not claim.passed:
            lines += ["", *_reasons(claim, words)]
    return lines


def _reasons(claim: ClaimView, words: Translator) -> list[str]:
    lines = [f"- {text(claim.what)}"] if claim.what else []
    lines += [f"- {words(key)}{words('colon')}{code(reason)}" for key, reason in claim.reasons]
    lines += [f"- {words('evidence')}{words('colon')}{code(entry.selector)}" for entry in claim.evidence]
    return _folded(f"{claim.place}: {claim.verdict}", lines, opened=True)


def _failure(view: ReportView, words: Translator) -> list[str]:
    failure = view.failure
    assert failure is not None
    lines = [f"> **{words('failure')}**{words('colon')}{code(failure.what)}", ">"]
    for key, link in (("call", failure.call), ("op", failure.op)):
        if link:
            lines.append(f"> - {words(key)}{words('colon')}{code(link.selector)} {text(link.note)}")
    lines += [f"> - {words('failed-inputs')}{words('colon')}{code(given)}" for given in failure.inputs]
    if failure.source:
        lines.append(f"> - {words('source')}{words('colon')}{code(failure.source.place)}")
    return [*lines, ""]


def _causes(view: ReportView, words: Translator) -> list[str]:
    lines: list[str] = []
    for cause in view.causes:
        lines += [f"> **{text(cause.what)}**", ">"]
        if cause.where:
            lines.append(f"> - {words('first-place')}{words('colon')}{code(cause.where)}")
        lines += [
            f"> - {words('observed' if key == 'found' else key)}{words('colon')}{code(reason)}"
            for key, reason in cause.reasons
        ]
        lines += [f"> - {words('n-follow', n=len(cause.claims))}", ""]
    return lines


def _corrections(view: ReportView, words: Translator) -> list[str]:
    if not view.topics:
        return []
    lines = [f"## {words('known-mistakes')}", ""]
    for topic in view.topics:
        rows = [
            [
                text(claim.title),
                code(_joined(claim.statement)),
                code(_joined(claim.found)) or text(claim.differs),
            ]
            for claim in topic.claims
        ]
        head = [words("where-said"), words("text-says"), words("model-does")]
        lines += _folded(f"{topic.sentence} ({words('n-places', n=topic.size)})", table(head, rows))
    return lines


def _statements(view: ReportView, words: Translator) -> list[str]:
    if not view.statements:
        return []
    lines = [f"## {words('statements')}", ""]
    for part in view.statements:
        lines += _statement_part(part, words)
    return lines


def _statement_part(part: StatementPart, words: Translator) -> list[str]:
    inside = [line for inner in part.parts for line in _statement_part(inner, words)]
    if part.statements:
        head = [words("where-said"), words("text-says"), words("verdicts"), words("claim")]
        rows = [
            [
                text(item.line),
                text(item.says),
                f"{MARKS[item.tone] if item.tone != 'doubt' else '≈'} {item.verdict}",
                text(f"{item.section} {item.reason}".strip()),
            ]
            for item in part.statements
        ]
        inside += table(head, rows)
    lines = f", {words('n-lines', lines=part.lines)}" if part.lines else ""
    return _folded(f"{part.title}{lines} ({part.total:,})", inside)


def _map(view: ReportView, words: Translator) -> list[str]:
    if view.map is None:
        return []
    model = view.map.model
    lines = [f"## {text(words('map', model=model))}", ""]
    head = [words("in-model", model=name) for name in (view.target, model)]
    for part in view.map.parts:
        rows = [
            [
                code(row.here) if row.here else words("no-such-place"),
                code(row.there) if row.there else words("no-such-place"),
                code(row.shapes) if row.shapes else "",
                text(row.note),
            ]
            for row in part.rows
        ]
        inside = table([*head, words("shape"), words("differs-how")], rows)
        lines += _folded(f"{part.title} ({len(part.rows):,})", inside)
    return lines


def _numbers(view: ReportView, words: Translator) -> list[str]:
    numbers = view.numbers
    rows = [
        [
            f"{'&emsp;' * row.level}{title} {text(row.note)}".strip(),
            format_count(row.parameters),
            format_count(row.multiply_adds),
            format_count(row.flops),
            format_percent(row.share),
        ]
        for row in numbers.rows
        for title in [_harmless(row.title) if row.section else code(row.title)]
    ]
    keys = ("part", "parameters", "multiply-adds", "flops", "share")
    lines = [f"## {words('numbers')}", "", *table([words(key) for key in keys], rows), ""]
    lines += [text(words("flops-note")), ""]
    if numbers.memory and numbers.memory.peak_at:
        peak = [numbers.memory.peak_text, code(numbers.memory.peak_at.text)]
        told = f"{words('peak')}{words('colon')}{words('comma-list').join(peak)}"
        lines += [f"{told}{words('semicolon')}{text(numbers.gradients)}", ""]
    if numbers.wasted_flops:
        share = format_percent(numbers.wasted_share)
        lines += [text(words("wasted-note", n=format_count(numbers.wasted_flops), share=share)), ""]
    lines += _listed(words("unused-outputs"), numbers.unused)
    return lines + _listed(words("uncovered"), view.uncovered)


def _listed(title: str, links: Sequence[LinkView]) -> list[str]:
    items = [f"- {code(link.text)} {text(link.note)}" for link in links]
    return _folded(f"{title} ({len(links):,})", items)
