"""The statements of another text as plain data: finished strings, the same for every renderer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StatementView:
    """One statement, with its verdict and where it is answered."""

    id: str
    line: str
    says: str
    status: str
    """The verdict as a stable word: ``holds``, ``contradicted``, ``layout differs`` …"""
    verdict: str
    """The verdict in the language of the report."""
    tone: str
    """``good``, ``said``, ``doubt`` or ``idle``; ``bad`` where the claim that answers it fails."""
    anchor: str
    """Id of the claim that answers it; empty if none does."""
    section: str
    """The section of that claim: its number, or its title."""
    reason: str
    """Why no claim answers it, or that the claim fails."""


@dataclass(frozen=True, slots=True)
class StatementPart:
    """A part of the text, with its statements or with parts of its own."""

    title: str
    lines: str
    """The lines that its statements stand in: ``122-146``."""
    counts: tuple[tuple[str, int], ...]
    """Statements by tone."""
    statements: tuple[StatementView, ...] = ()
    parts: tuple[StatementPart, ...] = ()

    @property
    def total(self) -> int:
        """Number of statements in it and in its parts."""
        return sum(number for _, number in self.counts)
