"""Asks torch's own CPU kernels whether they take a call: they are run on stand-ins.

torch's shape formulas let through what its kernels refuse: dtypes that do not go together, masks that do not
fit, writes into memory that is read. And what both refuse they refuse in other words than a real run, which
nobody would find when searching for them. So each distinct call that a shapes-only run meets is tried once:

- as it is, if it is small: then the kernel's results also tell the true shapes, strides and dtypes;
- else with each large size replaced by a small one, equal sizes by equal ones and in the same order: what
  does not fit together does not fit then either, and the dtypes of the results are the same. A size without
  which it would not fit, such as one that is halved, stays. Only what is refused so is tried in its full
  size, on memory that is never touched, since kernels check before they compute.

What stands in has other numbers than the tensors of a real run. A refusal counts only if it comes with
several kinds of numbers, and never if torch says that it is about numbers.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.shapes_only.attempts import COMPUTED, REFUSALS, attempt
from shapeflow.recording.shapes_only.descriptions import key
from shapeflow.recording.shapes_only.stand_ins import (
    KEPT,
    HasValues,
    Smaller,
    extent,
    lift,
)
from shapeflow.recording.targets import target_name
from shapeflow.recording.torch_internals import no_torch_dispatch, no_torch_function

SMALL = 2**14
"""Elements of all arguments and of the largest result, up to which a call is tried as it is."""
CHEAP = 2**23
"""FLOPs up to which it is."""
REDUCED = 2**20
"""Elements of all arguments up to which a call of reduced sizes is tried."""

_UNTRIED = frozenset(
    {
        *("segment_reduce", "_segment_reduce_backward", "_nested_view_from_buffer", "from_file"),
        "mkldnn_rnn_layer_backward",  # of a workspace that the forward has filled
    }
)
"""Operators whose numbers say where memory is, and are not checked."""
_RECURRENT = frozenset({torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu})
_USUAL: frozenset[type] = frozenset({Tensor, torch.nn.Parameter})


@dataclass(frozen=True, slots=True)
class Reduced:
    """What a kernel gives for a call of reduced sizes."""

    dtypes: Any
    """The result with each tensor replaced by its dtype; None if nobody knows."""


class Trials:
    """Tries calls, each distinct one once.

    Args:
        has_values: tells which tensors have true values.
    """

    def __init__(self, has_values: HasValues) -> None:
        self._has_values = has_values
        self._accepted: dict[Any, Reduced] = {}

    def check(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], largest: int = 0, flops: int = 0
    ) -> Any:
        """Return what the kernel gives for stand-ins; ``Reduced`` if sizes differ, None if it was not asked.

        Args:
            func: the operator (an ``OpOverload`` of torch), or a function.
            args: its arguments, with or without data.
            kwargs: its keyword arguments.
            largest: the number of elements of its largest result.
            flops: what it takes.

        Raises:
            Exception: the kernel's own refusal.
        """
        tensors = list(tensors_of((args, kwargs)).values())
        if not _may_be_tried(func, tensors):
            return None
        if not tensors:
            return _made(func, args, kwargs, largest)
        elements = sum(map(extent, tensors))
        if elements <= SMALL and largest <= SMALL and flops <= CHEAP:
            return attempt(func, args, kwargs)
        return self._check_reduced(func, args, kwargs, tensors)

    def _check_reduced(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[Tensor]
    ) -> Reduced | None:
        smaller = _smaller(func, tensors)
        reduced = smaller.argument(args), smaller.argument(kwargs)
        try:
            description = key(func, *reduced)
            if description in self._accepted or smaller.elements > REDUCED:
                return self._accepted.get(description)
        except TypeError:  # an argument that cannot be hashed
            return None
        try:
            result = attempt(func, *reduced)
        except REFUSALS:
            result = self._check_fitting(func, args, kwargs, tensors, _formula_takes(func, *reduced))
        found = self._accepted[description] = Reduced(map_tensors(result, _dtype))
        return found

    @staticmethod
    def _check_fitting(
        func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[Tensor], fits: bool
    ) -> Any:
        """Check a call that is refused in reduced sizes; maybe it does not fit in those."""
        whole = map_tensors(args, lift), map_tensors(kwargs, lift)
        if not fits and _formula_takes(func, *whole):
            smaller = _as_small_as_fits(func, args, kwargs, tensors)
            if smaller.elements > REDUCED:
                return None
            with suppress(*REFUSALS):
                return attempt(func, smaller.argument(args), smaller.argument(kwargs))
            if sum(map(extent, tensors)) > REDUCED:  # it may be computed
                return None
        return attempt(func, args, kwargs, untouched=True)

    def check_function(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Check a call of a function; raises as ``check`` does."""
        tensors = list(tensors_of((args, kwargs)).values())
        lengths = (tensor for tensor in tensors if tensor.dtype in (torch.int64, torch.int32))
        if any(map(self._has_values, lengths)):  # they decide what fits
            if _may_be_tried(func, tensors) and sum(map(extent, tensors)) <= SMALL:
                attempt(func, args, kwargs, has_values=self._has_values)
            return
        try:
            wanted = torch.is_grad_enabled() and tuple([tensor.requires_grad for tensor in tensors])
            description = key(func, args, kwargs), wanted
            known = description in self._accepted
        except (TypeError, RuntimeError):  # what cannot be hashed, or has no strides
            return
        if not known:
            with no_torch_function(), no_torch_dispatch():  # else what has no data would look like the CPU
                self.check(func, args, kwargs)
            self._accepted[description] = Reduced(None)

    def check_numbers(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Check that the kernel takes the integers among the arguments, such as places in a table.

        Raises:
            Exception: the kernel's own refusal.
        """
        tensors = list(tensors_of((args, kwargs)).values())
        if not _may_be_tried(func, tensors):
            return
        smaller = Smaller(tensors, keep=self._has_values)
        if smaller.elements > 4 * REDUCED:
            return
        try:
            attempt(
                func,
                smaller.argument(args),
                smaller.argument(kwargs),
                has_values=self._has_values,
                untouched=True,
            )
        except REFUSALS:
            if sum(map(extent, tensors)) <= COMPUTED:
                attempt(func, args, kwargs, has_values=self._has_values, untouched=True)

    def refuse(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what a real run gives for a call that a shape formula refuses; None if that is not known.

        Raises:
            Exception: the refusal of a real run, in its words.
        """
        tensors = list(tensors_of((args, kwargs)).values())
        if not _may_be_tried(func, tensors):
            return None
        elements = sum(map(extent, tensors))
        if elements > COMPUTED and not self._refuses_reduced(func, args, kwargs, tensors):
            return None
        return attempt(func, args, kwargs, untouched=elements > SMALL, has_values=self._has_values)

    @staticmethod
    def _refuses_reduced(
        func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[Tensor]
    ) -> bool:
        """Return True if a call of reduced sizes is refused too: then the full one will not be computed."""
        smaller = _smaller(func, tensors)
        if smaller.elements > REDUCED:
            return False
        try:
            attempt(func, smaller.argument(args), smaller.argument(kwargs))
        except REFUSALS:
            return True
        return False


def _as_small_as_fits(
    func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[Tensor]
) -> Smaller:
    """Reduce the sizes, one after the other, but for those without which torch's formula refuses a call."""
    sizes = _smaller(func, tensors).sizes
    smaller = _smaller(func, tensors, left=sizes)
    for size in sorted(sizes):
        other = _smaller(func, tensors, left=sizes - smaller.sizes - {size})
        if _formula_takes(func, other.argument(args), other.argument(kwargs)):
            smaller = other
    return smaller


def _smaller(func: Any, tensors: list[Tensor], left: frozenset[int] = frozenset()) -> Smaller:
    """Replace the large sizes of a call, but for those that are left, and those of gates.

    A recurrent function cuts its weights into gates, and reads beyond the memory if there are too few rows.
    """
    if func in _RECURRENT:
        left |= {tensor.shape[0] for tensor in tensors if tensor.ndim == 2}
    return Smaller(tensors, left=left)


def _dtype(tensor: Tensor) -> torch.dtype:
    return tensor.dtype


def _formula_takes(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Return True if torch's shape formulas take a call."""
    try:
        with no_torch_function(), no_torch_dispatch():
            func(*args, **kwargs)
    except Exception:
        return False
    return True


def _made(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], largest: int) -> Any:
    """Return what a kernel makes of numbers alone; None if it was tried in a smaller size, or not at all.

    Which dtype it fills is all that it can refuse and the formula does not.
    """
    if largest <= SMALL:
        return attempt(func, args, kwargs)
    shape = next((place for place, value in enumerate(args) if isinstance(value, list)), None)
    if shape is not None:
        smaller = [min(size, KEPT) for size in args[shape]]
        attempt(func, (*args[:shape], smaller, *args[shape + 1 :]), kwargs)
    elif largest <= REDUCED:
        attempt(func, args, kwargs)
    return None


def _may_be_tried(func: Any, tensors: list[Tensor]) -> bool:
    if getattr(func, "namespace", "aten") != "aten" or target_name(func) in _UNTRIED:
        return False
    if "scaled_dot_product" in target_name(func) and not _fit_as_keys(func, tensors):
        return False
    return all(_is_usual(tensor) for tensor in tensors)


def _fit_as_keys(func: Any, tensors: list[Tensor]) -> bool:
    """Return False for what the CPU's kernels of attention do not check: they would read beyond the memory.

    Keys and values that are not as many; and in an operator another batch, or heads that keys have not.
    """
    if len(tensors) < 3 or tensors[1].shape[:-1] != tensors[2].shape[:-1]:
        return False
    query, key = (tensor.shape[-4:-2] for tensor in tensors[:2])
    is_kernel = "flash_attention" in target_name(func) and len(query) == len(key) == 2
    return not is_kernel or (query[0] == key[0] and bool(key[1]) and query[1] % key[1] == 0)


def _is_usual(tensor: Tensor) -> bool:
    if type(tensor) not in _USUAL or tensor.layout is not torch.strided:
        return False
    return not (tensor.is_quantized or tensor.is_neg())
