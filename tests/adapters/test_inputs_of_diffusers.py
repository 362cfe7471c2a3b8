"""Inputs for networks of diffusers: what the network itself says of them. Each is run for real."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from shapeflow.adapters.inputs.denoising import inputs_of
from shapeflow.adapters.inputs.pipelines import never_given

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


def test_settings_decide_which_conditions_are_needed() -> None:
    sizes = made(
        "HunyuanVideo15Transformer3DModel",
        in_channels=9,
        out_channels=4,
        num_attention_heads=2,
        attention_head_dim=16,
        num_layers=1,
        num_refiner_layers=1,
        text_embed_dim=24,
        text_embed_2_dim=20,
        image_embed_dim=12,
        rope_axes_dim=(4, 6, 6),
    )
    assert sizes["encoder_hidden_states"] == [2, 16, 24]
    assert sizes["encoder_hidden_states_2"] == [2, 16, 20]  # no default, and nobody asks whether it is there


def test_the_docstring_says_how_many_dims_a_text_and_a_step_have() -> None:
    sizes = made(
        "BriaFibo2Transformer2DModel",
        in_channels=4,
        dim=48,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        cap_feat_dim=40,
        injection_layer_ids=(1,),
        perceiver_num_layers=1,
        axes_dims=(8, 8, 8),
    )
    assert sizes["encoder_hidden_states"] == [2, 2, 16, 40]  # one layer, and one for each injection


def test_the_same_word_in_a_docstring_is_the_same_size() -> None:
    sizes = made(
        "MiniMaxMusic3Transformer1DModel",
        in_channels=4,
        condition_dim=24,
        num_layers=1,
        num_attention_heads=2,
        attention_head_dim=32,
    )
    assert sizes["hidden_states"] == [2, 4, 64]
    assert sizes["encoder_hidden_states"] == [2, 64, 24]


def test_channels_of_a_docstring_are_a_sum() -> None:
    sizes = made("MiniMaxMusic3ConditionEncoder", num_condition_layers=2, condition_hidden_dim=8, out_dim=16)
    assert sizes["hidden_states"][-1] == 16


def test_a_network_of_several_is_given_lists_where_its_parts_are_given_one() -> None:
    settings = {key: value for key, value in ENDS.items() if key not in ("up_block_types", "sample_size")}
    part = diffusers.ControlNetModel(**settings, conditioning_embedding_out_channels=(16, 32))
    model = diffusers.MultiControlNetModel([part, part]).eval()
    inputs = inputs_of(model)
    assert [value.ndim for value in inputs.values["controlnet_cond"]] == [4, 4]
    assert inputs.values["conditioning_scale"] == [1.0, 1.0]
    with torch.no_grad():
        model(**inputs.values)


def test_a_mask_that_no_pipeline_gives_is_not_made() -> None:
    model = diffusers.UNet2DConditionModel(**ENDS)
    inputs = inputs_of(model)
    assert "encoder_attention_mask" not in inputs.values
    assert inputs.notes == [
        "Run without encoder_attention_mask: no pipeline of diffusers gives it to UNet2DConditionModel."
    ]
    assert never_given(diffusers.UNet2DConditionModel, "encoder_attention_mask")
    assert not never_given(diffusers.PixArtTransformer2DModel, "encoder_attention_mask")
    assert not never_given(
        diffusers.SanaWMTransformer3DModel, "encoder_attention_mask"
    )  # it has another name
    own = type("OwnNetwork", (diffusers.UNet2DConditionModel,), {})
    assert not never_given(own, "encoder_attention_mask")  # no pipeline has it


@pytest.mark.parametrize(
    ("network", "settings", "given", "expected"),
    [
        (
            "FluxTransformer2DModel",
            FLUX,
            {"hidden_states": (1, 96, 4), "encoder_hidden_states": (1, 77, 24)},
            {"hidden_states": [2, 96, 4], "img_ids": [96, 3], "txt_ids": [77, 3]},
        ),
        (
            "ControlNetModel",
            {name: value for name, value in ENDS.items() if not name.startswith(("up_", "sample"))},
            {"sample": (1, 4, 32, 48)},
            {"sample": [2, 4, 32, 48], "controlnet_cond": [2, 3, 256, 384]},
        ),
        (
            "StableAudioDiTModel",
            {"num_layers": 1, "num_attention_heads": 2, "num_key_value_attention_heads": 1},
            {"hidden_states": (1, 64, 20)},
            {"hidden_states": [2, 64, 20], "rotary_embedding": [21, 32]},
        ),
    ],
)
def test_what_is_made_fits_the_sizes_that_are_given(network, settings, given, expected) -> None:
    model = getattr(diffusers, network)(**settings).eval()
    inputs = inputs_of(model, given)
    with torch.no_grad():
        model(**inputs.values)
    for name, sizes in expected.items():
        value = inputs.values[name]
        assert list((value[0] if isinstance(value, tuple) else value).shape) == sizes, name


def test_packed_patches_that_make_no_square() -> None:
    grid = inputs_of(diffusers.FluxTransformer2DModel(**FLUX), {"hidden_states": (1, 96, 4)}).values[
        "img_ids"
    ]
    assert grid[:, 1].max() == 7
    assert grid[:, 2].max() == 11
