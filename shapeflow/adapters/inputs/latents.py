"""What a network of diffusers works on: pictures, videos, sounds, or rows of packed patches of them.

The network itself says most of it: how its forward takes a shape apart, and which layer it meets first.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from torch import nn

from shapeflow.adapters.inputs.fields import Fields

ROWS, FRAMES, TEXT = 2, 5, 16
SIDE, PICTURE, SOUND = 32, 256, 32768
"""Height and width of latents, height and width of pictures, samples of a sound."""

CHANNELS = ("in_channels", "in_dim", "img_dim", "latent_channels", "channels", "audio_channels", "in_chans")
OTHER = re.compile(r"text|txt|cap|context|time|temb|cond|label|guidance|pool|vace|audio|norm|mask|encoder_hid")
"""Names of parts that an input other than the main one goes into."""
TEXTS = re.compile(
    r"context_embed|caption_proj|text_embed|txt_in|txt_proj|encoder_hid_proj|text_proj|cap_embed|encoder_proj|"
    r"text_in|text_projector|text_emb|y_embedder|context_in|context_proj|caption_embed|text_mlp"
)

DIM_NAMES: tuple[tuple[str, str], ...] = (
    (r".*batch.*|b|bs|bsz|n", "batch"),
    (r".*channels?|c|.*_?dim|_|d", "channels"),
    (r".*frames?|f|t|duration|.*depth|time", "frames"),
    (r".*height|h", "height"),
    (r".*width|w", "width"),
    (r".*(seq|length|len|tokens|patches|n).*", "tokens"),
)
"""Pattern of a name that a forward gives a dim -> which dim it is."""


def axes(model: nn.Module, name: str) -> list[str]:
    """Return the dims of the main input, batch first.

    As the forward unpacks its shape; else by the first layer that it goes through.
    """
    return _unpacked(model, name) or _first_layer(model)


def _unpacked(model: nn.Module, name: str) -> list[str]:
    """Return the dims by ``batch_size, num_channels, height, width = hidden_states.shape``."""
    try:
        source = inspect.getsource(inspect.unwrap(type(model).forward))
    except (OSError, TypeError):
        return []
    found = re.search(rf"^\s*([\w, ]+,[\w, ]+) = {name}\.(?:shape|size\(\))\s*(#.*)?$", source, re.MULTILINE)
    if found:
        names = [part.strip() for part in found[1].split(",")]
        dims = ["batch" if not place else _dim(part) for place, part in enumerate(names) if part]
        if len(dims) >= 4 and "channels" not in dims:
            return []
        return dims
    if re.search(rf"height, width = {name}\.shape\[-2:\]", source):
        return ["batch", "channels", "height", "width"]
    return []


def _dim(name: str) -> str:
    return next((dim for pattern, dim in DIM_NAMES if re.fullmatch(pattern, name, re.IGNORECASE)), "tokens")


RANKS = {
    nn.Conv3d: ["batch", "channels", "frames", "height", "width"],
    nn.Conv2d: ["batch", "channels", "height", "width"],
    nn.Conv1d: ["batch", "channels", "samples"],
    nn.Linear: ["batch", "tokens", "channels"],
}


def _first_layer(model: nn.Module) -> list[str]:
    """Return the dims by the kind of the first layer."""
    entry = first_layer(model)
    if entry is None:
        return []
    channels = Fields(getattr(model, "config", {})).number(*CHANNELS, default=0)
    if isinstance(entry, nn.Linear) and channels and entry.in_features != channels:
        film = "3D" in type(model).__name__
        return RANKS[nn.Conv3d] if film else RANKS[nn.Conv2d]
    return next(dims for kind, dims in RANKS.items() if isinstance(entry, kind))


def first_layer(model: nn.Module) -> Any:
    """Return the first convolution or linear layer that is not of another input."""
    for name, module in model.named_modules():
        if isinstance(module, tuple(RANKS)) and not OTHER.search(name):
            return module
    return None


def shape_of(model: nn.Module, name: str, fields: Fields, *, pictures: bool) -> tuple[list[str], list[int]]:
    """Return the dims and sizes of the main input.

    Args:
        model: the network.
        name: of the parameter.
        fields: its configuration.
        pictures: true if it takes pictures, videos or sounds themselves and not their latents.
    """
    dims = axes(model, name)
    entry = first_layer(model)
    width = getattr(entry, "in_features", None) or getattr(entry, "in_channels", None) or 4
    channels = fields.number(*CHANNELS, default=0) or width
    if dims and dims[-1] == "channels" and isinstance(entry, nn.Linear):
        channels = entry.in_features
    height, wide = _sides(fields, pictures)
    sizes = {
        "batch": 1 if pictures else ROWS,
        "channels": channels,
        "frames": fields.number("video_length", default=0) or (9 if pictures else FRAMES),
        "height": height,
        "width": wide,
        "tokens": 64,
        "samples": SOUND if pictures else fields.number("sample_size", default=256),
    }
    return dims, [sizes[dim] for dim in dims]


def _sides(fields: Fields, pictures: bool) -> tuple[int, int]:
    """Return height and width."""
    if pictures:
        return PICTURE, PICTURE
    size = fields.get("sample_size")
    if isinstance(size, list | tuple) and len(size) == 2:
        return int(size[0]), int(size[1])
    if isinstance(size, int):
        return size, size
    return fields.number("sample_height", default=SIDE), fields.number("sample_width", default=SIDE)


def text_width(model: nn.Module, fields: Fields) -> int:
    """Return how wide the vectors of a text are that a network is conditioned on."""
    for name, module in model.named_modules():
        if TEXTS.search(name) and isinstance(module, nn.Linear):
            return module.in_features
    named = fields.number(
        "joint_attention_dim",
        "text_embed_dim",
        "text_dim",
        "caption_channels",
        "cap_feat_dim",
        "context_in_dim",
        "encoder_hid_dim",
        default=0,
    )
    if named:
        return named
    keys = [module for name, module in model.named_modules() if name.endswith("attn2.to_k")]
    crossed = [key.in_features for key in keys if isinstance(key, nn.Linear)]
    return crossed[0] if crossed else fields.number("cross_attention_dim", "hidden_size", default=64)


def longest(values: Sequence[int]) -> int:
    """Return the largest of some numbers."""
    return max(values)
