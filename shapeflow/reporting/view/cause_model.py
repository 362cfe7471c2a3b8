"""What claims that fail have in common, as plain data for a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClaimLink:
    """A claim that can be gone to."""

    anchor: str
    place: str
    """``sam3.en.md:120``."""


@dataclass(frozen=True, slots=True)
class CauseView:
    """What several claims that fail have in common."""

    what: str
    where: str
    """The first place in the run; empty if it is not known."""
    reasons: tuple[tuple[str, str], ...]
    """Key of a word, and text: what was expected, found and so on."""
    claims: tuple[ClaimLink, ...]
    """The claims, the nearest to the place first."""
