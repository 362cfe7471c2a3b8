"""Large tensors whose values follow from Python values: worked out when something reads them, and not before.

A mask of a whole picture, a grid, a table of positions has no data in a shapes-only run, and few are ever
read. So each call that makes or changes one is noted with what it was given. Where a model reads a number of
it (``bool(mask.any())``, ``x[mask]``), the noted calls that led to it are made for real.

Values belong to a storage without data: a view is the same part of the values as it is of the storage, and a
write gives the storage other values. What was noted before the write goes on meaning the old ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from shapeflow.errors import NeedsValues
from shapeflow.recording.notation import short_dtype
from shapeflow.recording.ports import map_tensors
from shapeflow.recording.schemas import tensors_in
from shapeflow.recording.storages import address
from shapeflow.recording.torch_internals import StorageWeakRef, no_torch_dispatch, no_torch_function

LARGEST = 2**24
"""A tensor with more elements is never worked out."""
BUDGET = 2**28
"""Elements that one run works out at most, all calls together."""
_DEEPEST = 50
"""Noted calls that may wait for each other in a row; the next one has them made."""
_COSTLY = ("linalg_", "_linalg", "svd", "qr", "eig", "cholesky", "inverse", "lstsq", "lu_", "cdist", "_cdist")
"""How the names of operators begin that take more than a few steps for each element."""


@dataclass(slots=True, eq=False)
class _Values:
    """What a storage holds: worked out, or what a noted call will give."""

    shape: torch.Size
    strides: tuple[int, ...]
    dtype: torch.dtype
    call: _Call | None
    known: Tensor | None = None
    shared: bool = False
    """Another noted call reads them, so a write must not change them."""

    @property
    def depth(self) -> int:
        return 0 if self.call is None else self.call.depth


@dataclass(slots=True, eq=False)
class _Part:
    """A view of values."""

    values: _Values
    size: torch.Size
    strides: tuple[int, ...]
    offset: int
    dtype: torch.dtype
    conjugate: bool

    def of(self, base: Tensor) -> Tensor:
        """Return the view of values that are worked out; as complex numbers, if the view is."""
        memory = base.untyped_storage()
        view = torch.empty(0, dtype=self.dtype).set_(memory, self.offset, self.size, self.strides)
        return view.conj() if self.conjugate else view


@dataclass(slots=True, eq=False)
class _Call:
    """A call that was noted."""

    func: Any
    args: tuple[Any, ...]
    """With a ``_Part`` for each tensor without data."""
    kwargs: dict[str, Any]
    cost: int
    depth: int
    target: _Part | None = None
    """What it writes to, if it does; its first argument is left out then."""
    gives: list[_Values] = field(default_factory=list)


class Deferred:
    """The large tensors of a run whose values can be worked out.

    Args:
        small: concrete tensors of at most so many elements may be written to later, so they are copied.
    """

    def __init__(self, small: int) -> None:
        self._small = small
        self._left = BUDGET
        self._held: dict[int, tuple[Any, _Values]] = {}
        self._crowded = 256

    def holds(self, tensor: Tensor) -> bool:
        """Return True if the values of a tensor without data can be worked out."""
        return bool(self._held) and address(tensor) in self._held and not tensor.is_neg()

    def values(self, tensor: Tensor) -> Tensor:
        """Return the values of a tensor that is held.

        Raises:
            NeedsValues: working them out takes too much.
        """
        part = self._part(tensor)
        with no_torch_function(), no_torch_dispatch(), torch.no_grad():
            return part.of(self._known(part.values))

    def hold(self, tensor: Tensor, known: Tensor) -> None:
        """Let the memory of ``tensor`` hold a copy of what the memory of ``known`` holds, which has data."""
        with no_torch_function(), no_torch_dispatch(), torch.no_grad():
            memory = known.untyped_storage()
            count = memory.nbytes() // known.element_size()
            flat = torch.empty(0, dtype=known.dtype).set_(memory, 0, (count,), (1,)).clone()
            if address(tensor) != address(known):  # it begins where `known` does, and has its layout
                flat = flat[int(known.storage_offset()) :].clone()
        values = _Values(flat.size(), flat.stride(), flat.dtype, None, flat)
        self._held[address(tensor)] = (StorageWeakRef(tensor.untyped_storage()), values)

    def note(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, flops: int = 0
    ) -> None:
        """Note the call that gives ``result``, whose tensors have no data; all that it is given has values.

        Args:
            func: an operator that makes new tensors and draws no random numbers.
            args: what it is to be given on the CPU.
            kwargs: the same by name.
            result: what it gives.
            flops: what it takes.
        """
        given = {id(tensor) for tensor in tensors_in((*args, *kwargs.values()))}
        made = tensors_in(result if isinstance(result, list | tuple) else [result])
        if not made or any(id(tensor) in given for tensor in made):  # handed through: it has its values
            return
        call = self._call(func, args, kwargs, made, flops)
        if call is None:
            return
        self._clear()
        for tensor in made:
            values = _Values(tensor.size(), tensor.stride(), tensor.dtype, call)
            call.gives.append(values)
            # The weak reference keeps the address from being used again.
            self._held[address(tensor)] = (StorageWeakRef(tensor.untyped_storage()), values)

    def note_write(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Note a call that writes to its first argument, which is held; return False if it takes too much."""
        target = self._part(args[0])
        call = self._call(func, args[1:], kwargs, [args[0]], 0, target)
        if call is None:
            return False
        before = target.values
        call.gives = [_Values(before.shape, before.strides, before.dtype, call)]
        reference, _ = self._held[address(args[0])]
        self._held[address(args[0])] = (reference, call.gives[0])
        return True

    def forget(self, tensor: Tensor) -> None:
        """From now on nothing is known of the memory of ``tensor``."""
        if self._held:
            self._held.pop(address(tensor), None)

    def _call(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        made: Sequence[Tensor],
        flops: int,
        target: _Part | None = None,
    ) -> _Call | None:
        """Return a call to be noted; None if it takes too much."""
        given = tensors_in((*args, *kwargs.values()))
        largest = max(tensor.numel() for tensor in (*given, *made))
        costly = func.overloadpacket.__name__.startswith(_COSTLY)
        cost = int(largest**1.5) if costly else largest + flops
        if largest > LARGEST or cost > self._left:
            return None
        call = _Call(func, (), {}, cost, 1 if target is None else target.values.depth + 1, target)

        def captured(tensor: Tensor) -> Tensor | _Part:
            if not self.holds(tensor) and not tensor.is_meta:
                return tensor.detach() if tensor.numel() > self._small else tensor.detach().clone()
            if not self.holds(tensor):  # of which the shape alone counts
                return tensor
            part = self._part(tensor)
            part.values.shared = True
            call.depth = max(call.depth, part.values.depth + 1)
            return part

        with no_torch_function(), no_torch_dispatch(), torch.no_grad():
            call.args, call.kwargs = map_tensors(args, captured), map_tensors(kwargs, captured)
            if call.depth > _DEEPEST:
                for part in _parts((call.target, call.args, call.kwargs)):
                    self._known(part.values)
                call.depth = 1
        return call

    def _known(self, values: _Values) -> Tensor:
        """Return values, worked out if they are not yet."""
        if values.known is None:
            assert values.call is not None
            self._make(values.call)
        assert values.known is not None
        return values.known

    def _make(self, call: _Call) -> None:
        """Make a noted call, and those that it waits for; its results have their values then."""
        args, kwargs = (self._filled(value) for value in (call.args, call.kwargs))
        if call.cost > self._left:
            first = call.gives[0]
            raise NeedsValues(
                call.func.overloadpacket.__name__, f"{short_dtype(first.dtype)}{list(first.shape)}"
            ).amend(because="its numbers are known, but there are more than a shapes-only run works out")
        self._left -= call.cost
        if call.target is None:
            result = call.func(*args, **kwargs)
            results = tensors_in(result if isinstance(result, list | tuple) else [result])
            if "empty" in call.func.overloadpacket.__name__:  # what memory holds is no number
                results[0].zero_()
        else:
            before = call.target.values
            base = self._known(before)
            results = [base.clone() if before.shared else base]
            call.func(call.target.of(results[0]), *args, **kwargs)
        for values, known in zip(call.gives, results, strict=True):
            values.known, values.call = _laid_out(known, values), None
        call.args, call.kwargs, call.target = (), {}, None  # let go of what is no longer needed

    def _filled(self, value: Any) -> Any:
        """Return arguments with the values of their parts."""
        if isinstance(value, _Part):
            return value.of(self._known(value.values))
        if isinstance(value, list | tuple):
            return type(value)([self._filled(item) for item in value])
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        return value

    def _part(self, tensor: Tensor) -> _Part:
        values = self._held[address(tensor)][1]
        place = tensor.size(), tensor.stride(), int(tensor.storage_offset())
        return _Part(values, *place, tensor.dtype, tensor.is_conj())

    def _clear(self) -> None:
        """Let go of what belonged to storages that are gone, whenever there is much."""
        if len(self._held) > self._crowded:
            self._held = {key: entry for key, entry in self._held.items() if not entry[0].expired()}
            self._crowded = 256 + 2 * len(self._held)


def _parts(value: Any) -> list[_Part]:
    if isinstance(value, _Part):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [part for item in items for part in _parts(item)]


def _laid_out(known: Tensor, values: _Values) -> Tensor:
    """Return a result on a memory of its own, in the layout that it has without data."""
    if known.stride() == values.strides and not known.storage_offset():
        return known
    return torch.empty_strided(values.shape, values.strides, dtype=values.dtype).copy_(known)
