"""Models of transformers that are parts of others: what they lack, and what they take."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from shapeflow.adapters.inputs.documented import dims_of, factor, make, size
from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.pretrained import Inputs, fixed_size, inputs_of
from shapeflow.adapters.inputs.samples import samples
from shapeflow.adapters.inputs.signature import parameters_of
from shapeflow.adapters.libraries.transformers_classes import model_class
from shapeflow.adapters.libraries.transformers_repairs import repaired

transformers = pytest.importorskip("transformers")

MUSIC = {"num_hidden_layers": 1, "hidden_size": 32, "ffn_dim": 48, "num_attention_heads": 4, "vocab_size": 90}


def run_with_made_inputs(built: Any) -> Inputs:
    """Run a model with the inputs that are made for it."""
    config = built.config
    inputs = inputs_of(built.eval(), config, samples(config, parameters_of(built.forward)))
    assert not inputs.missing
    with torch.no_grad():
        built(**inputs.values)
    return inputs


def shapes(inputs: Inputs) -> dict[str, Any]:
    """Return the sizes of the inputs."""
    return {
        name: [list(part.shape) for part in value] if isinstance(value, list | tuple) else list(value.shape)
        for name, value in inputs.values.items()
    }


def test_base_model_that_is_only_a_part_does_not_stand_for_the_whole() -> None:
    # AutoModel would build MusicgenModel, the decoder, from the configuration of all three parts.
    assert model_class(transformers.MusicgenConfig) is transformers.MusicgenForConditionalGeneration


def test_part_is_given_what_its_whole_gives_it() -> None:
    config = transformers.Pix2StructTextConfig(num_layers=1)
    assert not hasattr(config, "initializer_range")
    assert (
        "Pix2StructTextConfig has no initializer_range: 0.02 is used, as in Pix2StructConfig."
    ) in repaired(config)
    assert config.initializer_range == 0.02
    transformers.Pix2StructTextModel._from_config(config)


def test_field_that_follows_from_others_is_filled_in() -> None:
    config = transformers.MinistralConfig(hidden_size=64, num_attention_heads=4, num_hidden_layers=1)
    config.head_dim = None
    assert repaired(config) == [
        "The defaults of MinistralConfig leave head_dim empty: 16 is used, hidden_size / num_attention_heads."
    ]
    assert repaired(config) == []


def forward(self: Any, tokens: Any, codes: Any, features: Any, mask: Any) -> None:
    """Take several.

    tokens (`torch.LongTensor` of shape `(batch_size * config.num_codebooks, sequence_length)`):
        Several rows for each.
    codes (`torch.Tensor` of shape `[batch_size, number_of_tokens, dim * len(config.layer_ids)]`):
        Brackets.
    mask: Padding mask [batch_size, seq_len] where True=valid
    """


FIELDS = Fields(
    {"num_codebooks": 4, "layer_ids": [1, 5, 9], "hidden_size": 32, "inner": {"width": 7}, "length": 3}
)


def test_docstring_may_multiply() -> None:
    assert dims_of("tokens", forward) == ["batch_size * config.num_codebooks", "sequence_length"]
    assert factor("tokens", forward, FIELDS) == 4
    assert factor("codes", forward, FIELDS) == 1
    found = make("codes", forward, FIELDS)
    assert found is not None
    assert list(found[0].shape) == [2, 8, 96]
    assert found[1] == (
        "random numbers of the shape (batch_size, number_of_tokens, dim * len(config.layer_ids)) that the "
        "docstring of forward gives"
    )
    masked = make("mask", forward, FIELDS)
    assert masked is not None
    assert list(masked[0].shape) == [2, 16]
    assert masked[0].dtype == torch.bool
    assert make("features", forward, FIELDS) is None


def test_size_is_an_expression_of_fields() -> None:
    assert size("inner.width + 1", FIELDS) == 8
    assert size("num_codebooks // 2 - 1", FIELDS) == 1
    assert size("total (>= 2)", FIELDS) == 8  # not an expression, and no field: any size


def test_codes_of_a_sound_have_a_row_for_each_book() -> None:
    config = transformers.MusicgenDecoderConfig(**MUSIC, pad_token_id=80, bos_token_id=80)
    inputs = run_with_made_inputs(transformers.MusicgenModel._from_config(config))
    assert shapes(inputs)["input_ids"] == [8, 16]
    assert inputs.made["input_ids"].endswith("each 4 times, as the docstring of forward says")


def test_decoder_of_its_own_decides_on_what_it_is_given() -> None:
    from shapeflow.adapters.inputs.rules import make as by_name

    config = transformers.MusicgenConfig(decoder=MUSIC)
    found = by_name("decoder_input_ids", Fields(config))
    assert found is not None
    assert int(found[0].max()) < 90  # and not below the vocabulary of the text's encoder


def test_part_takes_what_the_parts_before_it_make() -> None:
    sizes = {"hidden_size": 32, "num_layers": 1, "num_attention_heads": 4, "intermediate_size": 48}
    config = transformers.Sam3DETREncoderConfig(**sizes)
    model = model_class(transformers.Sam3DETREncoderConfig)
    assert model is not None
    with torch.device("meta"):
        built = model._from_config(config)
    inputs = inputs_of(built, config, [])
    assert shapes(inputs) == {
        "vision_features": [[2, 32, 72, 72]],
        "vision_pos_embeds": [[2, 32, 72, 72]],
        "text_features": [2, 32, 32],
        "text_mask": [2, 32],
    }
    assert inputs.made["text_features"] == "random numbers as the forward of this network takes it"


def test_network_of_timm_inside_a_model_decides_on_the_size() -> None:
    timm = pytest.importorskip("timm")
    assert fixed_size(torch.nn.Sequential(timm.create_model("test_vit"))) == (160, 160)
    assert fixed_size(torch.nn.Linear(1, 1)) == ()


def test_everything_that_perceiver_takes_is_a_row_of_numbers() -> None:
    config = transformers.PerceiverConfig(
        num_latents=8, d_latents=32, d_model=24, num_blocks=1, num_self_attends_per_block=1,
        num_self_attention_heads=4, num_cross_attention_heads=4,
    )  # fmt: skip
    inputs = run_with_made_inputs(transformers.PerceiverModel._from_config(config))
    assert shapes(inputs)["inputs"] == [2, 16, 24]


def test_tuples_are_lists_as_in_a_config_json() -> None:
    config = transformers.MinistralConfig(hidden_size=64, num_attention_heads=4, head_dim=16)
    config.sizes = (1, 2)
    assert repaired(config) == [
        "sizes is a list here, as in a config.json, and not a tuple as in the defaults."
    ]
    assert config.sizes == [1, 2]


def test_pictures_are_made_where_no_processor_does() -> None:
    vision = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 48}
    config = transformers.VisionTextDualEncoderConfig(
        vision_config={"model_type": "vit", **vision, "image_size": 64, "patch_size": 16},
        text_config={"model_type": "bert", **vision, "vocab_size": 100},
    )
    inputs = run_with_made_inputs(transformers.VisionTextDualEncoderModel(config))
    assert shapes(inputs)["pixel_values"] == [2, 3, 64, 64]


def test_token_of_a_picture_may_have_a_second_name() -> None:
    from shapeflow.adapters.inputs.placeholders import KINDS, token_of

    config = transformers.Molmo2Config()
    assert "image_token_id" not in vars(config)
    assert token_of(torch.nn.Identity(), Fields(config), KINDS[0].tokens, []) == config.image_patch_id


def test_session_follows_a_click_through_a_video() -> None:
    from shapeflow.adapters.inputs.sessions import session

    parameters = parameters_of(transformers.Sam2VideoModel.forward)
    found = session(parameters, Fields({"image_size": 64}))
    made, told = found["inference_session"]
    assert told == (
        "a session on a video of 2 frames of 64 x 64, random numbers, one thing to follow, clicked at in the "
        "first"
    )
    assert made.num_frames == 2
    assert made.point_inputs_per_obj[0][0]["point_coords"].tolist() == [[[[32.0, 32.0]]]]
    assert found["frame_idx"] == (0, "the first frame")
    assert session(parameters_of(transformers.BertModel.forward), Fields({})) == {}


def test_session_looks_for_phrases() -> None:
    from shapeflow.adapters.inputs.sessions import session

    made, told = session(parameters_of(transformers.Sam3VideoModel.forward), Fields({"image_size": 64}))[
        "inference_session"
    ]
    assert told.endswith("two phrases to look for")
    assert [list(ids.shape) for ids in made.prompt_input_ids.values()] == [[1, 32], [1, 32]]


def test_what_is_taken_in_place_of_others_is_left_out_and_told() -> None:
    ffn = {f"{side}_{name}": size for side in ("encoder", "decoder") for name, size in FFN.items()}
    config = transformers.SeamlessM4TConfig(
        **ffn, hidden_size=32, speech_encoder_layers=1, speech_encoder_attention_heads=4, vocab_size=100,
        speech_encoder_intermediate_size=48, vocoder_config=None, t2u_vocab_size=100, num_adapter_layers=1,
        unit_embed_dim=8, lang_embed_dim=8, spkr_embed_dim=8,
        **{f"t2u_{key}": size for key, size in ffn.items()},
    )  # fmt: skip
    with torch.device("meta"):
        built = transformers.SeamlessM4TModel._from_config(config)
    inputs = inputs_of(built, config, samples(config, parameters_of(built.forward)))
    assert "input_ids" not in inputs.values
    assert inputs.values["attention_mask"].shape == inputs.values["input_features"].shape[:2]
    assert inputs.notes == ["Run without input_ids: SeamlessM4TModel takes it instead of others."]


FFN = {"layers": 1, "ffn_dim": 48, "attention_heads": 4}


def test_sounds_come_with_the_mask_that_the_forward_takes() -> None:
    config = transformers.Qwen2AudioConfig()
    found = samples(config, {"input_features": None, "feature_attention_mask": None})
    assert found[0].values["attention_mask"].sum(1).tolist() == [207, 156]


def test_tokens_of_a_sound_are_counted_from_its_mask() -> None:
    from shapeflow.adapters.inputs.placeholders import KINDS, counts

    audio = {"d_model": 32, "encoder_layers": 1, "encoder_attention_heads": 4, "encoder_ffn_dim": 48}
    text = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 48}
    config = transformers.Qwen2AudioConfig(
        audio_config=audio, text_config={"vocab_size": 160_000, **text, "num_key_value_heads": 4}
    )
    with torch.device("meta"):
        model = transformers.Qwen2AudioForConditionalGeneration._from_config(config)
    sound = next(kind for kind in KINDS if kind.called == "the sound")
    if hasattr(model, "get_audio_features"):
        pytest.skip("this transformers counts them itself")
    mask = torch.ones(2, 3000, dtype=torch.long)
    mask[1, 1500:] = 0
    assert counts(model, sound, {"feature_attention_mask": mask}) == [750, 375]
    assert counts(model, sound, {}) is None


def test_mask_of_ones_and_zeros_keeps_its_values() -> None:
    from shapeflow.adapters.inputs.fitted import fresh

    mask = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert fresh(mask).tolist() == mask.tolist()
    assert fresh(torch.tensor([[0.25, 1.0]])).tolist() != [[0.25, 1.0]]


def test_size_that_a_network_of_timm_was_built_for_comes_first() -> None:
    timm = pytest.importorskip("timm")
    assert fixed_size(torch.nn.Sequential(timm.create_model("test_vit", img_size=96))) == (96, 96)


def test_part_within_a_part_is_found() -> None:
    inner = transformers.SiglipVisionConfig(image_size=896)
    middle = transformers.T5Gemma2EncoderConfig(vision_config=inner.to_dict())
    config = transformers.T5Gemma2Config(encoder=middle)
    assert Fields(config).number("image_size", side="picture", default=0) == 896


CHOSEN = ("Molmo2Config", "Ovis2Config", "PPOCRV6SmallDetConfig", "SmolVLMConfig", "VitMatteConfig")


@pytest.mark.parametrize("name", CHOSEN)
def test_what_is_chosen_for_defaults_that_do_not_fit_is_told(name: str) -> None:
    from shapeflow.adapters.libraries.transformers_defaults import defaults

    _, notes = defaults(getattr(transformers, name))
    assert notes
    assert all(note.startswith(f"The defaults of {name} ") for note in notes)
