"""What the trace says of one mention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapeflow.notes.mention import Mention

Verdict = Literal[
    "confirmed",
    "layout differs",
    "contradicted",
    "seen elsewhere",
    "not in this run",
    "symbolic, consistent",
    "cannot tell",
]
TRUE = frozenset({"confirmed", "symbolic, consistent"})
"""What is said of a shape that is so."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A mention with what the trace says of it."""

    mention: Mention
    verdict: Verdict
    place: str
    """Selector of the likeliest place; empty if there is none."""
    found: str
    """The shape there."""
    evidence: tuple[str, ...] = ()
    rivals: tuple[tuple[str, str, float], ...] = ()
    """Other places: selector, shape, share of the mass."""
    confidence: float = 0.0
