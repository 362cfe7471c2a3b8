"""The result of a check as plain text: what failed in full, a line for each section, the sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shapeflow.common.text import counted, display_width, listing, printable
from shapeflow.walkthrough.document import Section
from shapeflow.walkthrough.finding import Status
from shapeflow.walkthrough.verdict import CheckResult, Verdict

WIDTH = 100
"""Columns that a section's line may take; at least one shape is always shown."""
_KINDS: dict[Status, str] = {"invalid": "with an error"}


def render(result: CheckResult) -> str:
    """Return the whole result as text for a terminal or a log."""
    return "\n\n".join([*result.told(), summary(result)])


def summary(result: CheckResult) -> str:
    """Return a line for each section that makes claims, with its verdicts and shapes; then the sentence."""
    by_section: dict[int, list[Verdict]] = {}
    for verdict in result.verdicts:
        by_section.setdefault(verdict.claim.section, []).append(verdict)
    rows = [
        _row(result.document.sections[number], verdicts, result.document.title)
        for number, verdicts in by_section.items()
    ]
    title_width = max(display_width(title) for title, _, _ in rows)
    counts_width = max(len(counts) for _, counts, _ in rows)
    lines = []
    for title, counts, shapes in rows:
        head = f"{_padded(title, title_width)}  {_padded(counts, counts_width)}"
        lines.append(f"{head}  {_fitting(shapes, WIDTH - display_width(head) - 2)}".rstrip())
    return "\n".join([*lines, "", sentence(result)])


def sentence(result: CheckResult) -> str:
    """Return the result in one sentence, or two if something fails."""
    failed = result.failed
    said = sum(
        1 for verdict in result.verdicts if verdict.claim.said and verdict.passed and not verdict.skipped
    )
    holds = len(result.verdicts) - len(failed) - len(result.skipped) - said
    parts = [counted(holds, "holds", "hold")]
    if said:
        parts.append(counted(said, "restated mistake is contradicted", "restated mistakes are contradicted"))
    parts += _skipped(result.skipped)
    total = counted(len(result.verdicts), "claim")
    if not failed:
        return f"{total}, all satisfied: {', '.join(parts)}"
    return f"{len(failed):,} of {total} failed: {_kinds(failed)}; of the others {', '.join(parts)}"


def _row(section: Section, verdicts: Sequence[Verdict], title: str) -> tuple[str, str, list[str]]:
    """Return the cells of a section's line: mark and title, verdicts, observed shapes."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    skipped = sum(1 for verdict in verdicts if verdict.skipped)
    parts = [f"{len(verdicts) - len(failed) - skipped} ok"]
    parts += [_kinds(failed)] if failed else []
    parts += _skipped([verdict for verdict in verdicts if verdict.skipped])
    shapes = dict.fromkeys(
        verdict.found for verdict in verdicts if verdict.claim.kind == "shape" and verdict.status == "holds"
    )
    seen = [shape for shape in shapes if "\n" not in shape]
    mark = "FAIL" if failed else "ok" if len(verdicts) > skipped else "-"
    return f"{mark:<4}  {printable(section.title or title)}", ", ".join(parts), seen


def _skipped(skipped: Sequence[Verdict]) -> list[str]:
    """Return what the claims that were not judged need."""
    elsewhere = sum(verdict.code == "run-missing" for verdict in skipped)
    real = len(skipped) - elsewhere
    parts = [counted(real, "needs a real run", "need a real run")] if real else []
    return parts + ([counted(elsewhere, "needs another run", "need another run")] if elsewhere else [])


def _fitting(shapes: list[str], width: int) -> str:
    """Return as many shapes as fit, one at least."""
    texts = [listing(shapes, limit) for limit in range(min(len(shapes), 12), 0, -1)]
    return next((text for text in texts if len(text) <= width), texts[-1] if texts else "")


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))


def _kinds(failed: Sequence[Verdict]) -> str:
    """Return ``2 contradicted, 1 undecided``."""
    counts = Counter(
        "no mistake after all" if verdict.status == "holds" else _KINDS.get(verdict.status, verdict.status)
        for verdict in failed
    )
    return ", ".join(f"{number:,} {kind}" for kind, number in counts.items())
