"""Pause Python's garbage collector while many objects are made that stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

FROZEN_AT_START = 1_000
"""Python 3.12 freezes a few hundred objects by itself when it starts."""


@contextmanager
def collection_paused() -> Iterator[None]:
    """Let the collector wait: it would look through all of torch once per few thousand objects.

    What was made meanwhile counts as old afterwards, so that there is nothing to catch up on at once.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            if gc.get_freeze_count() < FROZEN_AT_START:  # what others froze stays so
                gc.freeze()
                gc.unfreeze()
            gc.enable()
