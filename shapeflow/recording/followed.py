"""Tensors that are followed while they live, and what they were when they were last looked at."""

from __future__ import annotations

import weakref

from torch import Tensor

from shapeflow.recording.storages import Storage


class Tracked(weakref.ref[Tensor]):
    """A tensor that may be alive; called, it gives the tensor or None."""

    __slots__ = ("address", "epoch", "key", "storage", "value")

    key: int
    address: int
    storage: Storage | None
    value: int
    epoch: int
    """How often its storage had been written to when it became this value; -1: its shape was changed."""


class Followed:
    """Tensors and the values that they were.

    Args:
        tracked: the tensors.
        writes: how many writes there were.
    """

    __slots__ = ("ids", "tracked", "values", "writes")

    def __init__(self, tracked: list[Tracked], writes: int) -> None:
        self.tracked, self.writes = tracked, writes
        self.ids = [one.key for one in tracked]
        self.values = [one.value for one in tracked]
