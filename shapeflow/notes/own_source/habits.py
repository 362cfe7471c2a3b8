"""Where the comments of a file stand that have a line of their own: above, or below, what they are of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.meaning import Meaning
from shapeflow.notes.own_source.written import tells

LEAST = 4
"""So many comments that fit at one side show where they stand."""
CLEAR = 4
"""So many times as many as fit at other sides only."""


@dataclass(slots=True)
class OwnHabits:
    """Learns from the comments that fit on which side of them what they are of is."""

    fits: Callable[[Mention, Meaning], bool]
    """Whether a mention fits what it means at a side."""
    _sides: dict[int, Mapping[str, Meaning]] = field(default_factory=dict)
    _lines: Counter[int] = field(default_factory=Counter)
    _fitting: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, mention: Mention, sides: Mapping[str, Meaning]) -> None:
        """Add a mention in a comment of its own, with what it can mean at each side."""
        self._lines[mention.span.line] += 1
        self._sides[mention.id] = sides
        fitting = [side for side, meant in sides.items() if self.fits(mention, meant)]
        if tells(mention) or len(fitting) == 1:
            for side in fitting:
                self._fitting[side].add(mention.id)

    def usual(self, mention: Mention) -> Meaning | None:
        """Return what a mention means if it stands where such comments do; None if they stand anywhere.

        Of several shapes above each other each may be of another step: then nothing is known.
        """
        line = mention.span.line
        sides = self._sides.get(mention.id, {})
        if sum(self._lines[number] for number in (line - 1, line, line + 1)) != 1:
            return None
        counts = {side: len(self._fitting[side] - {mention.id}) for side in sides}
        side = max(counts, key=lambda one: counts[one], default="")
        if not side or counts[side] < LEAST:
            return None
        others = {number for held in self._fitting.values() for number in held} - self._fitting[side]
        return sides[side] if counts[side] >= CLEAR * len(others - {mention.id}) else None
