"""What a text states and a run confirms, as a walkthrough: from then on it is guarded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from shapeflow.model.trace import Trace
from shapeflow.notes.annotate import Annotation
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse

CONFIRMED = ("confirmed", "symbolic, consistent")


def as_walkthrough(trace: Trace, annotation: Annotation) -> tuple[str, int]:
    """Return a walkthrough with a section for each heading of a text, and how many claims it makes.

    Each confirmed shape is a claim on the place that was found for it: as its author wrote it where that
    holds, letters included, else as it is in the run. Confirmed counts, settings and flow are
    claims, too. What does not hold as a claim is left out.
    """
    marks = [mark for mark in annotation.marks if mark.verdict in CONFIRMED and mark.place and mark.found]
    own = _holding(trace, [f"{mark.place}  {mark.mention.pattern}" for mark in marks])
    plain = _holding(trace, [f"{mark.place}  {mark.found}" for mark in marks])
    claims = [
        f"{mark.place}  {mark.mention.pattern}"
        if as_written
        else f"{mark.place}  {mark.found}"
        if as_is
        else ""
        for mark, as_written, as_is in zip(marks, own, plain, strict=True)
    ]
    stated = [one for one in annotation.statements if one.verdict == "confirmed"]
    lines = [line for one in stated for line in one.statement.claims]
    held = iter(_holding(trace, lines))
    groups = [
        (mark.mention.frame.headings, mark.mention.span, claim)
        for mark, claim in zip(marks, claims, strict=True)
    ]
    groups += [
        (one.statement.headings, one.statement.span, line if next(held) else "")
        for one in stated
        for line in one.statement.claims
    ]
    groups.sort(key=lambda one: (one[1].cell or 0, one[1].line, one[1].column))
    front = f"---\nmodel: {trace.run.target}\n---\n" if trace.run.target else ""
    sections = list(_sections((headings, claim) for headings, _, claim in groups))
    title = annotation.note.path.rpartition("/")[2]
    text = f"{front}\n# What {title} says of the run\n\n" + "\n".join(sections)
    return text, sum(bool(claim) for _, _, claim in groups)


def _holding(trace: Trace, lines: list[str]) -> list[bool]:
    """Return of each claim whether it holds together with those before it that do."""
    kept = [True] * len(lines)
    while any(kept):
        document = parse(
            "\n".join(
                ["```shapes", *(line if keep else "" for line, keep in zip(lines, kept, strict=True)), "```"]
            )
        )
        bad = {
            verdict.claim.span.line - 2
            for verdict in check(trace, document, partial=True).verdicts
            if verdict.status != "holds"
        }
        if not bad:
            break
        kept = [keep and number not in bad for number, keep in enumerate(kept)]
    return kept


def _sections(claims: Iterable[tuple[tuple[str, ...], str]]) -> Iterator[str]:
    """Yield a section for each heading, each claim once in it."""
    groups: dict[tuple[str, ...], dict[str, None]] = {}
    for above, claim in claims:
        if claim:
            groups.setdefault(above, {})[claim] = None
    shown: tuple[str, ...] = ()
    used: Counter[str] = Counter()
    for headings, lines in groups.items():
        shown_now = []
        for level, heading in enumerate(headings):
            if headings[: level + 1] != shown[: level + 1]:
                used[heading] += 1  # a walkthrough has each heading once
                name = heading if used[heading] == 1 else f"{heading} ({used[heading]})"
                shown_now.append(f"{'#' * min(level + 2, 6)} {name}\n")
        shown = headings
        yield "\n".join([*shown_now, "```shapes", *lines, "```", ""])
