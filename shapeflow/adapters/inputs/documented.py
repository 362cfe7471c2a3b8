"""Inputs from what the docstring of a forward says about their shape.

transformers writes ``latents (`torch.FloatTensor` of shape `(batch_size, hidden_size, frames)`)``. The names
of dims are fields of the configuration, or words that mean the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch

from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.rules import Made, channels, image_size
from shapeflow.adapters.inputs.text import ROWS, TOKENS

DIMS: tuple[tuple[str, Callable[[Fields], int]], ...] = (
    (r"batch(_size)?|b|bsz|num_images", lambda _: ROWS),
    (r"height|image_height|h", lambda fields: image_size(fields)[0]),
    (r"width|image_width|w", lambda fields: image_size(fields)[1]),
    (r"(num_)?channels|in_channels|c", channels),
    (r"(.*_)?(sequence|seq)_?(length|len)|.*length|t|s|l", lambda _: TOKENS),
    (r"(.*_)?frames?", lambda _: TOKENS),
    (
        r"hidden_size|hidden_dim|embed_dim|dim|d_model",
        lambda f: f.number("hidden_size", default=64),
    ),
)
"""Name of a dim, as a pattern -> its size; a field of the configuration of the same name comes first."""
OTHERS = 8
"""Size of a dim of which nothing is known."""


def make(name: str, forward: Callable[..., Any], fields: Fields) -> Made | None:
    """Return an input of the shape that the docstring of a forward gives it, None if it gives none."""
    said = re.search(
        rf"^\s*{re.escape(name)} \(`(?:torch\.)?(\w+)`,? of shape `\(([^`]*?),?\)`",
        forward.__doc__ or "",
        re.MULTILINE,
    )
    if said is None:
        return None
    kind, dims = said[1], [dim.strip() for dim in said[2].split(",")]
    shape = [_size(dim, fields) for dim in dims]
    made = f"of the shape ({', '.join(dims)}) that the docstring of forward gives"
    if kind in ("LongTensor", "IntTensor") or re.search("ids?$|indices$|indexes$|_idx$", name):
        return torch.zeros(shape, dtype=torch.long), f"zeros {made}"
    if kind == "BoolTensor" or name.endswith("mask"):
        return torch.ones(shape, dtype=torch.bool), f"ones {made}"
    return torch.rand(shape), f"random numbers {made}"


def _size(dim: str, fields: Fields) -> int:
    """Return the size of a dim by its name."""
    name = dim.removeprefix("config.")
    if name.isdigit():
        return int(name)
    if name.isidentifier():
        own = fields.number(name, default=0)
        if own > 0:
            return own
    for pattern, size in DIMS:
        if re.fullmatch(pattern, name, re.IGNORECASE):
            return size(fields)
    return OTHERS
