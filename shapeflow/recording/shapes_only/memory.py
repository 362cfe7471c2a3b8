"""Tensors of a shapes-only run that are given other memory, or are taken without their gradients."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.memo import Layout
from shapeflow.recording.shapes_only.stand_ins import lift


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
        value = lift(value)
    elif value.is_meta and not tensor.is_meta:
        value = concrete.untouched(Layout(value.size(), value.stride(), value.dtype))
    tensor.data = value
