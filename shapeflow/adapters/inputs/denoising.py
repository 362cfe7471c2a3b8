"""Inputs of a network of diffusers: latents, a step of the noise, a text, and what it is conditioned on besides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from shapeflow.adapters.inputs import documented
from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.latents import PICTURE, ROWS, TEXT, shape_of, text_width
from shapeflow.adapters.inputs.pretrained import Inputs
from shapeflow.adapters.inputs.rules import Made, numbers
from shapeflow.adapters.inputs.signature import needed, parameters_of

MAIN = ("hidden_states", "sample", "x", "latents", "z", "mel")
STEPS = (500, 250)
LENGTHS = (TEXT, TEXT - 4)
"""Tokens of the two texts that are real."""


@dataclass(slots=True)
class Network:
    """A network and what is known of its main input."""

    model: nn.Module
    fields: Fields
    main: str
    dims: list[str]
    shape: list[int]

    def size(self, dim: str, default: int = 1) -> int:
        """Return the size of a dim of the main input."""
        return self.shape[self.dims.index(dim)] if dim in self.dims else default

    @property
    def tokens(self) -> int:
        """Return how many packed patches there are in a row of the main input."""
        return self.size("tokens", 64)

    @property
    def width(self) -> int:
        """Return how wide the vectors of the text are."""
        return text_width(self.model, self.fields)


Maker = Callable[[Network], Made | None]


def inputs_of(model: nn.Module) -> Inputs:
    """Return inputs for a network, and how they were made.

    Args:
        model: built; its configuration is ``model.config``.
    """
    fields, inputs = Fields(getattr(model, "config", {})), Inputs()
    parameters = parameters_of(model.forward)
    required = needed(model.forward)
    main = next((name for name in MAIN if name in parameters), "")
    pictures = is_autoencoder(model)
    dims, shape = shape_of(model, main, fields, pictures=pictures) if main else ([], [])
    network = Network(model, fields, main, dims, shape)
    if main and dims:
        words = " x ".join(dim if dim == "batch" else f"{size:,} {dim}" for dim, size in zip(dims, shape))
        inputs.add(main, (numbers(*shape), f"random numbers, {words}".replace("batch", f"a batch of {ROWS}")))
    for name, parameter in parameters.items():
        if name in inputs.values:
            continue
        made = make(name, network)
        must = name in required
        if made is None and must:
            made = documented.make(name, type(model).forward, fields)
        if made is not None:
            inputs.add(name, made)
        elif must and parameter.default is parameter.empty:
            inputs.missing.append(name)
    return inputs


def is_autoencoder(model: nn.Module) -> bool:
    """Return whether a network takes pictures, videos or sounds themselves."""
    return hasattr(model, "encode") and hasattr(model, "decode")


def make(name: str, network: Network) -> Made | None:
    """Return an input by its name, None if it is not needed or no rule knows the name."""
    for pattern, maker in TABLE:
        if re.fullmatch(pattern, name):
            return maker(network)
    return None


def _text(network: Network) -> Made:
    value = numbers(ROWS, TEXT, network.width)
    return value, f"{ROWS} texts of {TEXT} vectors of {network.width:,} random numbers"


def _mask(kind: torch.dtype) -> Maker:
    def make_mask(network: Network) -> Made:
        rows = [[1] * length + [0] * (TEXT - length) for length in LENGTHS]
        return torch.tensor(rows, dtype=kind), "1 for each real vector of the texts, 0 for padding"

    return make_mask


def _step(network: Network) -> Made:
    return torch.tensor(STEPS), f"the steps {STEPS[0]} and {STEPS[1]} of the noise"


def _guidance(network: Network) -> Made | None:
    if not network.fields.get("guidance_embeds", "guidance_embedding"):
        return None
    return torch.tensor([3.5] * ROWS), "how closely the text is followed, 3.5"


def _field(*names: str, told: str) -> Maker:
    def make_vector(network: Network) -> Made | None:
        width = network.fields.number(*names, default=0)
        return (numbers(ROWS, width), f"{told}, {width:,} random numbers each") if width else None

    return make_vector


def _places(what: str) -> Maker:
    def make_places(network: Network) -> Made:
        axes = network.fields.get("axes_dims_rope", "axes_dim", "axes_dims", default=(1, 1, 1))
        count = network.tokens if what == "img" else TEXT
        side = int(count**0.5) or 1
        rows = [[0, place // side, place % side, 0][: len(axes)] for place in range(count)]
        if what == "txt":
            rows = [[0] * len(axes)] * count
        value = torch.tensor(rows, dtype=torch.float32)
        if type(network.model).__name__.startswith(("Flux2", "Flux3")):
            value = value.expand(ROWS, *value.shape).clone()
        return value, f"the place of each of {count} {'patches' if what == 'img' else 'vectors of the text'}"

    return make_places


def _class_labels(network: Network) -> Made | None:
    classes = network.fields.number("num_class_embeds", "num_embeds_ada_norm", default=0)
    if not classes or (network.fields.get("norm_type") != "ada_norm_zero" and not network.fields.get("num_class_embeds")):
        return None
    return torch.tensor([1, 2]), f"{ROWS} classes below {classes:,}"


def _added(network: Network) -> Made | None:
    """Return the conditions besides the text that some U-Nets take in a dict."""
    fields = network.fields
    kind, given = fields.get("addition_embed_type"), {}
    if kind == "text_time":
        width = fields.number("projection_class_embeddings_input_dim")
        text = width - 6 * fields.number("addition_time_embed_dim")
        given = {"text_embeds": numbers(ROWS, text), "time_ids": torch.tensor([[1024, 1024, 0, 0, 1024, 1024]] * ROWS)}
    elif kind in ("image", "text_image"):
        given = {"image_embeds": numbers(ROWS, fields.number("encoder_hid_dim", "cross_attention_dim"))}
        given |= {"text_embeds": numbers(ROWS, network.width)} if kind == "text_image" else {}
    if fields.get("use_additional_conditions") or (fields.get("caption_channels") and "Alpha" in str(fields.get("_x"))):
        given = {"resolution": torch.tensor([[1024.0, 1024.0]] * ROWS), "aspect_ratio": torch.tensor([[1.0]] * ROWS)}
    elif fields.get("use_additional_conditions") is False:
        given = {"resolution": None, "aspect_ratio": None}
    return (given, "the sizes of the picture and what else it is conditioned on") if given else None


def _condition(network: Network) -> Made:
    """Return the picture that a control network looks at."""
    if network.main == "hidden_states":
        return numbers(*network.shape), "as the latents are"
    scale = 2 ** (len(network.fields.get("conditioning_embedding_out_channels", default=(0, 0, 0, 0))) - 1)
    channels = network.fields.number("conditioning_channels", default=3)
    sides = [network.size("height", 64) * scale, network.size("width", 64) * scale]
    frames = [network.size("frames")] if "frames" in network.dims else []
    return numbers(ROWS, channels, *frames, *sides), f"{ROWS} pictures of {sides[1]} x {sides[0]}"


def _size(*values: int, told: str) -> Maker:
    return lambda network: (torch.tensor([list(map(float, values))] * ROWS), told)


def _grid(network: Network) -> Made:
    side = int(network.tokens**0.5)
    return [(1, side, side)] * ROWS, f"{ROWS} pictures of 1 frame, {side} rows and {side} columns of patches"


def _plain(value: Any, told: str) -> Maker:
    return lambda network: (value, told)


def _packed(name: str) -> Maker:
    sizes = {"num_frames": 1, "height": 8, "width": 8}
    return lambda network: (sizes[name], f"{name} of the packed patches") if "tokens" in network.dims else None


TABLE: tuple[tuple[str, Maker], ...] = (
    (r"timestep|timesteps|t|timestep_ratio|timestep_r|r_timestep", _step),
    (r"encoder_hidden_states|cap_feats|text_bth", _text),
    (r"encoder_attention_mask|text_attention_mask|encoder_hidden_states_mask|encoder_mask", _mask(torch.bool)),
    (r"pooled_projections|pooled_embeds|clip_text_pooled|pooled_text_emb|global_hidden_states",
     _field("pooled_projection_dim", "text_emb_dim", "pooled_dim", told="a vector for each text")),
    (r"guidance", _guidance),
    (r"img_ids", _places("img")),
    (r"txt_ids", _places("txt")),
    (r"img_shapes", _grid),
    (r"class_labels", _class_labels),
    (r"added_cond_kwargs", _added),
    (r"controlnet_cond", _condition),
    (r"original_size|target_size", _size(1024, 1024, told="1024 x 1024")),
    (r"crop_coords", _size(0, 0, told="nothing is cut off")),
    (r"num_frames", _packed("num_frames")),
    (r"height", _packed("height")),
    (r"width", _packed("width")),
)
"""Whole name of a parameter, as a pattern -> what makes it."""

__all__ = ["PICTURE", "Mapping", "Tensor", "inputs_of", "is_autoencoder"]
