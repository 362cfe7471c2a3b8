"""``shapeflow check --update``: show, and write if asked, what puts documents right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shapeflow.commands.console import say
from shapeflow.common.printing import put
from shapeflow.common.text import counted, listing, runs_of

if TYPE_CHECKING:
    from shapeflow.walkthrough.update import Update
    from shapeflow.walkthrough.verdict import CheckResult


def update(results: Sequence[CheckResult], *, write: bool, allow_undecided: bool) -> int:
    """Show the changes as a diff, or write them; returns the exit code.

    What is only shown leaves the documents wrong, and the exit code says so; what is written counts as it
    then is.
    """
    from shapeflow.walkthrough.update import propose

    codes = [0]
    proposals = [propose(result) for result in results]
    for result, proposal in zip(results, proposals, strict=True):
        if proposal.lines and write:
            proposal.write()
        elif proposal.lines:
            put(proposal.diff())
        after = proposal.result if write else result
        codes.append(int(after.exit_code(allow_undecided=allow_undecided)))
        say(_sentence(result, proposal, write))
    return max(codes)


def _sentence(result: CheckResult, proposal: Update, write: bool) -> str:
    """Return in words what changes and what is left."""
    path = result.document.path
    if not result.failed:
        return f"{path}: nothing to put right"
    left = sorted({verdict.claim.span.line for verdict in proposal.result.failed})
    runs = [f"{first}" if first == last else f"{first}-{last}" for first, last in runs_of(left)]
    rest = f"; left for you: line {listing(runs, 12)}" if left else ""
    if not proposal.lines:
        return f"{path}: no size, dtype or number would put right what fails{rest}"
    mended = counted(len(result.failed) - len(proposal.result.failed), "claim")
    lines = counted(len(proposal.lines), "line")
    if write:
        return f"{path}: {lines} changed, {mended} put right{rest}"
    return f"{path}: {lines} would change and put {mended} right, with --write{rest}"
