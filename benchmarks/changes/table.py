"""The outcomes as a table, and what went unseen, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.changes.edits import SAME, Change
from benchmarks.changes.trial import Evidence, Outcome
from benchmarks.document import table, versions

_SHOWS: dict[Evidence, str] = {
    "numbers": "the results are others",
    "boxes": "the results with boxes are others",
    "training": "training is another",
    "refused": "the small model does not run",
    "graph": "only the ops are others",
    "attributes": "only attributes are others",
    "": "nothing is another",
}


def text(changes: Sequence[Change], outcomes: Iterable[Outcome], listed: int | None = None) -> str:
    """Return the figures, the table by kind, the survivors and the false alarms.

    Args:
        changes: those that were tried.
        outcomes: what came of them.
        listed: how many there are, if not all were tried.
    """
    by_name = {change.name: change for change in changes}
    found = list(outcomes)
    real = [outcome for outcome in found if outcome.kind != SAME]
    quiet = [outcome for outcome in found if outcome.kind == SAME]
    raised = sum(outcome.caught for outcome in quiet)
    caught = [outcome for outcome in real if outcome.caught]
    rows = []
    for kind in dict.fromkeys(change.kind for change in changes if not change.same):
        of_kind = [outcome for outcome in real if outcome.kind == kind]
        rows.append([kind, len(of_kind), *_counts(of_kind)])
    rows.append(["**all**", len(real), *_counts(real)])
    sample = f" (with the others {len(found)} of the {listed} in the list)" if listed else ""
    parts = [
        f"{len(real)} changes to SAM3's source{sample}: "
        f"**{_share(len(caught), len(real))} are caught** shapes-only, "
        f"{_share(sum(outcome.named for outcome in caught), len(caught))} of these with the place in the "
        f"first three lines of the message. Of {len(quiet)} that change nothing "
        f"**{raised} {'is a false alarm' if raised == 1 else 'are false alarms'}**. "
        f"{versions('torch', 'sam3')}.",
        table(["kind", "changes", "caught", "of these: refused by the run", "place named", "unseen"], rows),
    ]
    survivors = sorted(
        (outcome for outcome in real if not outcome.caught),
        key=lambda outcome: (list(_SHOWS).index(outcome.evidence), -outcome.apart, outcome.name),
    )
    if survivors:
        parts.append("Unseen, worst first:")
        parts.append("\n".join(f"- {_sentence(by_name[item.name], item)}" for item in survivors))
    alarms = [outcome for outcome in quiet if outcome.caught]
    if alarms:
        parts.append("False alarms:")
        parts.append("\n".join(f"- {_sentence(by_name[item.name], item)}" for item in alarms))
    return "\n\n".join(parts)


def _counts(outcomes: Sequence[Outcome]) -> list[int]:
    caught = [outcome for outcome in outcomes if outcome.caught]
    refused = sum(outcome.seen.refused for outcome in caught)
    return [len(caught), refused, sum(outcome.named for outcome in caught), len(outcomes) - len(caught)]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%} ({part} of {whole})" if whole else "none"


def _sentence(change: Change, outcome: Outcome) -> str:
    shows = _SHOWS[outcome.evidence]
    first = f"; fails: `{outcome.seen.failed[0]}`" if outcome.seen.failed else ""
    return f"`{change.name}` {change.what} ({change.function}): {shows}{first}"
