"""Inputs for networks of diffusers: what the network itself says of them. Each is run for real."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from shapeflow.adapters.inputs.denoising import inputs_of

diffusers = pytest.importorskip("diffusers")

ENDS = {
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 8,
    "sample_size": 16,
}
FLUX = {
    "num_attention_heads": 4,
    "attention_head_dim": 16,
    "num_layers": 1,
    "num_single_layers": 1,
    "in_channels": 4,
    "joint_attention_dim": 24,
    "pooled_projection_dim": 40,
    "axes_dims_rope": [4, 4, 8],
}
WAN = {
    "num_attention_heads": 4,
    "attention_head_dim": 16,
    "num_layers": 1,
    "in_channels": 4,
    "out_channels": 4,
    "text_dim": 24,
    "freq_dim": 64,
    "ffn_dim": 96,
    "rope_max_seq_len": 32,
}


def made(network: str, **sizes: Any) -> dict[str, list[int]]:
    """Build a network, run it with the inputs that are made for it, and return their sizes."""
    model = getattr(diffusers, network)(**sizes).eval()
    inputs = inputs_of(model)
    assert not inputs.missing
    assert set(inputs.made) == set(inputs.values)
    with torch.no_grad():
        model(**inputs.values)
    return {
        name: list(value.shape) for name, value in inputs.values.items() if isinstance(value, torch.Tensor)
    }


def test_unet_with_sizes_beside_the_text() -> None:
    more = {"addition_embed_type": "text_time", "addition_time_embed_dim": 8}
    sizes = made("UNet2DConditionModel", **ENDS, **more, projection_class_embeddings_input_dim=80)
    assert sizes["sample"] == [2, 4, 16, 16]
    assert sizes["encoder_hidden_states"] == [2, 16, 32]


def test_packed_patches_have_places() -> None:
    sizes = made("FluxTransformer2DModel", **FLUX)
    assert sizes["hidden_states"] == [2, 64, 4]
    assert sizes["encoder_hidden_states"] == [2, 16, 24]
    assert sizes["pooled_projections"] == [2, 40]
    assert (sizes["img_ids"], sizes["txt_ids"]) == ([64, 3], [16, 3])


def test_video_by_how_the_forward_takes_its_shape_apart() -> None:
    assert made("WanTransformer3DModel", **WAN)["hidden_states"] == [2, 4, 5, 32, 32]


def test_autoencoders_are_given_pictures() -> None:
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    assert made("AutoencoderKL", block_out_channels=(16, 32), norm_num_groups=8, **blocks) == {
        "sample": [1, 3, 256, 256]
    }


def test_control_networks_are_given_a_picture_to_follow() -> None:
    sizes = {key: value for key, value in ENDS.items() if key not in ("up_block_types", "sample_size")}
    given = made("ControlNetModel", **sizes, conditioning_embedding_out_channels=(16, 32))
    assert given["controlnet_cond"][:2] == [2, 3]
    assert given["controlnet_cond"][2] == 2 * given["sample"][2]
