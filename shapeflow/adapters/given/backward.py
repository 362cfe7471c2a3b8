"""A run that goes backward, too, from one number that is made of the model's outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from shapeflow.errors import NoGradient
from shapeflow.recording.ports import tensors_of


class Backward:
    """Performs a run, then the backward pass.

    It starts from the output that is called ``loss`` if there is one, else from the sum of all outputs of
    floating point that depend on something that is trained.

    Args:
        run: the run.
        called: what it calls, for messages.
    """

    def __init__(self, run: Callable[[], object], called: str) -> None:
        self._run, self._called = run, called
        self._summed: tuple[str, ...] = ()

    def __call__(self) -> object:
        """Run the model forward and backward, and return what it gave."""
        result = self._run()
        outputs = {
            f"out{place}": tensor
            for place, tensor in tensors_of(result).items()
            if tensor.requires_grad and (tensor.is_floating_point() or tensor.is_complex())
        }
        if not outputs:
            raise NoGradient(self._called)
        if "out.loss" in outputs and outputs["out.loss"].dim() == 0:
            outputs = {"out.loss": outputs["out.loss"]}
        self._summed = tuple(outputs)
        total, *others = (_number(tensor) for tensor in outputs.values())
        for other in others:
            total = total + other
        total.backward()
        return result

    def outcome(self, _: object) -> Mapping[str, Any]:
        """Return what the backward pass started from, for the trace."""
        return {"backward_from": list(self._summed)}


def _number(tensor: torch.Tensor) -> torch.Tensor:
    whole = torch.view_as_real(tensor) if tensor.is_complex() else tensor
    return whole if whole.dim() == 0 else whole.sum()
