"""A statement that is no shape, as the claims that say the same, and what the trace says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapeflow.notes.mention import Span

StatementKind = Literal["count", "attribute", "flow"]
StatementVerdict = Literal["confirmed", "contradicted"]
Failing = Literal["contradicts", "says nothing", "contradicts if direct"]
"""What a claim that fails means; if direct: only where the very same tensor is passed on."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a text, read without doubt."""

    span: Span
    text: str
    """As written, without the addresses of links."""
    kind: StatementKind
    claims: tuple[str, ...]
    """Lines of a walkthrough that say the same of each thing that is meant; at least one."""
    place: str
    """Path of the module that is meant, of several the first."""
    failing: Failing = "contradicts"
    """What it means if one of the claims does not hold."""
    headings: tuple[str, ...] = ()
    """Those that it stands below."""
    value: tuple[int, int] | None = None
    """First and last+1 column of the number or word in it that may be wrong, if it can be replaced."""


@dataclass(frozen=True, slots=True)
class StatementMark:
    """A statement with what the trace says of it; what is in doubt has no mark."""

    statement: Statement
    verdict: StatementVerdict
    found: str
    """What the run has instead, or too: ``6``."""
    claim: str
    """The claim that was judged."""
