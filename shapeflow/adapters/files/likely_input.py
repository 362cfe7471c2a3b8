"""An input for a model of which there is only a file: what its first weights can be applied to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.files.content import OPTION
from shapeflow.adapters.request import Request
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

SIDE = 224
FRAMES = 16
LENGTH = 16
"""Of a row of tokens or samples."""


def inputs_for(
    model: Module, needed: Sequence[tuple[str, str]], request: Request
) -> tuple[tuple[Any, ...], dict[str, str]]:
    """Return what to call a model with, and how it was made.

    Args:
        model: with its weights.
        needed: name and type of each argument that its forward cannot do without.
        request: what the user wants to see run.

    Raises:
        InputError: nothing can be made up that the model may be meant for.
    """
    if not needed:
        return (), {}
    name, kind = needed[0]
    made = _likely(model) if len(needed) == 1 and kind in ("Tensor", "") else None
    if made is None and (request.inputs or request.call):
        return (), {}  # `forward.prepared` says what is still missing
    if made is None:
        wanted = ", ".join(f"{name}: {kind}" if kind else name for name, kind in needed)
        raise InputError(
            "target-inputs",
            f"'{request.target}' does not say what it is called with",
            where=OPTION,
            expected=f"forward({wanted})",
            because="a file of weights and operators has no example of its inputs",
            hint=f"--input {name}=f32[1,3,224,224], or what it takes",
        )
    tensor, how = made
    return (tensor,), {name: how}


def _likely(model: Module) -> tuple[Tensor, str] | None:
    """Return what the first module with weights can be applied to, and how it was made."""
    for module in model.modules():
        weight = getattr(module, "weight", None)
        make = BY_CLASS.get(str(getattr(module, "original_name", type(module).__name__)))
        if make is not None and weight is not None:
            tensor, what = make(tuple(weight.shape), int(getattr(module, "groups", 1)))
            name = str(getattr(module, "original_name", type(module).__name__))
            shape = ", ".join(map(str, tensor.shape))
            return tensor, f"{what} [{shape}], since the first weights are those of a {name}"
    return None


def _convolved(*sizes: int) -> Callable[[tuple[int, ...], int], tuple[Tensor, str]]:
    def make(weight: tuple[int, ...], groups: int) -> tuple[Tensor, str]:
        import torch

        return torch.rand(1, weight[1] * groups, *sizes), "random numbers"

    return make


def _multiplied(weight: tuple[int, ...], _groups: int) -> tuple[Tensor, str]:
    import torch

    return torch.rand(2, weight[1]), "random numbers"


def _looked_up(weight: tuple[int, ...], _groups: int) -> tuple[Tensor, str]:
    import torch

    numbers = [[(7 * row + 3 * column) % weight[0] for column in range(LENGTH)] for row in range(2)]
    return torch.tensor(numbers), f"numbers below {weight[0]:,}"


BY_CLASS: dict[str, Callable[[tuple[int, ...], int], tuple[Tensor, str]]] = {
    "Conv1d": _convolved(SIDE),
    "Conv2d": _convolved(SIDE, SIDE),
    "Conv3d": _convolved(FRAMES, SIDE, SIDE),
    "Linear": _multiplied,
    "Embedding": _looked_up,
}
