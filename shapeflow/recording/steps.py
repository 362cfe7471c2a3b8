"""How many steps of a loop are recorded: a step ends where the call that began the first one comes again."""

from __future__ import annotations

from collections.abc import Callable


class Steps:
    """Counts the steps of a loop, and ends its recording when the next one begins.

    Args:
        most: so many are recorded.
        end: ends the recording; it is given a note for the trace.
    """

    def __init__(self, most: int, end: Callable[[str], None]) -> None:
        self._left = most
        only = "Only the first step was" if most == 1 else f"Only the first {most} steps were"
        self._note = f"{only} recorded, of a loop that went on."
        self._end: Callable[[str], None] | None = end
        self._first: object = None

    def is_over(self, call: object) -> bool:
        """Return whether the recording has ended before an outermost call, named by what it is a call of."""
        if self._first is None:
            self._first = call
        if call == self._first:
            self._left -= 1
        if self._left < 0 and self._end is not None:
            end, self._end = self._end, None
            end(self._note)
        return self._left < 0
