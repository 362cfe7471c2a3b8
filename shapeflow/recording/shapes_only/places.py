"""What the numbers, masks and memory of arguments say of a call, beside its shapes and dtypes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from shapeflow.errors import NeedsValues
from shapeflow.recording.notation import notation
from shapeflow.recording.schemas import Operator, tensors_in
from shapeflow.recording.shapes_only.attempts import PICKING
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.trials import Trials
from shapeflow.recording.storages import address

MASKS = (torch.bool, torch.uint8)
"""Dtypes of masks, which pick where they are true."""
_PLACES = (torch.int64, torch.int32, torch.bool)
"""Dtypes of tensors that may say where in another tensor something is."""


class PlaceChecks:
    """Refuses calls for the numbers of concrete tensors, and for masks of which nobody knows what they pick.

    Args:
        concrete: tells which tensors have true values.
        trials: asks torch's kernels.
    """

    def __init__(self, concrete: ConcreteValues, trials: Trials) -> None:
        self._concrete = concrete
        self._trials = trials

    def check(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Check concrete integers that may be places in a tensor, and what is put under a mask.

        Raises:
            Exception: torch's own refusal, such as that of an index out of range.
            NeedsValues: it depends on how many places a symbolic mask picks.
        """
        if operator.name in PICKING:
            self._check_picked(operator, *args, **kwargs)
        elif not operator.is_pointwise:
            self._check_places(operator, args, kwargs)

    def check_memory(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Check a call that writes to an argument: what is written may be read, too.

        Raises:
            Exception: torch's own refusal.
        """
        tensors = tensors_in((*args, *kwargs.values()))
        if len(tensors) > 1 and len(set(map(address, tensors))) < len(tensors):
            self._trials.check(operator.func, args, kwargs)

    def _check_places(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for tensor in tensors_in((*args, *kwargs.values())):
            if tensor.dtype in _PLACES and self._concrete.has_data(tensor):
                self._trials.check_numbers(operator.func, args, kwargs)
                return

    def _check_picked(
        self,
        operator: Operator,
        tensor: Tensor,
        places: Sequence[Tensor | None],
        values: Tensor,
        *flags: Any,
        **_: Any,
    ) -> None:
        """Check that what is written fits however many places a symbolic mask picks: it is one, for all."""
        masks = [place for place in places if place is not None and place.dtype in MASKS]
        symbolic = [mask for mask in masks if not self._concrete.has_values(mask)]
        if not symbolic:
            self._check_places(operator, (tensor, places, values, *flags), {})
            return
        used = sum(place.dim() if place is not None and place.dtype in MASKS else 1 for place in places)
        inner = tensor.dim() - used
        pairs = zip(reversed(values.shape), reversed(tensor.shape[tensor.dim() - inner :]), strict=False)
        fits_inside = all(size in (1, given) for size, given in pairs)
        if not fits_inside or (values.dim() > inner and values.shape[values.dim() - inner - 1] != 1):
            raise NeedsValues("index_put", ", ".join(map(notation, (tensor, *symbolic, values))))


def check_mask(tensor: Tensor, mask: Tensor, place: int) -> None:
    """Check that a mask has the sizes of what it picks from (aten/src/ATen/native/IndexingUtils.h).

    Args:
        tensor: what it picks from.
        mask: of as many dims as it picks from.
        place: the first of these dims in the tensor.

    Raises:
        IndexError: it has other sizes, in torch's words.
    """
    for dim, size in enumerate(mask.shape):
        if place + dim >= tensor.dim():
            raise IndexError(f"too many indices for tensor of dimension {tensor.dim()}")
        if tensor.shape[place + dim] != size:
            raise IndexError(
                f"The shape of the mask {list(mask.shape)} at index {dim} does not match the shape of "
                f"the indexed tensor {list(tensor.shape)} at index {place + dim}"
            )


def with_index(function: Callable[..., Any], /, tensor: Tensor, index: Any, *value: Any) -> Any:
    """Index with lists of numbers as concrete tensors; torch would put them where the tensor is."""

    def made(item: Any) -> Any:
        is_numbers = isinstance(item, list) and item and all(type(number) in (int, bool) for number in item)
        return torch.tensor(item) if is_numbers else item

    places = tuple([made(item) for item in index]) if isinstance(index, tuple) else made(index)
    return function(tensor, places, *value)
