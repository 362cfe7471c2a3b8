"""What only one network of diffusers takes in this way, or one family; everything else goes by rules.

A tuple is the shape of random numbers: whole numbers, fields of the configuration, and these letters for
sizes of the main input: B batch, T vectors of a text, F frames, H height, W width, N packed patches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

Dim = int | str


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole numbers: all of one value, of a shape."""

    shape: tuple[Dim, ...]
    value: int = 1
    kind: torch.dtype = torch.long


@dataclass(frozen=True, slots=True)
class Several:
    """A list of tensors of random numbers of a shape."""

    count: Dim | tuple[Dim, ...]
    shape: tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class Exactly:
    """Something that is the same for all sizes."""

    value: Any


LEFT_OUT = Exactly(None)
Size = Callable[[Dim], int]
FILM = ("B", "F", "in_channels", "H", "W")
VACE = ("B", "vace_in_channels", "F", "H", "W")
DIT = {
    "encoder_hidden_states": ("B", "T", "cross_attention_dim"),
    "text_embedding_mask": Whole(("B", "T")),
    "encoder_hidden_states_t5": ("B", "text_len_t5", "cross_attention_dim_t5"),
    "text_embedding_mask_t5": Whole(("B", "text_len_t5")),
    "image_meta_size": Whole(("B", 6), 1024, torch.float32),
    "style": Whole(("B",), 0),
}
PLACES = {"visual_rope_pos": "places", "text_rope_pos": "text places"}

OWN: Mapping[str, Mapping[str, Any]] = {
    "AnyFlowTransformer3DModel": {"main": FILM},
    "AudioLDM2ProjectionModel": {
        "hidden_states": ("B", "T", "text_encoder_dim"),
        "hidden_states_1": ("B", "T", "text_encoder_1_dim"),
    },
    "AutoencoderKLMochi": {"main": (1, 3, 7, 256, 256)},
    "AutoencoderKLQwenImage21": {"main": (1, 3, 1, 256, 256)},
    "AutoencoderKLMiniMaxH3Audio": {"main": (1, 1, 32768)},
    "BriaFiboTransformer2DModel": {
        "text_encoder_layers": Several(("num_layers", "num_single_layers"), ("B", "T", "text_encoder_dim"))
    },
    "Cosmos3AVAEAudioTokenizer": {"main": (1, 2, 65536)},
    "CosmosTransformer3DModel": {"padding_mask": Whole((1, 1, "H", "W"), 0, torch.float32)},
    "ErnieImageTransformer2DModel": {"text_lens": Exactly([16, 12])},
    "GlmImageTransformer2DModel": {
        "prior_token_id": Whole(("B", 256)),
        "prior_token_drop": Whole(("B", 256), 0, torch.bool),
        "main": ("B", "in_channels", 32, 32),
    },
    "HiDreamImageTransformer2DModel": {
        "encoder_hidden_states_t5": ("B", "T", 4096),
        "encoder_hidden_states_llama3": (32, "B", "T", 4096),
        "main": ("B", "in_channels", 128, 128),
    },
    "HunyuanDiT2DModel": DIT,
    "HunyuanDiT2DControlNetModel": DIT,
    "Kandinsky5Transformer3DModel": {
        "main": ("B", "F", "H", "W", "in_visual_dim"),
        "encoder_hidden_states": ("B", "T", "in_text_dim"),
        **PLACES,
    },
    "Krea2Transformer2DModel": {
        "encoder_hidden_states": ("B", "T", "num_text_layers", "text_hidden_dim"),
        "position_ids": Whole((80, 3), 0, torch.float32),
    },
    "LatteTransformer3DModel": {"encoder_attention_mask": LEFT_OUT, "timestep": Exactly([500, 250])},
    "LTX2VideoTransformer3DModel": {
        "audio_hidden_states": ("B", "T", "audio_in_channels"),
        "audio_num_frames": Exactly(16),
    },
    "LuminaNextDiT2DModel": {"image_rotary_emb": Whole((384, 384, 36), 1, torch.complex64)},
    "MMAudioVAE": {"main": (1, 80, 256)},
    "SparseControlNetModel": {
        "main": ("B", "in_channels", "F", "H", "W"),
        "controlnet_cond": ("B", "conditioning_channels", "F", 256, 256),
        "conditioning_mask": Whole(("B", 1, "F", 256, 256), 1, torch.float32),
    },
    "StableCascadeUNet": {"timestep_ratio": Exactly([0.5, 0.25])},
    "TransformerTemporalModel": {"encoder_hidden_states": LEFT_OUT, "num_frames": Exactly(2)},
    "UVit2DModel": {"input_ids": Whole(("B", "sample_size", "sample_size"), 5)},
    "WanVACETransformer3DModel": {"control_hidden_states": VACE},
    "ZImageTransformer2DModel": {
        "x": Several("B", ("in_channels", 1, 32, 32)),
        "cap_feats": Several("B", ("T", "cap_feat_dim")),
    },
}
"""Class -> parameter -> what it is given; ``main`` stands for the main input, by its own name."""


def make(convention: Any, size: Size) -> tuple[Any, str] | None:
    """Return an input by a convention and how it was made, None for one that is left out."""
    told = "as the forward of this network takes it"
    if isinstance(convention, Exactly):
        value = convention.value
        if value is None:
            return None
        return (torch.tensor(value) if isinstance(value, list) else value), told
    if isinstance(convention, Whole):
        shape = tuple(map(size, convention.shape))
        return torch.full(shape, convention.value, dtype=convention.kind), f"{told}, all {convention.value}"
    if isinstance(convention, Several):
        counts = convention.count if isinstance(convention.count, tuple) else (convention.count,)
        many = [torch.rand(tuple(map(size, convention.shape))) for _ in range(sum(map(size, counts)))]
        return many, f"{told}, {len(many)} tensors of random numbers"
    return _places(convention, size) or (torch.rand(tuple(map(size, convention))), f"random numbers {told}")


def _places(convention: Any, size: Size) -> tuple[Any, str] | None:
    """Return where each patch, or each vector of the text, is; None if that is not what is asked for."""
    if convention == "places":
        return [torch.arange(size(dim)) for dim in ("F", "H/2", "W/2")], "the place of each patch"
    if convention == "text places":
        return torch.arange(size("T")), "the place of each vector of the text"
    return None
