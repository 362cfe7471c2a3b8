"""Operators that tell what they give only by being run: they are, on zeros in the place of symbolic tensors.

Some of torch's own operators have no shape formula (``geqrf``, ``binomial``), and some read the numbers of a
few of their arguments and of no others: the losses of CTC read lengths, the encoder of ``nn.Transformer``
reads its mask. Torch checks sizes and dtypes as it does with numbers, and the result tells the shape.
Operators of other packages are not run: nobody knows what theirs depend on.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.schemas import Operator, tensors_in
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.stand_ins import lift

_TRUTHS = ("_local_scalar_dense", "item", "is_nonzero")
_ANY_NUMBERS = {"ctc_loss": (0, 1), "_ctc_loss": (0, 1), "_nested_tensor_from_mask_left_aligned": (0,)}
"""The positions of arguments whose numbers change no shape, of operators that read others."""
_LARGEST = 2**22
"""Elements that an operator is given at most."""


def of_readers(
    operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any], concrete: ConcreteValues
) -> Any:
    """Return what an operator gives that reads numbers; ``NotImplemented`` if some of those are not known."""
    if operator.name in _TRUTHS and args[0].dtype is torch.bool and args[0].numel() == 1:
        answer = concrete.checks.answer("bool")
        return NotImplemented if answer is None else answer
    free: Collection[int] = _ANY_NUMBERS.get(operator.name, ())
    if operator.name == "linalg_lstsq" and kwargs.get("driver") in (None, "gelsy"):
        free = (0, 1)  # the other drivers give as many residuals as the rank allows
    if not free:
        return NotImplemented
    rest = [value for place, value in enumerate(args) if place not in free]
    if not all(map(concrete.has_values, tensors_in((*rest, *kwargs.values())))):
        return NotImplemented
    return _run(operator, args, kwargs, concrete)


def of_formulaless(
    operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any], concrete: ConcreteValues
) -> Any:
    """Return what an operator of torch's without formula gives; ``NotImplemented`` if it cannot be run."""
    if operator.func.namespace != "aten" or operator.written(args, kwargs):
        return NotImplemented
    try:
        return _run(operator, args, kwargs, concrete)
    except (RuntimeError, NotImplementedError):  # zeros may be no numbers for it
        return NotImplemented


def _run(operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any], concrete: ConcreteValues) -> Any:
    tensors = tensors_in((*args, *kwargs.values()))
    dense = all(tensor.layout is torch.strided for tensor in tensors)
    if not dense or sum(tensor.numel() for tensor in tensors) > _LARGEST:
        return NotImplemented

    def on_the_cpu(tensor: Tensor) -> Tensor:
        if concrete.has_values(tensor):
            return concrete.values_of(tensor)
        return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype).zero_()

    state = torch.random.get_rng_state()
    try:
        with torch.no_grad():
            given = map_tensors(args, on_the_cpu), map_tensors({**kwargs}, on_the_cpu)
            if "generator" in given[1]:
                given[1]["generator"] = None
            result = operator.func(*given[0], **given[1])
            if not all(made.layout is torch.strided for made in tensors_of(result).values()):
                return NotImplemented
            return map_tensors(result, lift)
    finally:
        torch.random.set_rng_state(state)
