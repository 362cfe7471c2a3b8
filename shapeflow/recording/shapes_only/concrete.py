"""Which tensors of a shapes-only run have true values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from shapeflow.recording.identity import address
from shapeflow.recording.shapes_only.checks import Checks
from shapeflow.recording.shapes_only.deferred import Deferred
from shapeflow.recording.torch_internals import StorageWeakRef, no_torch_function, storage_identity

LIMIT = 65_536
"""Elements up to which arithmetic is done at once; above, when somebody reads the result."""


class ConcreteValues:
    """Tells concrete tensors, whose values are true, from symbolic ones, by the memory that holds them.

    Args:
        protect: tensors of the user's; their values may be read, never written.
    """

    def __init__(self, protect: Iterable[Tensor]) -> None:
        self._symbolic: dict[int, StorageWeakRef] = {}
        self.deferred = Deferred(LIMIT)
        self.checks = Checks()
        self._limit = LIMIT
        self._protected = {address(tensor): tensor for tensor in protect}

    def has_values(self, tensor: Tensor) -> bool:
        """Return True if the values of ``tensor`` are true and may be read.

        Those of a parameter never are: where it is made under a shapes-only run, it is not initialised.
        """
        if isinstance(tensor, torch.nn.Parameter):
            return False
        return self.deferred.holds(tensor) or self._has_data(tensor)

    def _has_data(self, tensor: Tensor) -> bool:
        if tensor.is_meta or tensor.layout is not torch.strided:
            return False
        return address(tensor) not in self._symbolic and not isinstance(tensor, torch.nn.Parameter)

    def values_of(self, tensor: Tensor) -> Tensor:
        """Return a tensor that has values with them; it may have no data of its own.

        Raises:
            NeedsValues: working them out takes too much.
        """
        return self.deferred.values(tensor) if self.deferred.holds(tensor) else tensor

    def is_small(self, tensor: Tensor) -> bool:
        """Return True if ``tensor`` has values, and so few that arithmetic on them is done at once."""
        return not tensor.is_meta and tensor.numel() <= self._limit and self._has_data(tensor)

    def may_be(self, elements: int) -> bool:
        """Return True if a new tensor of so many elements may have its values at once."""
        return elements <= self._limit

    def forget(self, tensor: Tensor) -> None:
        """From now on nothing in the memory of ``tensor`` may be read, whoever views it."""
        with no_torch_function():
            self.deferred.forget(tensor)
            self._leave(tensor)

    def divert(self, tensor: Tensor) -> None:
        """Let the values of the user's memory be held apart from it, so that they can be written to."""
        self.deferred.hold(tensor, tensor)
        self._leave(tensor)

    def without_data(self, tensor: Tensor) -> Tensor:
        """Return a tensor without data that has the same values, if this one has values."""
        if tensor.is_meta or not self._has_data(tensor):
            return tensor
        with torch.no_grad():
            lifted = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="meta")
            self.deferred.hold(lifted, tensor)
        return lifted

    def _leave(self, tensor: Tensor) -> None:
        """Do not look into the memory of ``tensor`` any more."""
        if not tensor.is_meta:
            storage = tensor.untyped_storage()
            # The weak reference keeps the address from being used again.
            self._symbolic[storage_identity(storage)] = StorageWeakRef(storage)

    def any_protected(self, tensors: Iterable[Tensor]) -> bool:
        """Return True if one of the tensors is in the user's memory."""
        return any(address(tensor) in self._protected for tensor in tensors)

    @contextmanager
    def nothing_new(self) -> Iterator[None]:
        """Let nothing that is made inside have values."""
        before, self._limit = self._limit, -1
        try:
            yield
        finally:
            self._limit = before

    @property
    def paused(self) -> bool:
        """True where nothing that is made has values."""
        return self._limit < 0

    def release(self) -> None:
        """Let go of the user's tensors."""
        self._protected.clear()
