"""Which tensors of a shapes-only run have true values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.ports import map_tensors
from shapeflow.recording.schemas import tensors_in
from shapeflow.recording.shapes_only.checks import Checks
from shapeflow.recording.shapes_only.deferred import LARGEST, Deferred
from shapeflow.recording.shapes_only.lacking import Lacking
from shapeflow.recording.shapes_only.memo import Layout
from shapeflow.recording.shapes_only.stand_ins import lift
from shapeflow.recording.storages import address
from shapeflow.recording.torch_internals import (
    StorageWeakRef,
    no_torch_dispatch,
    no_torch_function,
    storage_identity,
)

LIMIT = 65_536
"""Elements up to which arithmetic is done at once; above, when somebody reads the result."""
_BYTES = 16 * LIMIT
"""Up to so many bytes of the user's memory are kept, to be put back."""
_MANY = 4_096
"""Memory that is gone is looked for when so many more symbolic tensors are known."""


class ConcreteValues:
    """Tells concrete tensors, whose values are true, from symbolic ones, by the memory that holds them.

    Args:
        protect: tensors of the user's. Their values may be read; what is written to is put back at the end.
    """

    def __init__(self, protect: Iterable[Tensor]) -> None:
        self._symbolic: dict[int, StorageWeakRef] = {}
        self.deferred = Deferred(LIMIT)
        self.checks = Checks()
        self.lacking = Lacking()
        self._limit = LIMIT
        self._saved: dict[int, tuple[Tensor, torch.UntypedStorage]] = {}
        self._many = _MANY
        self.have_wrappers = False
        """True once there are tensors that hold others, and compare the devices of these."""
        self._protected = {address(tensor): tensor for tensor in protect}

    def has_values(self, tensor: Tensor) -> bool:
        """Return True if the values of ``tensor`` are true and may be read.

        Those of a parameter never are: where it is made under a shapes-only run, it is not initialised.
        """
        if isinstance(tensor, torch.nn.Parameter):
            return False
        return self.deferred.holds(tensor) or self.has_data(tensor)

    def has_data(self, tensor: Tensor) -> bool:
        """Return True if the values of ``tensor`` are true and in its memory."""
        if tensor.is_meta or tensor.layout is not torch.strided or tensor.is_nested:
            return False
        return address(tensor) not in self._symbolic and not isinstance(tensor, torch.nn.Parameter)

    def have_values(self, tensors: Iterable[Tensor]) -> bool:
        """Return True if the values of all these tensors are true and may be read."""
        return all(map(self.has_values, tensors))

    def values_of(self, tensor: Tensor) -> Tensor:
        """Return a tensor that has values with them; it may have no data of its own.

        Raises:
            NeedsValues: working them out takes too much.
        """
        return self.deferred.values(tensor) if self.deferred.holds(tensor) else tensor

    def with_values(self, given: Any) -> Any:
        """Return nested arguments with the values of all tensors."""
        return map_tensors(given, self.values_of)

    def is_symbolic(self, tensor: Tensor) -> bool:
        """Return True if ``tensor`` was made without values."""
        return tensor.is_meta or address(tensor) in self._symbolic

    def is_small(self, tensor: Tensor) -> bool:
        """Return True if ``tensor`` has values, and so few that arithmetic on them is done at once."""
        return not tensor.is_meta and tensor.numel() <= self._limit and self.has_data(tensor)

    def may_be(self, elements: int) -> bool:
        """Return True if a new tensor of so many elements may have its values at once."""
        return elements <= self._limit

    def forget(self, tensor: Tensor) -> None:
        """From now on nothing in the memory of ``tensor`` may be read, whoever views it."""
        with no_torch_function():
            self.deferred.forget(tensor)
            if not tensor.is_meta and tensor.layout is torch.strided:  # no other layout has values
                self._forget(tensor.untyped_storage())

    def write(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Write known values to the first argument, now or when they are read; False if that is not done."""
        target, rest = args[0], tensors_in((*args[1:], *kwargs.values()))
        if self.is_protected(target) and not self.deferred.holds(target):
            self.deferred.hold(target, target)  # a copy, apart from the user's memory
            self._forget(target.untyped_storage())
        if self.deferred.holds(target):
            return self.deferred.note_write(func, args, kwargs)
        if not self.is_small(target) or sum(tensor.numel() for tensor in rest) > LARGEST:
            return False
        func(*self.with_values(args), **self.with_values(kwargs))
        return True

    def _forget(self, storage: torch.UntypedStorage) -> None:
        # The weak reference keeps the address from being used again.
        self._symbolic[storage_identity(storage)] = StorageWeakRef(storage)
        if len(self._symbolic) > self._many:
            alive = {key: held for key, held in self._symbolic.items() if not held.expired()}
            self._symbolic, self._many = alive, len(alive) + _MANY

    def symbolic(self, layout: Layout) -> Tensor:
        """Return a new tensor without numbers.

        Autograd compares the devices of tensors and of their gradients, and concrete tensors are on the CPU.
        So a symbolic one is there too: memory that nobody touches costs none. On ``meta`` is what is larger
        than the machine would give, and what is made in inference mode, which autograd never sees.
        """
        if self.have_wrappers or not torch.is_inference_mode_enabled():
            try:
                return self.untouched(layout)
            except RuntimeError:  # the machine has not so much memory
                pass
        shape, strides, dtype = layout
        return torch.empty_strided(shape, strides, dtype=dtype, device="meta")

    def untouched(self, layout: Layout) -> Tensor:
        """Return a new symbolic tensor on the CPU.

        Raises:
            RuntimeError: the machine has not so much memory.
        """
        shape, strides, dtype = layout
        tensor = torch.empty_strided(shape, strides, dtype=dtype, device="cpu")
        self._forget(tensor.untyped_storage())
        return tensor

    def without_values(self, tensor: Tensor) -> Tensor:
        """Return a symbolic tensor like this one; gradients know where it comes from."""
        with no_torch_function(), no_torch_dispatch():
            if tensor.is_nested:
                return tensor
            if torch.is_inference_mode_enabled():
                return self._moved(tensor)
            if tensor.requires_grad and not tensor.is_meta and self.has_values(tensor):
                tensor = tensor.clone()
                self.forget(tensor)
            elif not tensor.requires_grad and (tensor.is_meta or self.has_values(tensor)):
                tensor = self.symbolic(Layout(tensor.size(), tensor.stride(), tensor.dtype))
            return tensor

    def _moved(self, tensor: Tensor) -> Tensor:
        """Return a tensor without data that has the same values, if this one has values."""
        lifted = lift(tensor)
        if lifted is not tensor and self.has_data(tensor):
            self.deferred.hold(lifted, tensor)
        return lifted

    def may_write(self, tensors: Iterable[Tensor]) -> bool:
        """Return True if values may be written to all these tensors; the user's are kept, to be put back."""
        mine = [place for place in map(address, tensors) if place in self._protected]
        for place in mine:
            if place not in self._saved:
                tensor = self._protected[place]
                if tensor.untyped_storage().nbytes() > _BYTES:
                    return False
                self._saved[place] = tensor, tensor.untyped_storage().clone()
        return True

    def is_protected(self, tensor: Tensor) -> bool:
        """Return True for a tensor in the user's memory."""
        return address(tensor) in self._protected

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

    @property
    def all_gone(self) -> bool:
        """True if no tensor is alive that was made without values."""
        return all(held.expired() for held in self._symbolic.values())

    def release(self) -> None:
        """Put the user's values back, and let go of the tensors."""
        for tensor, before in self._saved.values():
            tensor.untyped_storage().copy_(before)
        for place in self._protected:  # nothing was written there, or it is put back
            self._symbolic.pop(place, None)
        self.lacking = Lacking()  # its error holds what the run made
        self._saved.clear()
        self._protected.clear()
