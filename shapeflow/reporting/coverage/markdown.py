"""A coverage as Markdown, for a summary of a job or a comment."""

from __future__ import annotations

from collections.abc import Sequence

from shapeflow.coverage.measure import Coverage
from shapeflow.coverage.mutation.mutate import Mutation
from shapeflow.coverage.proposals import Proposal
from shapeflow.coverage.units import KINDS
from shapeflow.reporting.coverage.text import adds, percents, sentence
from shapeflow.reporting.formats.markdown import code, table, text


def render(coverage: Coverage, proposals: Sequence[Proposal], *, levels: int) -> str:
    """Return tables by kind, module and section, and the claims to paste."""
    kinds = [kind for kind in KINDS if kind in coverage.shares]
    whole = [
        [kind, f"{share.covered:,}", f"{share.all:,}", f"{share.percent:.1f} %"]
        for kind, share in coverage.shares.items()
    ]
    modules = [
        [code(module.path or "."), str(module.modules), *percents(module.shares, kinds)]
        for module in coverage.modules(levels)
    ]
    sections = [
        [
            text(part.section.title or coverage.document.title),
            str(part.claims),
            *(f"{part.covers.get(kind, 0):,}" for kind in kinds),
        ]
        for part in coverage.sections
    ]
    lines = [
        f"**{text(sentence(coverage))}**",
        "",
        *table(["", "covered", "of", ""], whole),
        "",
        *_folded("By module", table(["module", "modules", *kinds], modules)),
        *_folded("By section", table(["section", "claims", *kinds], sections)),
    ]
    if proposals:
        pasted = [line for one in proposals for line in (f"# {adds(one)}", *one.lines)]
        lines += ["Not covered, worst first:", "", "```shapes", *pasted, "```", ""]
    return "\n".join(lines)


def mutation(mutation: Mutation, *, most: int) -> str:
    """Return the share of changes that is caught, by kind, and what goes unseen."""
    share = mutation.score
    rows = [
        [kind, f"{one.covered:,}", f"{one.all:,}", f"{one.percent:.1f} %"]
        for kind, one in mutation.kinds.items()
    ]
    lines = [
        f"**{share.covered:,} of {share.all:,} careless changes caught, {share.percent:.1f} %**",
        "",
        *table(["a careless change", "caught", "of", ""], rows),
        "",
    ]
    for survivor in mutation.survivors[:most]:
        notice = survivor.first.notice
        lines.append(f"- {_sentence(survivor.sentence)}{f'. This would: {code(notice)}' if notice else ''}")
    return "\n".join([*lines, ""])


def _sentence(sentence: str) -> str:
    """Return a sentence whose parts in backticks are code."""
    parts = [part.strip() for part in sentence.split("`")]
    words = [code(part) if number % 2 else text(part) for number, part in enumerate(parts)]
    return " ".join(word for word in words if word).replace(" , ", ", ").replace(" : ", ": ")


def _folded(title: str, lines: Sequence[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""]
