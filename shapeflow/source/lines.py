"""Lines of source with what they made: names, shapes, how often, and which lines never ran."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

State = Literal["", "ran", "never"]


@dataclass(frozen=True, slots=True)
class Made:
    """What a line made, all the times that it ran."""

    name: str
    """The variable that got it; ``return``; a parameter; empty if the source does not tell."""
    by: str
    """The op, or the module's class, that made it; empty for a parameter."""
    types: tuple[str, ...]
    """The different results in the order in which they came: ``f32[1, 196, 64]``, ``(f32[1, 8], None)``."""
    times: int
    """How often it was made."""
    values: tuple[int, ...] = ()
    """Ids of the values, for those who look further."""
    column: int = 0
    """Where the name stands in the line, from 1; 0 if it does not stand there."""


@dataclass(slots=True)
class Line:
    """A line of source with what it made."""

    number: int
    text: str
    made: list[Made] = field(default_factory=list)
    state: State = ""
    """``ran``; ``never``: certainly not; empty: nothing recorded tells."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the model's source."""

    name: str
    lines: tuple[Line, ...]
    known: bool
    """False if the file is not there or has changed since the run: then only lines of the trace are known."""

    @property
    def made(self) -> int:
        """How many lines made tensors."""
        return sum(bool(line.made) for line in self.lines)

    @property
    def never(self) -> int:
        """How many lines certainly never ran."""
        return sum(line.state == "never" for line in self.lines)
