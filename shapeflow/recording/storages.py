"""Memory that tensors are on, and memory that Python got and gives back as another tensor's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from shapeflow.recording.torch_internals import StorageWeakRef, storage_identity

ADOPTING = frozenset({"as_tensor", "asarray", "from_dlpack", "frombuffer"})
"""Ops that may put their result on memory that is another tensor's, which torch does not know then."""


@dataclass(slots=True)
class Storage:
    """Memory on which a tracked tensor lives."""

    number: int
    bytes: int
    epoch: int = 0
    """Counts the writes."""
    writer: int | None = None
    """The op that wrote last, or made it; None for memory from outside the run."""
    activation: bool = False
    """True if an op made it: counted in the live bytes."""


class HandedOut:
    """The memory that Python got: NumPy and others may make another tensor on it."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, StorageWeakRef, Storage]] = []

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, tensor: Tensor, storage: Storage) -> None:
        """Note that Python got the memory of ``tensor``."""
        begin = _data(tensor)
        if begin:
            self._parts.append((begin, StorageWeakRef(tensor.untyped_storage()), storage))

    def holding(self, tensor: Tensor) -> Storage | None:
        """Return the storage whose memory ``tensor`` is on though torch takes it for another one."""
        begin = _data(tensor)
        for first, held, storage in self._parts:
            if first <= begin < first + storage.bytes and not held.expired():
                return storage
        return None


def holding(tensor: Tensor, others: Iterable[tuple[Tensor | None, Storage | None]]) -> Storage | None:
    """Return the storage, of those that other tensors are on, on whose memory ``tensor`` is, too."""
    begin = _data(tensor)
    for other, storage in others if begin else ():
        if other is not None and storage is not None:
            first = _data(other)
            if first and first <= begin < first + storage.bytes:
                return storage
    return None


def _data(tensor: Tensor) -> int:
    """Return where the numbers of a tensor's memory begin; 0 if there are none."""
    try:
        return 0 if tensor.is_meta else tensor.untyped_storage().data_ptr()
    except (NotImplementedError, RuntimeError, ValueError):  # sparse, nested, not yet initialised …
        return 0


def memory_of(tensor: Tensor) -> torch.UntypedStorage | None:
    """Return a tensor's memory, also without data; None if it has none."""
    try:
        return tensor.untyped_storage()
    except (NotImplementedError, RuntimeError, ValueError):  # sparse, nested, not yet initialised …
        return None


def address(tensor: Tensor) -> int:
    """Return what identifies a tensor's memory while it lives, also without data; 0 if it has none."""
    memory = memory_of(tensor)
    return 0 if memory is None else storage_identity(memory)
