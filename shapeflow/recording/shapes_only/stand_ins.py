"""Tensors that stand in for those of a call: without data, or on the CPU, in their own or smaller sizes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, count
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.storages import address

HasValues = Callable[[Tensor], bool]
"""Tells whether a tensor has true values."""
Numbers = tuple[float, int, bool]
"""What floats, integers and booleans are filled with."""

KEPT = 4
"""Sizes up to this one stay as they are in a call of reduced sizes."""
WHOLE = 2**16
"""Elements of memory up to which stand-ins have all of it, also what no argument views."""
_CPU = torch.device("cpu")


def lift(tensor: Tensor) -> Tensor:
    """Return a tensor of the same shape, strides and dtype without data; a tensor without data is itself."""
    if tensor.is_meta:
        return tensor
    with torch.inference_mode(tensor.is_inference()):  # a view of it must be as its base is
        lifted = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="meta")
        return lifted.conj() if tensor.is_conj() else lifted


class StandIns:
    """Tensors on the CPU in the place of others: same sizes, strides, dtypes, and shared memory where shared.

    Args:
        arguments: nested arguments.
        numbers: what they are filled with; None: they have all the memory that the others have, integers
            are zero, and nothing else is written.
        has_values: tells which tensors have true values, which are copied.
        gradients: those want gradients that do.
    """

    def __init__(
        self, arguments: Any, numbers: Numbers | None, has_values: HasValues, gradients: bool = False
    ) -> None:
        self._numbers, self._has_values, self._gradients = numbers, has_values, gradients
        self.have_masks = False
        """True if there are masks without true values."""
        self._made: dict[int, Tensor] = {}
        memories: dict[tuple[int, torch.dtype], list[Tensor]] = {}
        for tensor in tensors_of(arguments).values():
            memories.setdefault((address(tensor), tensor.dtype), []).append(tensor)
        for sharing in memories.values():
            self._make(sharing)

    def _make(self, sharing: list[Tensor]) -> None:
        sample = sharing[0]
        elements = sample.untyped_storage().nbytes() // sample.element_size()
        whole = self._numbers is None or elements <= WHOLE
        first = 0 if whole else min(tensor.storage_offset() for tensor in sharing)
        ends = [tensor.storage_offset() - first + extent(tensor) for tensor in sharing]
        memory = torch.empty(elements if whole else max(ends), dtype=sample.dtype, device=_CPU)
        if self._has_values(sample):
            memory.copy_(sample.as_strided(memory.size(), (1,), first))
        else:
            self._fill(memory)
        for tensor in sharing:
            stand_in = memory.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset() - first)
            stand_in = stand_in.conj() if tensor.is_conj() else stand_in
            self._made[id(tensor)] = _wanting(stand_in, tensor) if self._gradients else stand_in

    def _fill(self, memory: Tensor) -> None:
        is_real = memory.is_floating_point() or memory.is_complex()
        if self._numbers is None and is_real:
            return
        self.have_masks = self.have_masks or memory.dtype in (torch.bool, torch.uint8)
        floats, integers, booleans = self._numbers or (0.0, 0, False)
        memory.fill_(floats if is_real else booleans if memory.dtype is torch.bool else integers)

    def of(self, arguments: Any) -> Any:
        """Return nested arguments with the stand-ins in their places."""
        return map_tensors(arguments, lambda tensor: self._made[id(tensor)])

    @staticmethod
    def places(args: Any, kwargs: Any, given: Any, named: Any, result: Any) -> Any:
        """Return a result; a stand-in that is handed back becomes the argument that it stands for.

        But not if it got another shape.
        """
        pairs = zip(chain(given, named.values()), chain(args, kwargs.values()), strict=True)
        owners = {
            id(stand_in): tensor
            for stand_in, tensor in pairs
            if isinstance(stand_in, Tensor) and stand_in.shape == tensor.shape
        }
        return map_tensors(result, lambda tensor: owners.get(id(tensor), tensor))


def _wanting(stand_in: Tensor, tensor: Tensor) -> Tensor:
    """Return a stand-in that wants gradients if a tensor does, and is a leaf of the graph if it is one."""
    if not tensor.requires_grad:
        return stand_in
    stand_in = stand_in.detach()
    if tensor.is_leaf:
        return stand_in.requires_grad_()
    with torch.enable_grad():  # as if something had been written to it, but to none of its numbers
        stand_in.as_strided((0,), (1,)).add_(torch.zeros((), requires_grad=True))
    return stand_in


def extent(tensor: Tensor) -> int:
    """Return the number of elements of memory from a tensor's first to its last one."""
    if not tensor.numel():
        return 0
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    return 1 + sum((size - 1) * stride for size, stride in pairs)


class Smaller:
    """Replaces large sizes by small ones, in tensors and in numbers, equal ones by equal ones, in order.

    Args:
        tensors: what the sizes are of.
        keep: tells which tensors stay as they are; then only the innermost sizes of others are replaced.
        left: sizes that are left as they are.
    """

    def __init__(
        self, tensors: list[Tensor], keep: HasValues | None = None, left: frozenset[int] = frozenset()
    ) -> None:
        kept = [tensor for tensor in tensors if keep is not None and keep(tensor)]
        sizes = {
            size
            for tensor in tensors
            for size in (tensor.shape if keep is None else tensor.shape[1:][-1:])
            if size > KEPT
        }.difference(left, *(tensor.shape for tensor in kept))
        others = {size for tensor in tensors for size in tensor.shape} - sizes
        free = (size for size in count(KEPT + 1) if size not in others)
        self._sizes = dict(zip(sorted(sizes), free, strict=False))
        fixed = set(map(id, kept))
        self._tensors = {
            id(tensor): tensor if id(tensor) in fixed else self._tensor(tensor) for tensor in tensors
        }
        self.elements = sum(tensor.numel() for tensor in self._tensors.values())
        """In all tensors, once the sizes are replaced."""
        self.sizes = frozenset(self._sizes)
        """Those that are replaced."""

    def _tensor(self, tensor: Tensor) -> Tensor:
        """Return a tensor of reduced sizes, without data, whose dims lie in memory in the same order."""
        shape = [self._sizes.get(size, size) for size in tensor.shape]
        strides, usual = [0] * len(shape), 1
        for dim in sorted(range(len(shape)), key=lambda dim: (tensor.stride(dim), -dim)):
            if tensor.stride(dim):
                strides[dim] = usual
                usual *= max(shape[dim], 1)
        made = torch.empty_strided(shape, strides, dtype=tensor.dtype, device="meta")
        made = made.conj() if tensor.is_conj() else made
        return _wanting(made, tensor) if torch.is_grad_enabled() else made

    def argument(self, value: Any) -> Any:
        """Return an argument with its large sizes replaced."""
        if isinstance(value, Tensor):
            return self._tensors[id(value)]
        if type(value) is int:
            return self._sizes.get(value, value)
        if isinstance(value, list | tuple):
            return [self.argument(item) for item in value]
        if isinstance(value, dict):
            return {name: self.argument(item) for name, item in value.items()}
        return value
