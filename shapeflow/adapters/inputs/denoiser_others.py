"""Inputs of a network of diffusers whose names are in no table: by the docstring, or by the first layer."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from shapeflow.adapters.inputs.latents import ROWS
from shapeflow.adapters.inputs.network import OF_TEXT, SOUNDS, Network
from shapeflow.adapters.inputs.rules import Made, numbers

WHOLE = re.compile(r"(_|^)(ids?|indices|indexes|idx|indicator|tags?|labels?|types?|lens?)$")
"""Names of inputs that are whole numbers."""
MASK = re.compile(r"(.+?)_(?:attention_|order_)?mask((?:_\w+)?)$")
PADDING = 4


def make(name: str, parameter: inspect.Parameter, network: Network, values: Mapping[str, Any]) -> Made | None:
    """Return an input and how it was made, None if nothing says what it is.

    Args:
        name: of the parameter.
        parameter: of the forward.
        network: what it is for.
        values: the inputs that are there already.
    """
    annotation = str(parameter.annotation)
    if re.search(r"^<class|Tensor|_empty", annotation) is None or "dict" in annotation.lower():
        return None
    made = _mask_of(name, values) or _said(name, network) or _by_layer(name, network)
    if made is None or not re.match(r"(typing\.)?list\[", annotation, re.IGNORECASE):
        return made
    return list(made[0].unbind(0)), f"{made[1]}, a list of them"


def _mask_of(name: str, values: Mapping[str, Any]) -> Made | None:
    """Return a mask of an input of vectors that has the same name but for its ending."""
    found = MASK.match(name)
    if found is None:
        return None
    for other in (f"{found[1]}_hidden_states{found[2]}", f"{found[1]}_embeds{found[2]}", found[1]):
        value = values.get(other)
        if isinstance(value, Tensor) and value.ndim == 3:
            mask = torch.ones(value.shape[:2], dtype=torch.bool)
            mask[-1, -PADDING:] = False
            return mask, f"1 for each real vector of {other}, 0 for padding"
    return None


def _said(name: str, network: Network) -> Made | None:
    shape = network.shape_said(name)
    if shape is None:
        return None
    return _of_shape(
        name, shape, f"of the shape ({', '.join(network.dims_of(name))}) that the docstring gives"
    )


def _of_shape(name: str, shape: list[int], told: str) -> Made:
    if WHOLE.search(name):
        return torch.zeros(shape, dtype=torch.long), f"zeros {told}"
    if name.endswith("mask"):
        return torch.ones(shape, dtype=torch.bool), f"ones {told}"
    return numbers(*shape), f"random numbers {told}"


def _by_layer(name: str, network: Network) -> Made | None:
    """Return what the first layer takes that the input goes into."""
    use = network.use(name)
    told = f"random numbers as the {type(use.layer).__name__} takes them that it goes into"
    if use.width:
        count = network.words if OF_TEXT.search(name) else SOUNDS if "audio" in name else network.tokens
        return numbers(ROWS, count, use.width), f"{told}, {ROWS} x {count} vectors of {use.width:,}"
    if isinstance(use.layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        letters = {1: ("N",), 2: ("H", "W"), 3: ("F", "H", "W")}[len(use.layer.kernel_size)]
        shape = [ROWS, use.layer.in_channels, *map(network.named, letters)]
        return numbers(*shape), f"{told}, {' x '.join(map(str, shape))}"
    if isinstance(use.layer, nn.Embedding):
        return torch.zeros(ROWS, network.words, dtype=torch.long), "zeros, numbers of an embedding"
    return None
