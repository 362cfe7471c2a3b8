"""Which memory the tracked tensors are on, how much of it is alive, and what is free again."""

from __future__ import annotations

from torch import Tensor

from shapeflow.recording.followed import Tracked
from shapeflow.recording.storages import HandedOut, Storage, address, memory_of
from shapeflow.recording.torch_internals import storage_identity


class LiveMemory:
    """The storages of the tensors that are tracked and alive."""

    def __init__(self) -> None:
        self.live_bytes = self.peak_bytes = 0
        self.freed: list[int] = []
        """Numbers of storages, for the next op that ends."""
        self.handed_out = HandedOut()
        self._storages: dict[int, Storage] = {}
        """By what identifies the memory in torch; several may be of one storage."""
        self._on: dict[int, dict[int, Tracked]] = {}
        """Number of a storage -> the tracked tensors alive on it, by ``id()``."""
        self._count = 0

    def of(self, tensor: Tensor) -> Storage | None:
        """Return the memory of a tensor, if one that is alive is known to be on it."""
        return self._storages.get(address(tensor))

    def on(self, storage: Storage) -> dict[int, Tracked]:
        """Return the tracked tensors that are alive on a storage, by ``id()``."""
        return self._on.get(storage.number, {})

    def put(self, tensor: Tensor, storage: Storage) -> None:
        """Note that a tensor is on a storage, whatever torch says of it."""
        place = address(tensor)
        if place:
            self._storages[place] = storage

    def join(self, tracked: Tracked, tensor: Tensor, op: int | None) -> None:
        """Follow the memory that a tensor is on which begins to be tracked.

        Args:
            tracked: follows the tensor.
            tensor: itself.
            op: that made it; None for one from outside.
        """
        memory = memory_of(tensor)
        tracked.address = place = 0 if memory is None else storage_identity(memory)
        storage = self._storages.get(place) if place else None
        if storage is None and place and self.handed_out:
            storage = self.handed_out.holding(tensor)
            if storage is not None:
                self._storages[place] = storage
        tracked.storage = storage
        if storage is not None:
            # Several addresses may be of one storage: it may have been without tensors for a while.
            self._on.setdefault(storage.number, {})[tracked.key] = tracked
        elif memory is not None:
            held, made = memory.nbytes(), op is not None
            tracked.storage = self._storages[place] = Storage(self._count, held, 0, op, made)
            self._on[self._count] = {tracked.key: tracked}
            self._count += 1
            if made:
                self.live_bytes += held
                self.peak_bytes = max(self.peak_bytes, self.live_bytes)

    def leave(self, gone: Tracked) -> None:
        """Forget a tensor that is gone, and its memory if no other one is on it."""
        storage = gone.storage
        if storage is None:
            return
        others = self._on.get(storage.number, {})
        if others.get(gone.key) is gone:
            del others[gone.key]
        if not others and self._storages.get(gone.address) is storage:
            del self._storages[gone.address]
            self._on.pop(storage.number, None)
            if storage.activation:
                self.live_bytes -= storage.bytes
                self.freed.append(storage.number)
