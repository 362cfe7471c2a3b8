"""What the trace says of one statement: whether it holds, why, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from shapeflow.common.text import Span
from shapeflow.errors import Columns, Diagnosed, Diagnostic
from shapeflow.model.match import Match

Status = Literal["holds", "contradicted", "layout differs", "undecided", "not observed", "invalid"]

Some = TypeVar("Some", bound="Finding")


@dataclass(frozen=True, slots=True)
class Repair:
    """What would have to stand in some columns of a claim's line for the claim to fit the trace."""

    columns: Columns
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Ids of what a finding rests on, in the trace."""

    calls: tuple[int, ...] = ()
    ops: tuple[int, ...] = ()
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding(Diagnosed):
    """What the trace says of one statement."""

    status: Status
    diagnostic: Diagnostic = field(default_factory=Diagnostic)
    """Why it does not hold; what was expected and found also where it does."""
    evidence: Evidence = field(default_factory=Evidence)
    sizes: tuple[tuple[str, int], ...] = ()
    """The symbols of the statement with their sizes, in order of appearance."""
    place: Span | None = None
    """What is meant, where it is not in the claim's own line."""
    skipped: bool = False
    """True if only a real run can tell and this one was shapes-only: shown and counted, but not a failure."""
    missing: tuple[str, ...] = ()
    """Paths of the modules and methods that the statement names and that are not there, or did not run."""
    repairs: tuple[Repair, ...] = ()
    """The sizes, dtype or number found, where others are written: what the hint shows as a whole line."""

    def amended(self: Some, status: Status, **fields: Any) -> Some:
        """Return the same with another status, and with other texts in some fields of the diagnostic."""
        return replace(self, status=status, diagnostic=replace(self.diagnostic, **fields))


def evidence_of(matches: Sequence[Match]) -> Evidence:
    """Return the ids of what was looked at."""
    return Evidence(
        calls=_unique(match.call.id for match in matches if match.call),
        ops=_unique(match.op.id for match in matches if match.op),
        values=_unique(match.value.id for match in matches if match.value),
    )


def _unique(ids: Iterable[int]) -> tuple[int, ...]:
    """Return ids once each, in order."""
    return tuple(dict.fromkeys(ids))
