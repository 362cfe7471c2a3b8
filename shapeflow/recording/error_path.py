"""What an exception passed on its way up, to be found again when it turns out to have ended the run.

A model may catch what an op raises, and then it is of no interest; whether it does shows only at the end. So
each exception is noted where it passes. Nothing is put on it, and nothing is kept alive: a note is found
again by the addresses of the exception and of the frame that it passed. While the exception is there, so is
its traceback, which holds its frames, and neither address can have been given to anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, TracebackType

_Step = tuple[int, int, CodeType, int]


class ErrorPath:
    """Remembers, of each exception, the numbers of the ops, or of the calls, that it passed."""

    def __init__(self) -> None:
        self._numbers: dict[_Step, int] = {}

    def note(self, error: BaseException, number: int) -> None:
        """Note that an exception is passing; called where it is caught and raised again."""
        step = next(_steps(error), None)  # its first step is the frame that caught it
        if step is not None:
            self._numbers[_step(error, step)] = number

    def innermost(self, error: BaseException) -> int | None:
        """Return the first number that an exception passed, None if it passed none."""
        numbers = [self._numbers.get(_step(error, step)) for step in _steps(error)]
        return next((number for number in reversed(numbers) if number is not None), None)

    def innermost_of_chain(self, error: BaseException) -> int | None:
        """Return the same of an exception, or else of the one that it follows from."""
        seen: set[int] = set()
        current: BaseException | None = error
        while current is not None and id(current) not in seen:
            seen.add(id(current))
            number = self.innermost(current)
            if number is not None:
                return number
            current = current.__cause__ or current.__context__
        return None


def _steps(error: BaseException) -> Iterator[TracebackType]:
    """Yield the steps of a traceback, outermost first."""
    # Not as an attribute: an exception's class may refuse to be asked.
    step = BaseException.__getattribute__(error, "__traceback__")
    while step is not None:
        yield step
        step = step.tb_next


def _step(error: BaseException, step: TracebackType) -> _Step:
    """Return what identifies a step: the exception, its frame, and the instruction that it left there.

    Without the instruction, an old note of an exception and a frame that are gone could be met by new ones at
    their addresses. With it these have come through the same ``except``, where their own note replaced it.
    """
    return id(error), id(step.tb_frame), step.tb_frame.f_code, step.tb_lasti
