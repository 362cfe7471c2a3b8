"""What was asked for by name: the calls, ops and ends that a figure is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a drawing shall show besides the calls that it is made of."""

    calls: frozenset[int] | None = None
    """The calls that were asked for by name; None: all that are shown."""
    ops: frozenset[int] = frozenset()
    """Ops that get a box of their own."""
    loose: tuple[int, ...] = ()
    """Values whose end is drawn: nobody reads them."""
    cuts: tuple[tuple[int, str], ...] = ()
    """Values, and the place that each of them never gets to."""
    alike: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """For a call that stands for others: how many are like it, and how many there are in all."""

    def asks_for(self, calls: Iterable[int]) -> bool:
        """Return whether one of some shown calls was asked for."""
        return self.calls is None or not self.calls.isdisjoint(calls)


ALL = Wanted()
"""All that is shown was asked for."""
