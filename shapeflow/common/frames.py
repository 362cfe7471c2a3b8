"""Python's limit of frames, raised by those that we add."""

from __future__ import annotations

import sys

from shapeflow.common.shared import Changes


class _MoreFrames:
    """The limit raised, so that a model may nest as deeply as without us."""

    def __init__(self) -> None:
        self._before = sys.getrecursionlimit()
        self._raised = self._before + min(self._before, 10_000) + 100

    def make(self) -> None:
        """Raise it."""
        sys.setrecursionlimit(self._raised)

    def undo(self) -> None:
        """Put it back, if the model has not set one of its own."""
        if sys.getrecursionlimit() == self._raised:
            sys.setrecursionlimit(self._before)


def allow_more_frames(changes: Changes) -> None:
    """Let our own frames not count towards Python's limit until the changes end."""
    changes.share("recursion limit", _MoreFrames)
