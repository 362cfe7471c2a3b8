"""Asks torch's own CPU kernels whether they take a call: they are run on stand-ins.

torch's shape formulas let through what its kernels refuse: dtypes that do not go together, masks that do not
fit, writes into memory that is read. And what both refuse they refuse in other words than a real run, which
nobody would find when searching for them. So each distinct call that a shapes-only run meets is tried once:

- as it is, if it is small: then the kernel's results also tell the true shapes, strides and dtypes;
- else with each large size replaced by a small one, equal sizes by equal ones and in the same order: what
  does not fit together does not fit then either. Only what is refused so is tried in its full size, on memory
  that is never touched, since kernels check before they compute.

What stands in has other numbers than the tensors of a real run. A refusal counts only if it comes with
several kinds of numbers, and never if torch says that it is about numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.identity import address
from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.torch_internals import no_function_modes, no_torch_dispatch, no_torch_function

SMALL = 2**14
"""Elements of all arguments and of the largest result, up to which a call is tried as it is."""
CHEAP = 2**23
"""FLOPs up to which it is."""
LARGE = 2**28
"""Elements of all arguments, from which on a call is not tried in its full size."""
KEPT = 8
"""Sizes up to this one stay as they are in a call of reduced sizes."""

_REFUSALS = (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError)
_ABOUT_NUMBERS: tuple[type[Exception], ...] = (torch.linalg.LinAlgError,)
_UNTRIED = frozenset(
    {
        # Their numbers say where memory is, and are not checked.
        *("linalg_lu_solve", "lu_solve", "linalg_ldl_solve", "ormqr", "lu_unpack", "segment_reduce"),
        *("_segment_reduce_backward", "_nested_view_from_buffer", "_fft_r2c_out"),
    }
)
_CPU = torch.device("cpu")
_Numbers = tuple[float, int, bool]
_NUMBERS: Sequence[_Numbers] = ((1.0, 0, True), (0.0, 0, False), (0.5, 0, True))
"""What stand-ins are filled with, one attempt after the other: floats, integers, booleans."""


class Trials:
    """Tries calls, each distinct one once."""

    def __init__(self) -> None:
        self._accepted: set[Any] = set()

    def check(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], largest: int, flops: int
    ) -> Any:
        """Return what the kernel gives for stand-ins of the same sizes; None if they were not tried so.

        Args:
            func: the operator (an ``OpOverload`` of torch).
            args: its arguments, with or without data.
            kwargs: its keyword arguments.
            largest: the number of elements of its largest result.
            flops: what it takes.

        Raises:
            Exception: the kernel's own refusal.
        """
        tensors = tensors_of((args, kwargs))
        found = list(tensors.values())
        if not _may_be_tried(func, found):
            return None
        elements = sum(tensor.numel() for tensor in found)
        if elements <= SMALL and largest <= SMALL and flops <= CHEAP:
            return attempt(func, args, kwargs)
        smaller = _Smaller(found)
        reduced = smaller.argument(args), smaller.argument(kwargs)
        try:
            key = (func, _described(reduced), torch.get_default_dtype())
            if key in self._accepted:
                return None
        except TypeError:  # an argument that cannot be hashed
            return None
        if not smaller.is_small:
            return None
        try:
            attempt(func, *reduced)
        except _REFUSALS:
            if elements <= LARGE:
                self._in_full(func, args, kwargs, reduced)
        self._accepted.add(key)
        return None

    def refuse(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what the kernel gives for a call that torch's shape formula refuses, or None.

        Raises:
            Exception: the kernel's own refusal, in the words of a real run.
        """
        found = list(tensors_of((args, kwargs)).values())
        if not _may_be_tried(func, found) or sum(tensor.numel() for tensor in found) > LARGE:
            return None
        small = sum(tensor.numel() for tensor in found) <= SMALL
        return attempt(func, args, kwargs) if small else attempt(func, args, kwargs, untouched=True)

    @staticmethod
    def _in_full(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], reduced: Any) -> None:
        """Try a call in its full size, unless torch's formula says that its reduced sizes do not fit."""
        try:
            with no_torch_function(), no_torch_dispatch():
                func(*map_tensors(reduced[0], _lift), **map_tensors(reduced[1], _lift))
        except Exception:  # reducing made it unfit
            return
        attempt(func, args, kwargs, untouched=True)


def _may_be_tried(func: Any, tensors: list[Tensor]) -> bool:
    if func.namespace != "aten" or func.overloadpacket.__name__ in _UNTRIED:
        return False
    return all(tensor.layout is torch.strided and not tensor.is_quantized for tensor in tensors)


def attempt(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], *, untouched: bool = False
) -> Any:
    """Run ``func`` on stand-ins and return what it gives; None if what it refuses are numbers.

    Args:
        func: the operator.
        args: its arguments.
        kwargs: its keyword arguments.
        untouched: the stand-ins are not filled.

    Raises:
        Exception: what it raises whatever the numbers are.
    """
    refusal: Exception | None = None
    with no_torch_function(), no_torch_dispatch(), torch.no_grad():
        for numbers in _NUMBERS:
            stand_ins = StandIns((args, kwargs), None if untouched else numbers)
            given, named = stand_ins.of(args), stand_ins.of(_on_cpu(kwargs))
            try:
                return stand_ins.places(args, kwargs, given, named, func(*given, **named))
            except _ABOUT_NUMBERS:
                return None
            except _REFUSALS as error:
                refusal = refusal or error
                if "can't allocate memory" in str(error):
                    return None
            if untouched:
                break
    assert refusal is not None
    raise refusal.with_traceback(None)


class StandIns:
    """Tensors on the CPU in the place of others: same sizes, strides, dtypes, and shared memory where shared.

    Args:
        arguments: nested arguments.
        numbers: what they are filled with; None: integers are zero, and nothing else is written.
    """

    def __init__(self, arguments: Any, numbers: _Numbers | None) -> None:
        self._numbers = numbers
        self._made: dict[int, Tensor] = {}
        memories: dict[tuple[int, torch.dtype], list[Tensor]] = {}
        for tensor in tensors_of(arguments).values():
            memories.setdefault((address(tensor), tensor.dtype), []).append(tensor)
        for sharing in memories.values():
            self._make(sharing)

    def _make(self, sharing: list[Tensor]) -> None:
        first = min(tensor.storage_offset() for tensor in sharing)
        ends = [tensor.storage_offset() - first + _extent(tensor) for tensor in sharing]
        memory = torch.empty(max(ends), dtype=sharing[0].dtype, device=_CPU)
        if self._numbers is not None or not (memory.is_floating_point() or memory.is_complex()):
            floats, integers, booleans = self._numbers or (0.0, 0, False)
            is_real = memory.is_floating_point() or memory.is_complex()
            memory.fill_(floats if is_real else booleans if memory.dtype is torch.bool else integers)
        for tensor in sharing:
            stand_in = memory.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset() - first)
            if tensor.is_conj():
                stand_in = stand_in.conj()
            if tensor.is_neg():
                stand_in = torch._neg_view(stand_in)
            self._made[id(tensor)] = stand_in

    def of(self, arguments: Any) -> Any:
        """Return nested arguments with the stand-ins in their places."""
        return map_tensors(arguments, lambda tensor: self._made[id(tensor)])

    @staticmethod
    def places(args: Any, kwargs: Any, given: Any, named: Any, result: Any) -> Any:
        """Return a result; a stand-in that is handed back becomes the argument that it stands for."""
        pairs = zip(chain(given, named.values()), chain(args, kwargs.values()), strict=True)
        owners = {id(stand_in): tensor for stand_in, tensor in pairs if isinstance(stand_in, Tensor)}
        return map_tensors(result, lambda tensor: owners.get(id(tensor), tensor))


def _extent(tensor: Tensor) -> int:
    """Return the number of elements of memory from a tensor's first to its last one."""
    if not tensor.numel():
        return 0
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    return 1 + sum((size - 1) * stride for size, stride in pairs)


class _Smaller:
    """Replaces large sizes by small ones, in tensors and in numbers, equal ones by equal ones, in order."""

    def __init__(self, tensors: list[Tensor]) -> None:
        sizes = sorted({size for tensor in tensors for size in tensor.shape if size > KEPT})
        self._sizes = {size: KEPT + 1 + place for place, size in enumerate(sizes)}
        self._tensors = {id(tensor): self._tensor(tensor) for tensor in tensors}
        self.is_small = sum(tensor.numel() for tensor in self._tensors.values()) <= 16 * SMALL

    def _tensor(self, tensor: Tensor) -> Tensor:
        """Return a tensor of reduced sizes, without data, whose dims lie in memory in the same order."""
        shape = [self._sizes.get(size, size) for size in tensor.shape]
        strides, usual = [0] * len(shape), 1
        order = sorted(range(len(shape)), key=lambda dim: (tensor.stride(dim), -dim))
        for dim in order:
            if tensor.stride(dim):
                strides[dim] = usual
                usual *= max(shape[dim], 1)
        made = torch.empty_strided(shape, strides, dtype=tensor.dtype, device="meta")
        return made.conj() if tensor.is_conj() else made

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


def _described(value: Any) -> Any:
    if isinstance(value, Tensor):
        return (value.shape, value.stride(), value.dtype, value.is_conj())
    if isinstance(value, list | tuple):
        return tuple([_described(item) for item in value])
    if isinstance(value, dict):
        return tuple([(name, _described(item)) for name, item in value.items()])
    return (type(value), value)


def _lift(tensor: Tensor) -> Tensor:
    return tensor


def _on_cpu(kwargs: dict[str, Any]) -> dict[str, Any]:
    changes = {"device": _CPU, "pin_memory": False, "generator": None}
    return {name: changes.get(name, value) for name, value in kwargs.items()} if kwargs else kwargs
