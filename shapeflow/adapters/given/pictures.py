"""A picture of the user's as the tensor that a model takes: of its size, in its layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from shapeflow.adapters.given.tensors import really
from shapeflow.adapters.images import open_image
from shapeflow.recording.modules import named_modules, named_tensors

CHANNELS = (1, 3)


def picture(path: Path, before: Any, model: nn.Module) -> tuple[Any, str]:
    """Return a picture as a model takes it, and how it was made.

    It gets height, width, channels and layout of what the model would be given there otherwise. Without that
    it is ``[1, 3, H, W]``, of the ``image_size`` that the model or its configuration has, else of its own
    size. Its numbers go from 0 to 1, those of an integer dtype to 255.

    Args:
        path: the file.
        before: what the model would be given there otherwise: a tensor, or a list of them.
        model: whose parameters tell the dtype.

    Raises:
        InputError: it is no picture.
    """
    image = open_image(path)
    listed = isinstance(before, list | tuple) and bool(before) and isinstance(before[0], torch.Tensor)
    like = before[0] if listed else before
    like = like if isinstance(like, torch.Tensor) and like.dim() >= 2 else None
    channels, last = _layout(like)
    told = f"{path.name}, {image.width} x {image.height}"
    size = None
    if like is None:
        size = _declared(model) if before is None else None
    elif not listed:  # in a list each picture has a size of its own
        size = (like.shape[-3], like.shape[-2]) if last else (like.shape[-2], like.shape[-1])
    if size is not None and size != (image.height, image.width):
        image = image.resize((size[1], size[0]))
        told += f", resized to {image.width} x {image.height}"
    if channels == 1:
        image = image.convert("L")
    dtype = like.dtype if like is not None else _floating(model)
    with really():
        pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
        pixels = pixels.reshape(image.height, image.width, channels)
        tensor = pixels if last else pixels.permute(2, 0, 1).contiguous()
        tensor = (tensor.float() / 255).to(dtype) if dtype.is_floating_point else tensor.to(dtype)
        for _ in range((4 if like is None else like.dim()) - 3):
            tensor = tensor[None]
        if like is not None and like.dim() == 2:
            tensor = tensor[0]
    told += ", numbers from 0 to 1" if dtype.is_floating_point else ", numbers from 0 to 255"
    return ([tensor] if listed else tensor), told


def is_like_a_picture(value: Any) -> bool:
    """Return whether an input can be a picture: rows, columns and one or three channels."""
    if isinstance(value, list | tuple) and value:
        value = value[0]
    if not isinstance(value, torch.Tensor) or value.dim() < 3:
        return False
    return value.shape[-3] in CHANNELS or value.shape[-1] in CHANNELS


def _declared(model: nn.Module) -> tuple[int, int] | None:
    """Return the height and width that a model says that its pictures have."""
    for _, part in named_modules(model):
        config = getattr(part, "config", None)
        for owner in (part, config, getattr(config, "vision_config", None)):
            size = _pair(vars(owner).get("image_size")) if hasattr(owner, "__dict__") else None
            if size is not None:
                return size
    return None


def _pair(size: Any) -> tuple[int, int] | None:
    if type(size) is int and size > 0:
        return size, size
    if (
        isinstance(size, tuple | list)
        and len(size) == 2
        and all(type(side) is int and side > 0 for side in size)
    ):
        return size[0], size[1]
    return None


def _layout(like: torch.Tensor | None) -> tuple[int, bool]:
    """Return the number of channels, and whether they come last."""
    if like is None:
        return 3, False
    if like.dim() == 2:
        return 1, False
    if like.shape[-3] in CHANNELS:
        return int(like.shape[-3]), False
    return (int(like.shape[-1]), True) if like.shape[-1] in CHANNELS else (3, False)


def _floating(model: nn.Module) -> torch.dtype:
    found = (tensor.dtype for _, tensor in named_tensors(model) if tensor.dtype.is_floating_point)
    return next(found, torch.get_default_dtype())
