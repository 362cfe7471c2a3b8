"""What a page's script is told about a claim, to show when it is opened: one row a claim, in their order.

``templates/js/types.js`` says the same for the script.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shapeflow.reporting.view.model import ClaimView

BETWEEN = "\n"
"""Stands between the places of a row."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """What stands behind the line of a claim; the trace in the page says the rest of its places."""

    anchor: str
    """Id of its line."""
    place: str
    """Where it is written: ``sam3.en.md:120``."""
    said: str
    """For a restated mistake: where another text says so."""
    what: str
    """Why it does not hold; empty where it does."""
    expected: str
    because: str
    hint: str
    places: str
    """Selectors of what it rests on, one a line."""
    more: int
    """How many more places it rests on."""


def rows_of(claims: Iterable[ClaimView]) -> Iterator[ClaimRow]:
    """Yield the rows of claims; what does not hold has its reasons."""
    for claim in claims:
        open_ = claim.status != "holds"
        yield ClaimRow(
            anchor=claim.anchor,
            place=claim.place,
            said=claim.said,
            what=claim.what if open_ else "",
            expected=claim.expected if open_ else "",
            because=claim.because if open_ else "",
            hint=claim.hint if open_ else "",
            places=BETWEEN.join(entry.selector for entry in claim.evidence),
            more=claim.more_evidence,
        )
