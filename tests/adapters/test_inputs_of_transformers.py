"""Inputs for models of transformers, by processors, signatures and configurations; each is run for real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from shapeflow.adapters.inputs import rules
from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.pretrained import Inputs, inputs_of, with_text_given
from shapeflow.adapters.inputs.samples import samples
from shapeflow.adapters.inputs.signature import called, needed, parameters_of, raises_without, unwanted
from shapeflow.adapters.inputs.text import words
from shapeflow.errors import InputError
from shapeflow.runs.execute import run

transformers = pytest.importorskip("transformers")

TEXT = {
    "vocab_size": 100,
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}
VISION = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}


def made(model: str, config: Any) -> Inputs:
    """Build a model, make its inputs, and run it with them."""
    built = getattr(transformers, model)._from_config(config).eval()
    inputs = inputs_of(built, config, samples(config, parameters_of(built.forward)))
    assert not inputs.missing
    assert set(inputs.made) == set(inputs.values)
    with torch.no_grad():
        built(**inputs.values)
    return inputs


def shapes(inputs: Inputs) -> dict[str, list[int]]:
    """Return the sizes of the inputs."""
    return {name: list(value.shape) for name, value in inputs.values.items()}


def test_text_is_padded_and_masked() -> None:
    inputs = made("BertModel", transformers.BertConfig(**TEXT))
    assert shapes(inputs) == {"input_ids": [2, 16], "attention_mask": [2, 16]}
    assert inputs.values["attention_mask"].sum(1).tolist() == [16, 12]
    assert int(inputs.values["input_ids"].max()) < 100
    assert inputs.made["input_ids"] == (
        "2 texts of 16 token ids below vocab_size 100, the second padded by 4 at its end"
    )


def test_special_tokens_stand_where_they_belong() -> None:
    text = words(Fields(transformers.BartConfig(vocab_size=50)))
    assert [row[0] for row in text.ids] == [0, 0]  # the first one of BART
    assert text.ids[0][-1] == 2
    assert text.ids[1][11:] == [2, 1, 1, 1, 1]
    assert not {0, 1, 2} & set(text.ids[0][1:-1])


def test_decoder_is_given_its_start() -> None:
    sizes = {"vocab_size": 100, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 1, "num_heads": 4}
    inputs = made("T5Model", transformers.T5Config(**sizes, decoder_start_token_id=0))
    assert shapes(inputs)["decoder_input_ids"] == [2, 8]
    assert inputs.values["decoder_input_ids"][:, 0].tolist() == [0, 0]


def test_pictures_have_the_size_of_the_configuration() -> None:
    inputs = made("ViTModel", transformers.ViTConfig(**VISION, image_size=64, patch_size=16))
    assert shapes(inputs) == {"pixel_values": [2, 3, 64, 64]}
    assert inputs.made["pixel_values"] == "as ViTImageProcessor makes them of 2 pictures of 640 x 480"


def test_detectors_are_given_a_mask_of_pixels() -> None:
    backbone = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1], out_features=["stage4"]
    )
    sizes = {f"{side}_{what}": size for side in ("encoder", "decoder") for what, size in SIDES.items()}
    config = transformers.DetrConfig(
        use_timm_backbone=False, backbone=None, backbone_config=backbone, d_model=32, num_queries=5, **sizes
    )
    assert shapes(made("DetrModel", config)) == {
        "pixel_mask": [2, 800, 1066],
        "pixel_values": [2, 3, 800, 1066],
    }


SIDES = {"layers": 1, "attention_heads": 4, "ffn_dim": 48}


def test_a_picture_becomes_as_many_tokens_as_the_model_makes_of_it() -> None:
    vision = transformers.CLIPVisionConfig(**VISION, image_size=64, patch_size=16)
    text = transformers.LlamaConfig(**TEXT, num_key_value_heads=2)
    config = transformers.LlavaConfig(vision_config=vision, text_config=text, image_token_index=99)
    inputs = made("LlavaForConditionalGeneration", config)
    assert (inputs.values["input_ids"] == 99).sum(1).tolist() == [16, 16]
    assert "16 of them for the picture" in inputs.made["input_ids"]


def test_a_grid_of_patches_goes_with_its_tokens() -> None:
    text = {**TEXT, "num_key_value_heads": 2}
    text["rope_parameters"] = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    vision = {"depth": 1, "embed_dim": 32, "hidden_size": 32, "num_heads": 4, "patch_size": 14}
    config = transformers.Qwen2VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=99,
        vision_start_token_id=97,
        vision_end_token_id=98,
    )
    inputs = made("Qwen2VLForConditionalGeneration", config)
    grid = inputs.values["image_grid_thw"]
    assert inputs.values["pixel_values"].shape[0] == grid.prod(1).sum()
    assert (inputs.values["input_ids"] == 99).sum(1).tolist() == (grid.prod(1) // 4).tolist()


NAMES = ("image_token_id", "vision_start_token_id", "vision_end_token_id")


def with_a_grid() -> Any:
    """Return the configuration of a model of pictures of any size among the words."""
    text = {**TEXT, "num_key_value_heads": 2}
    text["rope_parameters"] = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    vision = {"depth": 1, "embed_dim": 32, "hidden_size": 32, "num_heads": 4, "patch_size": 14}
    return transformers.Qwen2VLConfig(
        text_config=text, vision_config=vision, **dict(zip(NAMES, (99, 98, 97), strict=True))
    )


@pytest.mark.parametrize("given", ["input_ids", "inputs_embeds"])
def test_a_picture_goes_with_the_text_that_has_a_place_for_it(given: str) -> None:
    inputs, model = made("Qwen2VLForConditionalGeneration", with_a_grid()), nn.Module()
    with_text_given(inputs, {given, "pixel_values"}, model)
    assert "pixel_values" in inputs.values
    assert not inputs.notes
    with_text_given(inputs, {"attention_mask"}, model)
    assert "pixel_values" in inputs.values
    model.forward = lambda input_ids, pixel_values: None
    with_text_given(inputs, {given}, model)
    assert "pixel_values" in inputs.values, "it cannot do without"
    model.forward = lambda input_ids, pixel_values=None: None
    with_text_given(inputs, {given}, model)
    assert set(inputs.values) == set(inputs.made) == {"input_ids", "attention_mask"}
    assert inputs.notes == ["Run without the picture: the text that is given has no place for it."]


def test_a_picture_beside_a_text_stays_when_another_text_is_given() -> None:
    vision = transformers.CLIPVisionConfig(**VISION, image_size=64, patch_size=16)
    config = transformers.CLIPConfig(text_config=TEXT | {"eos_token_id": 2}, vision_config=vision.to_dict())
    inputs = made("CLIPModel", config)
    with_text_given(inputs, {"input_ids"}, nn.Module())
    assert "pixel_values" in inputs.values


def test_several_texts_for_each_picture_have_a_mask_each() -> None:
    vision = {**VISION, "image_size": 64, "patch_size": 16}
    text = TEXT | {"max_position_embeddings": 16, "eos_token_id": 2}
    config = transformers.OwlViTConfig(text_config=text, vision_config=vision, projection_dim=32)
    sizes = shapes(made("OwlViTForObjectDetection", config))
    assert sizes["input_ids"] == sizes["attention_mask"]
    assert sizes["input_ids"][0] == 8 * sizes["pixel_values"][0]


@pytest.mark.slow
def test_runs_on_what_is_given_and_what_is_made(tmp_path: Path) -> None:
    transformers.DetrConfig(
        encoder_layers=1, decoder_layers=1, d_model=32, encoder_ffn_dim=32, decoder_ffn_dim=32, num_queries=5
    ).save_pretrained(tmp_path / "detr")
    with_a_grid().save_pretrained(tmp_path / "grid")
    trace = run(f"transformers:{tmp_path / 'detr'}", inputs=["pixel_values=f32[1,3,64,96]"])
    made_of = trace.run.inputs["made"]
    assert made_of["pixel_mask"] == "made to fit pixel_values"
    [mask] = trace.select(".:in.pixel_mask")
    assert mask.value.shape == (1, 64, 96)
    for given in ("input_ids=i64[1,40]", "text=i64[1,9]"):
        trace = run(f"transformers:{tmp_path / 'grid'}", inputs=[given])
        assert "Run without the picture: the text that is given has no place for it." in trace.run.notes
    embeds = run(f"transformers:{tmp_path / 'grid'}", inputs=["inputs_embeds=f32[1,40,32]"])
    assert set(embeds.run.inputs["made"]) == {"inputs_embeds", "attention_mask"}


def test_what_is_to_be_made_up_are_patches() -> None:
    sizes = {"image_size": 32, "patch_size": 16, "num_frames": 4, "tubelet_size": 2}
    config = transformers.VideoMAEConfig(
        **VISION,
        **sizes,
        decoder_num_attention_heads=4,
        decoder_hidden_size=32,
        decoder_num_hidden_layers=1,
        decoder_intermediate_size=48,
    )
    inputs = made("VideoMAEForPreTraining", config)
    assert shapes(inputs) == {"pixel_values": [2, 4, 3, 32, 32], "bool_masked_pos": [2, 8]}
    assert inputs.values["bool_masked_pos"].sum(1).tolist() == [4, 4]


def test_what_does_not_fit_the_words_is_left_out_and_told() -> None:
    text = {**TEXT, "num_key_value_heads": 2}
    text["rope_parameters"] = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    vision = {"depth": 1, "embed_dim": 32, "hidden_size": 64, "num_heads": 4, "patch_size": 14}
    config = transformers.Qwen2VLConfig(text_config=text, vision_config=vision, image_token_id=99)
    inputs = made("Qwen2VLForConditionalGeneration", config)
    assert "pixel_values" not in inputs.values
    assert inputs.notes == ["Run without the picture: it becomes vectors of 64 numbers, where words have 32."]


def test_sounds_are_as_the_feature_extractor_makes_them() -> None:
    sizes = {f"{side}_{what}": size for side in ("encoder", "decoder") for what, size in SIDES.items()}
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}
    config = transformers.WhisperConfig(
        vocab_size=100, d_model=32, num_mel_bins=128, suppress_tokens=None, **sizes, **special
    )
    assert shapes(made("WhisperModel", config)) == {
        "input_features": [2, 128, 3000],
        "decoder_input_ids": [2, 8],
    }


def test_time_series_reach_as_far_back_as_their_lags() -> None:
    config = transformers.TimeSeriesTransformerConfig(
        prediction_length=4, context_length=6, lags_sequence=[1, 3], num_time_features=2, d_model=32
    )
    built = transformers.TimeSeriesTransformerModel(config)
    inputs = inputs_of(built, config, [])
    assert shapes(inputs)["past_values"] == [2, 9]
    assert shapes(inputs)["past_time_features"] == [2, 9, 2]


def test_pages_have_a_box_for_each_word() -> None:
    inputs = made("LayoutLMModel", transformers.LayoutLMConfig(**TEXT))
    assert shapes(inputs)["bbox"] == [2, 16, 4]


def test_a_signature_tells_what_is_needed() -> None:
    def forward(first: Any, second: Any = None, third: Any = None, labels: Any = None) -> None:
        if second is None:
            raise ValueError("second")
        if third is not None:
            raise ValueError("third")
        if first and labels is not None and labels is None:
            raise ValueError("never")
        for _ in ():
            if labels is None:
                raise ValueError("labels, in training")

    assert needed(forward) == ["first", "second"]
    assert unwanted(forward) == ["third"]


def test_a_docstring_tells_a_shape() -> None:
    config = transformers.MimiConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=4)
    decoder = transformers.MimiDecoderModel
    from shapeflow.adapters.inputs import documented

    value, told = documented.make("latents", decoder.forward, Fields(config)) or (None, "")
    assert value is not None
    assert value.shape[:2] == (2, 32)
    assert told.endswith("(batch_size, hidden_size, frames) that the docstring of forward gives")


def test_a_model_that_looks_for_empty_pictures_finds_none_without_their_numbers() -> None:
    vision = transformers.models.idefics2.Idefics2VisionConfig(**VISION, image_size=56, patch_size=14)
    perceiver = transformers.models.idefics2.Idefics2PerceiverConfig(
        hidden_size=32, resampler_n_latents=4, resampler_depth=1, resampler_n_heads=4, num_key_value_heads=2
    )
    text = transformers.MistralConfig(**TEXT, num_key_value_heads=2)
    config = transformers.Idefics2Config(
        vision_config=vision, perceiver_config=perceiver, text_config=text, image_token_id=99
    )
    inputs = made("Idefics2Model", config)
    assert inputs.values["pixel_values"].unique().tolist() == [0.5]
    assert "all of one grey" in inputs.made["pixel_values"]
    assert (inputs.values["input_ids"] == 99).sum(1).tolist() == [4, 4]
    assert list(inputs.values["pixel_attention_mask"].shape[-2:]) == [56, 56]


def test_a_part_that_is_not_there_is_named() -> None:
    text = transformers.Gemma4TextConfig(
        **TEXT,
        num_key_value_heads=2,
        head_dim=8,
        vocab_size_per_layer_input=100,
        hidden_size_per_layer_input=8,
    )
    inputs = made("Gemma4Model", transformers.Gemma4Config(text_config=text))
    assert "Run without the picture: vision_config is empty, so that no part of the model takes it." in (
        inputs.notes
    )


def test_what_looks_at_single_frames_is_given_them() -> None:
    config = transformers.Glm4vConfig(vision_config={"depth": 1, "hidden_size": 32, "num_heads": 4})
    made_of = samples(config, {"pixel_values": None, "image_grid_thw": None})[0].values
    assert made_of["pixel_values"].shape[1] == 3 * 2 * 14 * 14
    config = transformers.Dots3NoteVisionConfig()
    values = samples(config, {"pixel_values": None, "grid_thw": None})[0].values
    assert values["pixel_values"].shape[1] == 3 * config.patch_size**2


def test_a_special_token_that_has_no_vector_is_replaced_by_one_of_its_own() -> None:
    text = {**TEXT, "num_key_value_heads": 2}
    text["rope_parameters"] = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    vision = {"depth": 1, "embed_dim": 32, "hidden_size": 32, "num_heads": 4, "patch_size": 14}
    config = transformers.Qwen2VLConfig(text_config=text, vision_config=vision)
    inputs = made("Qwen2VLForConditionalGeneration", config)
    assert inputs.values["input_ids"].max() < 100
    assert (config.image_token_id, config.vision_start_token_id, config.vision_end_token_id) == (99, 98, 97)
    assert "image_token_id is 151,655, and there are vectors for 100 tokens: 99 is used." in inputs.notes


def test_a_coder_without_a_forward_is_run_by_its_encode() -> None:
    config = transformers.models.chameleon.ChameleonVQVAEConfig(
        base_channels=32, channel_multiplier=[1, 2], num_res_blocks=1, resolution=32, embed_dim=8
    )
    model = transformers.models.chameleon.modeling_chameleon.ChameleonVQVAE
    assert called(model) is model.encode
    assert list(parameters_of(called(model))) == ["pixel_values"]
    with torch.device("meta"):
        built = model(config)
    inputs = inputs_of(built, config, samples(config, parameters_of(called(model))))
    assert shapes(inputs) == {"pixel_values": [2, 3, 512, 512]}


def test_a_decoder_of_several_streams_is_given_a_token_for_each() -> None:
    config = transformers.DiaConfig()
    value, _ = rules.make("decoder_input_ids", Fields(config)) or (None, "")
    assert list(value.shape) == [2, 8, config.decoder_config.num_channels]


@pytest.mark.parametrize("name", ["BartForSequenceClassification", "T5ForSequenceClassification"])
def test_a_decoder_that_is_to_say_the_same_gets_the_same_text(name: str) -> None:
    trace = run(f"transformers:{name}", device="meta")
    assert trace.run.failure is None
    assert trace.run.inputs["made"]["decoder_input_ids"].startswith("the same texts, one token later")


def test_a_classifier_of_texts_is_told_which_token_pads() -> None:
    trace = run("transformers:GPT2ForSequenceClassification", device="meta")
    assert trace.run.failure is None
    assert "GPT2Config names no token that pads a text: shapeflow chose 0." in trace.run.notes


def test_what_a_forward_raises_without_and_nobody_can_make_is_named() -> None:
    with pytest.raises(InputError) as raised:
        run("transformers:DiffusionGemmaDecoderModel", device="meta")
    assert (raised.value.code, raised.value.found) == ("target-inputs", "past_key_values")


def test_what_is_put_in_the_place_of_an_argument_is_not_asked_for() -> None:
    def forward(a=None, b=None, c=None):
        if a is None:
            raise ValueError("a")
        b = b or 1
        if b is None or c is None:
            raise ValueError("b")

    assert raises_without(forward) == ["a", "c"]
