"""A coverage as plain text for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shapeflow.common.text import counted, display_width, printable
from shapeflow.coverage.measure import Coverage, Share
from shapeflow.coverage.mutation.mutate import Mutation
from shapeflow.coverage.proposals import Proposal
from shapeflow.coverage.units import KINDS

WIDTH = 60
"""Columns that the name of a section or module may take."""


def render(coverage: Coverage, proposals: Sequence[Proposal], *, levels: int) -> str:
    """Return a table by module, one by section, and the claims to paste."""
    kinds = [kind for kind in KINDS if kind in coverage.shares]
    parts = [
        table(
            ["module", *kinds],
            (
                [
                    "  " * module.level + module_name(module.path, module.modules),
                    *percents(module.shares, kinds),
                ]
                for module in coverage.modules(levels)
            ),
        ),
        table(
            ["section", "claims", *kinds],
            (
                [
                    printable(part.section.title or coverage.document.title or coverage.document.path),
                    str(part.claims),
                    *(f"{part.covers.get(kind, 0):,}" if part.covers.get(kind) else "" for kind in kinds),
                ]
                for part in coverage.sections
            ),
        ),
        table(
            ["what", "covered", "of", ""], ([*_cells(kind, share)] for kind, share in coverage.shares.items())
        ),
        proposed(proposals),
        sentence(coverage),
    ]
    return "\n\n".join(part for part in parts if part)


def sentence(coverage: Coverage) -> str:
    """Return the result in one sentence."""
    counted_claims = len({claim for claims in coverage.by.values() for claim in claims})
    claims = counted(len(coverage.document.claims), "claim")
    return f"{coverage.total:.1f} % covered: {counted_claims:,} of {claims} constrain something"


def proposed(proposals: Sequence[Proposal]) -> str:
    """Return the claims to paste, each with what it adds in a remark that can be pasted with it."""
    if not proposals:
        return ""
    lines = ["not covered, worst first; each line holds on this trace and can be pasted into a block:", ""]
    for proposal in proposals:
        lines += [f"  # {adds(proposal)}", *(f"  {line}" for line in proposal.lines)]
    return "\n".join(lines)


def adds(proposal: Proposal) -> str:
    """Return what a proposal adds, in words."""
    parts = [counted(number, kind[:-1], kind) for kind, number in proposal.covers.items()]
    more = f"; {counted(proposal.alike, 'place')} like it" if proposal.alike else ""
    return f"{', '.join(parts)}{more}"


def mutation(mutation: Mutation, *, most: int) -> str:
    """Return the share of changes that is noticed, by kind, and what goes unseen, the worst first."""
    rows = ([*_cells(kind, share)] for kind, share in mutation.kinds.items())
    survivors = mutation.survivors
    lines = [table(["a careless change", "caught", "of", ""], rows), ""]
    for survivor in survivors[:most]:
        more = f" ({survivor.times:,} such changes)" if survivor.times > 1 else ""
        lines.append(f"{printable(survivor.sentence)}{more}")
        if survivor.first.notice:
            lines.append(f"    {printable(survivor.first.notice)}")
    if len(survivors) > most:
        lines.append(f"and {counted(len(survivors) - most, 'more place', 'more places')} (--show N shows N)")
    share = mutation.score
    fewer = f", no more than these of {mutation.asked:,} can be made" if share.all < mutation.asked else ""
    lines += [
        "" if survivors else "nothing goes unseen",
        f"{share.covered:,} of {counted(share.all, 'change')} caught, {share.percent:.1f} % "
        f"(seed {mutation.seed}{fewer})",
    ]
    return "\n".join(lines)


def module_name(path: str, modules: int) -> str:
    """Return a module's path below its parent, with how many alike ones there are."""
    name = path.rpartition(".")[2] or "."
    return f"{printable(name)} x {modules}" if modules > 1 else printable(name)


def percents(shares: Mapping[str, Share], kinds: Iterable[str]) -> list[str]:
    """Return whole percentages, rounded down so that 100 means all; empty where there is nothing."""
    return [f"{int(shares[kind].percent)} %" if kind in shares else "" for kind in kinds]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows in columns, the first to the left and all others to the right."""
    every = [list(head), *(list(row) for row in rows)]
    for row in every:
        if display_width(row[0]) > WIDTH:
            row[0] = f"{row[0][: WIDTH - 1]}…"
    widths = [max(display_width(row[column]) for row in every) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - display_width(cell))
            if column == 0
            else " " * (width - display_width(cell)) + cell
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in every
    )


def _cells(name: str, share: Share) -> tuple[str, str, str, str]:
    return name, f"{share.covered:,}", f"{share.all:,}", f"{share.percent:.1f} %"
