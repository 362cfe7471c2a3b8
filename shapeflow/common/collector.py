"""Pause Python's garbage collector while many objects are made that stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from shapeflow.common.shared import Changes

FROZEN_AT_START = 1_000
"""Python 3.12 freezes a few hundred objects by itself when it starts."""


class _Pause:
    """The collector switched off. Whoever pauses it meanwhile, too, finds it so."""

    def __init__(self) -> None:
        self._collecting = gc.isenabled()

    def make(self) -> None:
        """Switch it off."""
        gc.disable()

    def undo(self) -> None:
        """Switch it on again if it was on; there is nothing to catch up on at once."""
        if self._collecting and not gc.isenabled():
            if gc.get_freeze_count() < FROZEN_AT_START:  # what others froze stays so
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def pause_collection(changes: Changes) -> None:
    """Let the collector wait until the changes end: it would look through all of torch again and again.

    What was made meanwhile counts as old afterwards.
    """
    changes.share("garbage collector", _Pause)


@contextmanager
def collection_paused() -> Iterator[None]:
    """Let the collector wait inside; see ``pause_collection``."""
    changes = Changes()
    try:
        try:
            pause_collection(changes)
            yield
        finally:
            changes.end()
    finally:
        changes.end()
