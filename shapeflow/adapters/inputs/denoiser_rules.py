"""How each input of a network of diffusers is made from its name, a row of a table each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch

from shapeflow.adapters.inputs.latents import ROWS
from shapeflow.adapters.inputs.network import Network
from shapeflow.adapters.inputs.rules import Made, numbers

STEPS = (500, 250)
MASK = re.compile("encoder_attention_mask|text_attention_mask|encoder_hidden_states_mask|encoder_mask")
"""Names of masks of the text, which few networks cannot do without."""

Maker = Callable[[Network], Made | None]


def make(name: str, network: Network) -> Made | None:
    """Return an input by its name, None if it is not needed or no rule knows the name."""
    for pattern, maker in TABLE:
        if re.fullmatch(pattern, name):
            return maker(network)
    return None


def _text(network: Network) -> Made:
    count = network.words
    if type(network.model).__name__ == "PriorTransformer":
        count = network.fields.number("num_embeddings")
        return numbers(ROWS, count, network.shape[-1]), f"{ROWS} texts of {count} vectors"
    width = network.use("encoder_hidden_states").width or network.width
    said = network.shape_said("encoder_hidden_states") or []
    shape = said if len(said) > 2 else [ROWS, count, width]
    layers = f" of each of {shape[1]} layers" if len(said) == 4 and shape[1] > 1 else ""
    return numbers(*shape), f"{ROWS} texts of {shape[-2]} vectors{layers} of {shape[-1]:,} random numbers"


def _mask(kind: torch.dtype) -> Maker:
    def make_mask(network: Network) -> Made:
        count = network.words
        rows = [[1] * count, [1] * (count - 4) + [0] * 4]
        return torch.tensor(rows, dtype=kind), "1 for each real vector of the texts, 0 for padding"

    return make_mask


def _step(network: Network) -> Made:
    kind = torch.long if network.main == "sample" else torch.float32
    said = network.shape_said("timestep") or []
    if len(said) > 1:  # a step for each frame, or each patch
        steps = torch.tensor(STEPS, dtype=kind).reshape(ROWS, *[1] * (len(said) - 1)).expand(said).clone()
        return steps, f"the steps {STEPS[0]} and {STEPS[1]} of the noise, for each of {said[-1]:,} parts"
    return torch.tensor(STEPS, dtype=kind), f"the steps {STEPS[0]} and {STEPS[1]} of the noise"


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
        count = network.tokens if what == "img" else network.words
        side = network.sides[1]
        rows = [[0, place // side, place % side, 0][: len(axes)] for place in range(count)]
        if what == "txt":
            rows = [[0] * len(axes)] * count
        value = torch.tensor(rows, dtype=torch.float32)
        if type(network.model).__name__.startswith("Flux2"):
            value = value.expand(ROWS, *value.shape).clone()
        return value, f"the place of each of {count} {'patches' if what == 'img' else 'vectors of the text'}"

    return make_places


def _class_labels(network: Network) -> Made | None:
    classes = network.fields.number("num_class_embeds", "num_embeds_ada_norm", default=0)
    if not classes or (
        network.fields.get("norm_type") != "ada_norm_zero" and not network.fields.get("num_class_embeds")
    ):
        return None
    return torch.tensor([1, 2]), f"{ROWS} classes below {classes:,}"


def _added(network: Network) -> Made | None:
    """Return the conditions besides the text that some U-Nets take in a dict."""
    fields = network.fields
    kind = fields.get("addition_embed_type")
    given: dict[str, Any] = {}
    if kind == "text_time":
        width = fields.number("projection_class_embeddings_input_dim")
        text = width - 6 * fields.number("addition_time_embed_dim")
        given = {
            "text_embeds": numbers(ROWS, text),
            "time_ids": torch.tensor([[1024, 1024, 0, 0, 1024, 1024]] * ROWS),
        }
    elif kind in ("image", "text_image"):
        given = {"image_embeds": numbers(ROWS, fields.number("encoder_hid_dim", "cross_attention_dim"))}
        given |= {"text_embeds": numbers(ROWS, network.width)} if kind == "text_image" else {}
    if getattr(network.model, "use_additional_conditions", None):
        given = {
            "resolution": torch.tensor([[1024.0, 1024.0]] * ROWS),
            "aspect_ratio": torch.tensor([[1.0]] * ROWS),
        }
    elif getattr(network.model, "use_additional_conditions", None) is False:
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


def _size(*values: float, told: str) -> Maker:
    return lambda network: (torch.tensor([list(map(float, values))] * ROWS), told)


def _grid(network: Network) -> Made:
    rows, columns = network.sides
    told = f"{ROWS} pictures of 1 frame, {rows} rows and {columns} columns of patches"
    return [(1, rows, columns)] * ROWS, told


def _plain(value: Any, told: str) -> Maker:
    return lambda network: (value, told)


def _packed(name: str) -> Maker:
    def make_size(network: Network) -> Made | None:
        size = dict(zip(("height", "width"), network.sides, strict=True)).get(name, 1)
        return (size, f"{name} of the packed patches") if "tokens" in network.dims else None

    return make_size


def _padding(network: Network) -> Made:
    """Return a mask of pictures in which nothing is padding."""
    if network.main in ("hidden_states", "latents") and "height" in network.dims:
        return torch.zeros(ROWS, 1, network.size("height"), network.size("width")), "nothing is padding"
    return torch.zeros(ROWS, network.tokens, dtype=torch.bool), "nothing is padding"


def _like_main(told: str) -> Maker:
    return lambda network: (numbers(*network.shape), told)


def _rows(count: int, kind: torch.dtype, told: str) -> Maker:
    return lambda network: (torch.tensor([list(range(count))] * ROWS, dtype=kind), told)


def _rotary(network: Network) -> Made | None:
    """Return rotary positions for the networks that are given them: cosine and sine."""
    width = network.fields.number("attention_head_dim", default=0)
    if type(network.model).__name__.startswith("StableAudio"):
        shape = (network.shape[-1] + 1, width // 2)
        return (torch.ones(shape), torch.zeros(shape)), "cosine and sine of each place"
    if type(network.model).__name__.startswith("HunyuanDiT"):
        count = (network.size("height") // network.fields.number("patch_size")) ** 2
        return (torch.ones(count, width), torch.zeros(count, width)), "cosine and sine of each place"
    return None


def _whole_sound(network: Network) -> Made:
    width = network.fields.number("global_states_input_dim", "global_cond_dim")
    said = network.dims_of("global_hidden_states")
    return numbers(*([ROWS, width] if len(said) == 2 else [ROWS, 1, width])), "a vector for each sound"


def _sound_text(network: Network) -> Made:
    width = network.use("audio_encoder_hidden_states").width or network.fields.number(
        "audio_cross_attention_dim", "caption_channels", "audio_text_dim", default=64
    )
    return numbers(ROWS, network.words, width), f"{ROWS} texts of {network.words} vectors"


TABLE: tuple[tuple[str, Maker], ...] = (
    (r"timestep|timesteps|t|timestep_ratio|timestep_r|r_timestep|bb_ca_time", _step),
    (r"encoder_hidden_states|text_bth|prompt_embeds", _text),
    (MASK.pattern, _mask(torch.bool)),
    (r"pooled_projections", _field("pooled_projection_dim", "in_text_dim2", told="a vector for each text")),
    (r"pooled_embeds", _field("text_emb_dim", told="a vector for each text")),
    (r"pooled_text_emb", _field("cond_embed_dim", told="a vector for each text")),
    (
        r"clip_text_pooled",
        lambda n: (
            numbers(ROWS, 1, n.fields.number("clip_text_pooled_in_channels")),
            "a vector for each text",
        ),
    ),
    (r"global_hidden_states", _whole_sound),
    (
        r"proj_embedding",
        lambda n: (numbers(ROWS, n.fields.number("embedding_proj_dim", "embedding_dim")), "a vector"),
    ),
    (r"guidance", _guidance),
    (r"img_ids", _places("img")),
    (r"txt_ids", _places("txt")),
    (r"img_shapes", _grid),
    (r"class_labels", _class_labels),
    (r"added_cond_kwargs", _added),
    (r"controlnet_cond", _condition),
    (r"original_size|target_size", _size(1024, 1024, told="1024 x 1024")),
    (r"crop_coords", _size(0, 0, told="nothing is cut off")),
    (r"added_time_ids", _size(6, 127, 0.02, told="6 frames a second, how much moves, how much noise")),
    (r"fps", lambda n: (torch.tensor([16] * ROWS), "16 frames a second") if n.main == "sample" else None),
    (r"image_latents", _like_main("the first picture as latents")),
    (r"image_embeddings", _field("cross_attention_dim", told="a vector for each picture")),
    (r"micro_conds", _size(512, 512, 0, 0, 6, told="sizes, where it is cut off, how beautiful it is")),
    (r"padding_mask", _padding),
    (r"rotary_embedding|image_rotary_emb", _rotary),
    (r"audio_encoder_hidden_states", _sound_text),
    (r"num_frames", _packed("num_frames")),
    (r"height", _packed("height")),
    (r"width", _packed("width")),
)
"""Whole name of a parameter, as a pattern -> what makes it."""
