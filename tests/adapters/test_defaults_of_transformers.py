"""Defaults of classes of configurations that make no model, and what is chosen for them."""

from __future__ import annotations

from typing import Any

import pytest

from shapeflow.adapters.libraries import transformers_defaults
from shapeflow.adapters.libraries.transformers_defaults import defaults

transformers = pytest.importorskip("transformers")


def test_defaults_that_make_a_model_are_left_alone() -> None:
    made, notes = defaults(transformers.BertConfig)
    assert made.to_dict() == transformers.BertConfig().to_dict()
    assert notes == []


def test_what_is_empty_is_filled_and_told() -> None:
    made, notes = defaults(transformers.InformerConfig)
    assert (made.prediction_length, made.context_length) == (24, 24)
    assert "The defaults of InformerConfig leave prediction_length empty: shapeflow chose 24." in notes


def test_what_does_not_fit_is_chosen_and_both_values_are_told() -> None:
    made, notes = defaults(transformers.AyaVisionConfig)
    vision = made.vision_config
    assert vision.hidden_size % vision.num_attention_heads == 0
    assert notes == [
        "The defaults of AyaVisionConfig do not fit together: vision_config.num_attention_heads is 14 there, "
        "and shapeflow chose 16."
    ]


def test_sizes_of_a_part_are_chosen_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: Any = {"CLIPVisionConfig": {"patch_size": 16, "depths": [2, 2, 2, 4]}}
    monkeypatch.setattr(transformers_defaults, "SIZES", sizes)
    made, notes = defaults(transformers.CLIPConfig)
    assert made.vision_config.patch_size == 16
    assert notes == [
        "The defaults of CLIPConfig do not fit together: vision_config.patch_size is 32 there, "
        "and shapeflow chose 16.",
        "The defaults of CLIPConfig leave vision_config.depths empty: shapeflow chose 3 x 2, 4.",
    ]


def test_a_class_that_checks_its_parts_is_built_with_what_is_chosen() -> None:
    made, notes = defaults(transformers.Gemma4AssistantConfig)
    assert made.text_config.hidden_size_per_layer_input == 0
    assert notes[0] == (
        "The defaults of Gemma4AssistantConfig do not make a model: "
        "shapeflow chose text_config.hidden_size_per_layer_input = 0."
    )


def test_fields_that_follow_from_what_is_chosen_are_worked_out() -> None:
    made, notes = defaults(transformers.LwDetrConfig)
    assert made.num_feature_levels == 1
    assert "The defaults of LwDetrConfig leave projector_scale_factors empty: shapeflow chose 1.0." in notes


def test_what_a_picture_becomes_is_as_wide_as_a_word() -> None:
    made, notes = defaults(transformers.ColQwen2Config)
    inner = made.vlm_config
    assert inner.vision_config.hidden_size == inner.text_config.hidden_size == 8192
    assert notes == [
        "The defaults of ColQwen2Config do not fit together: vlm_config.vision_config.hidden_size is 3,584 "
        "there, and shapeflow chose 8,192."
    ]


def test_a_run_on_random_weights_is_kept_short_and_says_so() -> None:
    config = transformers.LightGlueConfig()
    notes = transformers_defaults.shortened(config)
    assert config.keypoint_detector_config.max_keypoints == 512
    assert notes == [
        "With random weights this run would be long: keypoint_detector_config.max_keypoints of "
        "LightGlueConfig is -1 by itself, and shapeflow chose 512.",
        "With --checkpoint these are as the model has them.",
    ]
    assert transformers_defaults.shortened(transformers.BertConfig()) == []
