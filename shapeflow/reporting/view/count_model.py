"""What the first sentence of a report counts, with the address of what is counted."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN = {"good": "holds", "bad": "contradicted", "doubt": "undecided", "idle": "not-judged"}
"""Tone of some claims -> what an address calls them."""


@dataclass(frozen=True, slots=True)
class Count:
    """A part of the first sentence; ``filter`` is what a click on it shows."""

    text: str
    filter: str
    tone: str
    """``good``, ``bad``, ``doubt`` or ``plain``."""

    @property
    def address(self) -> str:
        """The link to what it counts, or nothing; ``filter.js`` reads what follows ``show=``."""
        if not self.filter:
            return ""
        return f"#show={SHOWN[self.filter]}" if self.filter in SHOWN else f"#{self.filter}"
