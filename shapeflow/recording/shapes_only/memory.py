"""Tensors of a shapes-only run that are given other memory, or are taken without their data."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from shapeflow.recording import torch_internals
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.memo import lift


def get_data(concrete: ConcreteValues, tensor: Tensor, *_: Any) -> Tensor:
    """Return what a tensor holds; that of a parameter stays symbolic under this name, too."""
    if not concrete.has_values(tensor):
        concrete.forget(tensor)
    data: Tensor = tensor.data
    return data


def set_data(concrete: ConcreteValues, tensor: Tensor, value: Tensor) -> None:
    """Replace what a tensor holds by a tensor of the other kind, which torch refuses."""
    if tensor.is_meta and not value.is_meta:
        concrete.forget(value)  # what is written through the tensor is written into it, unseen
        value = without_data(value)
    elif value.is_meta and not tensor.is_meta:
        value = torch.empty_strided(value.size(), value.stride(), dtype=value.dtype, device="cpu")
        concrete.forget(value)
    tensor.data = value


def without_data(tensor: Tensor) -> Tensor:
    """Return a tensor like this one on ``meta``, of which gradients know where it comes from."""
    with torch_internals.no_torch_function(), torch_internals.no_torch_dispatch():
        return tensor.to("meta") if tensor.requires_grad and torch.is_grad_enabled() else lift(tensor)
