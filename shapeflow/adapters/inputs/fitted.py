"""What a processor made, in the sizes that a configuration asks for, and as a shapes-only run can take it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from shapeflow.adapters.inputs import rules
from shapeflow.adapters.inputs.fields import Fields, field
from shapeflow.adapters.inputs.samples import Sample

KNOWN = 65_536
"""Elements up to which a shapes-only run keeps the values of what is made of Python numbers."""


def fitted(sample: Sample, fields: Fields, fixed: Sequence[int]) -> dict[str, Any]:
    """Return what a processor made, in the sizes of the configuration.

    Args:
        sample: what it made.
        fields: the configuration.
        fixed: height and width that a network asks for whatever the configuration says; or nothing.
    """
    values: dict[str, Any] = dict(sample.values)
    sizes: dict[tuple[int, ...], Sequence[int]] = {}
    for name, value in sample.values.items():
        if isinstance(value, Tensor):
            values[name] = made = _in_size(name, value, fields, sample.values, fixed)
            if made.shape[-2:] != value.shape[-2:]:
                sizes[tuple(value.shape[-2:])] = made.shape[-2:]
    for name, value in sample.values.items():
        size = sizes.get(tuple(value.shape[-2:])) if isinstance(value, Tensor) else None
        if size and name.endswith("mask"):  # of pixels of pictures that have another size now
            values[name] = torch.ones((*value.shape[:-2], *size), dtype=value.dtype)
    return {name: fresh(value) if isinstance(value, Tensor) else value for name, value in values.items()}


def fixed_size(model: nn.Module) -> Sequence[int]:
    """Return height and width that a network of timm inside a model asks for, nothing if there is none."""
    for module in model.modules():
        size = getattr(getattr(module, "patch_embed", None), "img_size", None)
        if hasattr(module, "pretrained_cfg") and isinstance(size, tuple) and len(size) == 2:
            return size
        settings = getattr(module, "pretrained_cfg", None)
        if isinstance(settings, dict) and settings.get("fixed_input_size") and settings.get("input_size"):
            height, width = settings["input_size"][-2:]
            return int(height), int(width)
    return ()


def _in_size(
    name: str, value: Tensor, fields: Fields, values: Mapping[str, Any], fixed: Sequence[int]
) -> Tensor:
    """Return one thing that a processor made, in the size that the configuration asks for."""
    if name == "input_features" and value.dim() == 4 and not fields.get("enable_fusion"):
        return value[:, :1]
    if value.dim() == 5 and "vision" in str(fields.get("model_type")) and fields.get("num_frames") is None:
        value = value.flatten(0, 1)  # a part of a model that takes several pictures for each text
    packed = any(key in values for key in ("image_grid_thw", "target_sizes"))
    if not re.search("pixel_values|images", name) or value.dim() < 4 or packed:
        return value
    own = field(fields.config, f"{name.partition('pixel_values')[0]}vision_config")
    looking = Fields(own) if own is not None else fields  # high_res_pixel_values have a part for themselves
    channels = rules.channels(looking)
    if value.shape[-1] == channels and value.shape[-3] != channels:
        return value  # patches, with their channels last
    size: Sequence[int] = fixed or value.shape[-2:]
    # Where pictures are scaled and cut up, image_size is that of a piece.
    scaled = fields.get("scaled_images_ratios") is not None
    if looking.get("image_size", "img_size", side="picture") is not None and not scaled:
        size = rules.image_size(looking)
    return torch.empty((*value.shape[:-3], channels, *size))


def _is_mask(value: Tensor) -> bool:
    """Return whether a small tensor holds only ones and zeros, of which a model asks which are which."""
    return 0 < value.numel() <= KNOWN and bool(((value == 0) | (value == 1)).all())


def fresh(value: Tensor) -> Tensor:
    """Return a tensor of the same shape and dtype; a shapes-only run can read the numbers of a small one."""
    if value.is_floating_point() and not _is_mask(value):
        return torch.rand(value.shape, dtype=value.dtype)
    flat = value.flatten()
    if value.numel() > KNOWN and bool((flat == flat[0]).all()):
        return torch.full(value.shape, flat[0].item(), dtype=value.dtype)
    return torch.tensor(value.tolist(), dtype=value.dtype)
