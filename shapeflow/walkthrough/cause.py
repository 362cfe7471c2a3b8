"""What several claims that fail have in common: told once, with the place in the run where it starts."""

from __future__ import annotations

from dataclasses import dataclass, field

from shapeflow.errors import Diagnosed, Diagnostic

LEVEL = "cause"
"""What the first line of its message begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause(Diagnosed):
    """One reason for which claims fail; each of them would hold, or could be judged, without it."""

    diagnostic: Diagnostic
    """What happened; ``where`` is the first place in the run: the line of the model's source, op and call."""
    claims: tuple[int, ...]
    """Ids of the claims that fail for this reason, in the order of the document."""
    first: int
    """The id of the claim that is nearest to where it starts."""
    size: tuple[str, int] | None = field(default=None)
    """The name of a size and what it is in this run, where that is the whole cause."""

    @property
    def level(self) -> str:
        """What the first line of the message begins with."""
        return LEVEL

    @property
    def message(self) -> Diagnostic:
        """The message as every renderer shows it."""
        return self.diagnostic

    def render(self) -> str:
        """Return the message as plain text."""
        return self.diagnostic.render(LEVEL)
