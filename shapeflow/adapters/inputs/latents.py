"""What a network of diffusers works on: pictures, videos, sounds, or rows of packed patches of them.

The network itself says most of it: how its forward takes a shape apart, and which layer it meets first.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from torch import nn

from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.said import dims_said, value_of
from shapeflow.adapters.inputs.uses import use_of

ROWS, FRAMES, TEXT = 2, 5, 16
SIDE, PICTURE, SOUND = 32, 256, 32768
"""Height and width of latents, height and width of pictures, samples of a sound."""

CHANNELS = ("in_channels", "in_dim", "img_dim", "latent_channels", "channels", "audio_channels", "in_chans")
PICTURE_CHANNELS = (
    "in_channels",
    "audio_channels",
    "encoder_in_channels",
    "num_audio_channels",
    "image_channels",
)
OTHER = re.compile(
    r"text|txt|cap|context|time|temb|cond|label|guidance|pool|vace|audio|norm|mask|encoder_hid"
)
"""Names of parts that an input other than the main one goes into."""
TEXTS = re.compile(
    r"context_embed|caption_proj|text_embed|txt_in|txt_proj|encoder_hid_proj|text_proj|cap_embed|encoder_proj|"
    r"text_in|text_projector|text_emb|y_embedder|context_in|context_proj|caption_embed|text_mlp"
)

DIM_NAMES: tuple[tuple[str, str], ...] = (
    (r".*batch.*|b|bs|bsz|n", "batch"),
    (r".*channels?|c|.*_?dim|_|d", "channels"),
    (r"(.*_)?samples?(_size)?", "samples"),
    (r".*frames?|f|t|duration|.*depth|time", "frames"),
    (r".*height|h", "height"),
    (r".*width|w", "width"),
    (r".*(seq|length|len|tokens|patches|n).*", "tokens"),
)
"""Pattern of a name that a forward gives a dim -> which dim it is."""


def axes(model: nn.Module, name: str) -> list[str]:
    """Return the dims of the main input, batch first.

    As the forward, or the part that it goes through first, takes its shape apart; as the docstring says; or
    by the kind of the first layer.
    """
    forward = _source(model)
    entry = first_layer(model, name)
    packed = isinstance(entry, nn.Linear) and entry.in_features == _channels(model)
    return (
        _unpacked(forward, name)
        or (RANKS[nn.Linear] if packed else [])
        or _framed(forward, name)
        or _documented(model, name)
        or next(filter(None, (_entered(part) for part in _parts(model))), [])
        or _first_layer(model, name)
    )


def _source(module: nn.Module) -> str:
    try:
        return inspect.getsource(inspect.unwrap(type(module).forward))
    except (OSError, TypeError):
        return ""


def _parts(model: nn.Module) -> list[nn.Module]:
    """Return the parts that the main input may go through first."""
    return [part for name, part in model.named_children() if not OTHER.search(name)][:4]


def _entered(part: nn.Module) -> list[str]:
    """Return the dims as a part unpacks them from its first argument, if they are of pictures or videos."""
    try:
        first = next(iter(inspect.signature(part.forward).parameters), "")
    except (TypeError, ValueError):
        return []
    dims = _unpacked(_source(part), first)
    return dims if "height" in dims else []


def _unpacked(source: str, name: str) -> list[str]:
    """Return the dims by ``batch_size, num_channels, height, width = hidden_states.shape``."""
    found = re.search(rf"^\s*([\w, ]+,[\w, ]+) = {name}\.(?:shape|size\(\))\s*(#.*)?$", source, re.MULTILINE)
    if found is None:
        return []
    names = [part.strip() for part in found[1].split(",") if part.strip()]
    dims = ["batch", *(_dim(part) for part in names[1:])]
    return dims if len(set(dims)) == len(dims) and "channels" in dims else []


def _framed(source: str, name: str) -> list[str]:
    """Return the dims by a line that takes the frames, or height and width, out of a shape."""
    frames = re.search(rf"(num_)?frames? = {name}\.(?:shape|size\(\))\[(\d)\]", source)
    if frames:
        inner = ["channels", "frames"] if frames[2] == "2" else ["frames", "channels"]
        return ["batch", *inner, "height", "width"]
    if re.search(rf"height, width = {name}\.shape\[-2:\]", source):
        return ["batch", "channels", "height", "width"]
    return []


def _documented(model: nn.Module, name: str) -> list[str]:
    """Return the dims that the docstring of the forward gives."""
    said = dims_said(type(model).forward.__doc__ or "", name)
    dims = ["batch", *map(_dim, said[1:])]
    return dims if len(set(dims)) == len(dims) and "channels" in dims else []


def _channels(model: nn.Module) -> int:
    return Fields(getattr(model, "config", {})).number(*CHANNELS, default=0)


def _dim(name: str) -> str:
    """Return which dim a name means, or a sum or product of names: of the channels if one of them is."""
    names = re.findall(r"[A-Za-z_]+", name)
    if len(names) > 1:
        dims = [_dim(part) for part in names]
        return "channels" if "channels" in dims else dims[0]
    return next((dim for pattern, dim in DIM_NAMES if re.fullmatch(pattern, name, re.IGNORECASE)), "tokens")


RANKS = {
    nn.Conv3d: ["batch", "channels", "frames", "height", "width"],
    nn.Conv2d: ["batch", "channels", "height", "width"],
    nn.Conv1d: ["batch", "channels", "samples"],
    nn.Linear: ["batch", "tokens", "channels"],
}


def _first_layer(model: nn.Module, name: str) -> list[str]:
    """Return the dims by the kind of the first layer."""
    entry = first_layer(model, name)
    if entry is None:
        return []
    channels = _channels(model)
    if isinstance(entry, nn.Linear) and channels and entry.in_features != channels:
        film = "3D" in type(model).__name__
        return RANKS[nn.Conv3d] if film else RANKS[nn.Conv2d]
    return next(dims for kind, dims in RANKS.items() if isinstance(entry, kind))


def first_layer(model: nn.Module, name: str = "") -> Any:
    """Return the convolution or linear layer that the main input meets first.

    As the forward says; else the first that takes as many channels as the configuration says; else the first
    that is not of another input.
    """
    met = use_of(model, name).layer if name else None
    if isinstance(met, tuple(RANKS)):
        return met
    channels = _channels(model)
    layers = [
        module
        for name, module in model.named_modules()
        if isinstance(module, tuple(RANKS)) and not OTHER.search(name)
    ]
    fitting = [layer for layer in layers if channels and _width(layer) == channels]
    return next(iter(fitting or layers), None)


def _width(layer: Any) -> int:
    """Return how many channels a layer takes."""
    return int(getattr(layer, "in_features", 0) or getattr(layer, "in_channels", 0))


def picture_axes(model: nn.Module) -> list[str]:
    """Return the dims of what an autoencoder takes: videos if it has anything of three dims, or sounds."""
    try:
        source = inspect.getsource(type(model))
    except (OSError, TypeError):
        source = ""
    if re.search(r"(\w+, ){2}\w*(frames?|t|depth), (height|h), (width|w) = \w+\.shape", source):
        return RANKS[nn.Conv3d]
    layers = [module for module in model.modules() if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d))]
    return next((dims for kind, dims in RANKS.items() if layers and isinstance(layers[0], kind)), [])


def shape_of(model: nn.Module, name: str, fields: Fields, *, pictures: bool) -> tuple[list[str], list[int]]:
    """Return the dims and sizes of the main input.

    Args:
        model: the network.
        name: of the parameter.
        fields: its configuration.
        pictures: true if it takes pictures, videos or sounds themselves and not their latents.
    """
    dims = picture_axes(model) if pictures else axes(model, name)
    entry = first_layer(model, "" if pictures else name)
    channels = fields.number(*(PICTURE_CHANNELS if pictures else CHANNELS), default=0) or _width(entry) or 3
    said = dims_said(type(model).forward.__doc__ or "", name)
    if "channels" in dims and len(said) == len(dims):
        channels = value_of(said[dims.index("channels")], fields.get) or channels
    if dims[-1:] == ["channels"] and "tokens" in dims and isinstance(entry, nn.Linear):
        channels = entry.in_features
    height, wide = _sides(fields, pictures)
    sizes = {
        "batch": 1 if pictures else ROWS,
        "channels": channels,
        "frames": 9 if pictures else _frames(fields),
        "height": height,
        "width": wide,
        "tokens": 64,
        "samples": SOUND if pictures else fields.number("sample_size", default=256),
    }
    return dims, [sizes[dim] for dim in dims]


def _frames(fields: Fields) -> int:
    """Return how many frames a video has among the latents."""
    given = fields.number("video_length", default=0)
    frames, ratio = (
        fields.number("sample_frames", default=0),
        fields.number("temporal_compression_ratio", default=4),
    )
    return given or ((frames - 1) // ratio + 1 if frames else FRAMES)


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
    if isinstance(first_layer(model), nn.Conv2d) and type(model).__name__.startswith("UNet"):
        return fields.number("encoder_hid_dim", "cross_attention_dim", default=64)
    named = fields.number(
        "joint_attention_dim",
        "text_embed_dim",
        "text_dim",
        "caption_channels",
        "cap_feat_dim",
        "context_in_dim",
        "encoder_hid_dim",
        "cross_attention_input_dim",
        "text_hidden_dim",
        "encoder_hidden_size",
        "text_states_dim",
        "in_text_dim",
        "llm_feat_dim",
        "text_in_dim",
        default=0,
    )
    if named:
        return named
    for name, module in model.named_modules():
        if TEXTS.search(name) and "time" not in name and isinstance(module, nn.Linear):
            return module.in_features
    keys = [module for name, module in model.named_modules() if name.endswith("attn2.to_k")]
    crossed = [key.in_features for key in keys if isinstance(key, nn.Linear)]
    return crossed[0] if crossed else fields.number("cross_attention_dim", "hidden_size", default=64)
