"""What a shapes-only run asked for and cannot have: it is over there, also if the model catches the error.

``try: n = int(x.sum())`` with an ``except`` would go on with another number than a real run has. Some
functions written in C put an error of their own in its place (``torch.Size``, ``struct.pack``), which a model
may expect.
"""

from __future__ import annotations

import logging
import sys
from types import FrameType
from typing import Any

from shapeflow.errors import EndOfRun, RunError
from shapeflow.recording.ports import tensors_of
from shapeflow.recording.source import is_hidden


class Lacking:
    """Remembers the first error of a run for want of numbers, or of a shape formula."""

    def __init__(self) -> None:
        self.first: RunError | None = None

    def note(self, error: BaseException) -> None:
        """Note an error that is on its way to the model."""
        if self.first is None and isinstance(error, RunError) and not is_for_a_log():
            self.first = error

    def stop(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raise the error again if the model goes on to work with tensors.

        Whoever is still handling it may tidy up.
        """
        if self.first is not None and sys.exc_info()[1] is None and tensors_of((args, kwargs)):
            raise self.first

    def instead_of(self, error: BaseException | None) -> BaseException | None:
        """Return what has really ended a run that ended with an error, or with none."""
        if self.first is None or _follows(error, self.first):
            return error
        if isinstance(error, EndOfRun) or (error is not None and not isinstance(error, Exception)):
            return error  # an adapter knows that what comes next needs numbers; or it is Ctrl-C
        if self.first.__cause__ is None:
            self.first.__cause__ = error
        return self.first


def _follows(error: BaseException | None, first: BaseException) -> bool:
    """Return True if an error is another one, or comes of it."""
    for _ in range(10):
        if error is None or error is first:
            break
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return error is first


def is_for_a_log() -> bool:
    """Return True if a number is wanted for the text of a line of a log, which says so if it has none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_hidden(frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None and frame.f_code is logging.LogRecord.getMessage.__code__
