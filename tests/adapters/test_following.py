"""Inputs that nobody gave agree with those that were given, whichever of them belongs to which."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from shapeflow.adapters.forward import prepared
from shapeflow.adapters.given.belonging import Names
from shapeflow.adapters.given.texts import parse_given
from shapeflow.adapters.request import Request

PICTURES = {"pixel_values": [2, 3, 800, 1066], "pixel_mask": [2, 800, 1066]}
TEXTS = {"input_ids": [2, 16], "attention_mask": [2, 16]}
BOTH = {**TEXTS, "decoder_input_ids": [2, 8], "decoder_attention_mask": [2, 8]}
ALIKE = {**TEXTS, "decoder_input_ids": [2, 16], "decoder_attention_mask": [2, 16]}
PAGES = {**TEXTS, "bbox": [2, 16, 4], "token_type_ids": [2, 16], "position_ids": [3, 2, 16]}
SOUNDS = {"input_features": [2, 80, 3000], "input_features_mask": [2, 3000], "attention_mask": [2, 205]}
PARTS = {**TEXTS, "visual_feats": [2, 36, 2048], "visual_pos": [2, 36, 4]}
DECISIONS = {"states": [2, 8, 17], "actions": [2, 8, 4], "timesteps": [2, 8], "attention_mask": [2, 8]}
PATCHES = {"hidden_states": [2, 64, 64], "encoder_hidden_states": [2, 16, 24], "timestep": [2]}
PATCHES |= {"img_ids": [64, 3], "txt_ids": [16, 3], "encoder_attention_mask": [2, 16]}
LOOKS = {"input_ids": [2, 16], "attention_mask": [2, 1, 16, 16]}
FRAMES = {"pixel_values": [2, 16, 3, 8, 8], **TEXTS}

CASES: dict[str, tuple[dict[str, list[int]], list[str], dict[str, list[int]]]] = {
    "pictures": (PICTURES, ["pixel_values=f32[1,3,256,320]"], {"pixel_mask": [1, 256, 320]}),
    "mask of pictures": (PICTURES, ["pixel_mask=i64[1,256,320]"], {"pixel_values": [1, 3, 256, 320]}),
    "text": (TEXTS, ["input_ids=i64[1,40]"], {"attention_mask": [1, 40]}),
    "mask of a text": (PAGES, ["attention_mask=i64[1,9]"], {"input_ids": [1, 9], "bbox": [1, 9, 4]}),
    "page": (
        PAGES,
        ["input_ids=i64[1,40]"],
        {"bbox": [1, 40, 4], "token_type_ids": [1, 40], "position_ids": [3, 1, 40]},
    ),
    "vectors of a text": (
        TEXTS,
        ["inputs_embeds=f32[1,40,768]"],
        {"input_ids": [], "attention_mask": [1, 40]},
    ),
    "decoder": (
        BOTH,
        ["decoder_input_ids=i64[1,5]"],
        {"decoder_attention_mask": [1, 5], "input_ids": [1, 16], "attention_mask": [1, 16]},
    ),
    "encoder and decoder": (
        ALIKE,
        ["decoder_input_ids=i64[3,5]", "input_ids=i64[3,40]"],
        {"decoder_attention_mask": [3, 5], "attention_mask": [3, 40]},
    ),
    "decoder that is to say the same": (
        ALIKE,
        ["input_ids=i64[3,40]"],
        {"decoder_input_ids": [3, 40], "decoder_attention_mask": [3, 40]},
    ),
    "a mask that there was not": (
        {**TEXTS, "decoder_input_ids": [2, 8]},
        ["decoder_attention_mask=i64[1,20]"],
        {"decoder_input_ids": [1, 20], "input_ids": [1, 16]},
    ),
    "sound": (
        SOUNDS,
        ["input_features=f32[1,80,500]"],
        {"input_features_mask": [1, 500], "attention_mask": [1, 205]},
    ),
    "parts of pictures": (PARTS, ["visual_feats=f32[2,50,2048]"], {"visual_pos": [2, 50, 4]}),
    "decisions": (
        DECISIONS,
        ["states=f32[1,30,17]"],
        {"actions": [1, 30, 4], "timesteps": [1, 30], "attention_mask": [1, 30]},
    ),
    "patches": (PATCHES, ["hidden_states=f32[1,100,64]"], {"img_ids": [100, 3], "txt_ids": [16, 3]}),
    "places of patches": (PATCHES, ["img_ids=f32[96,3]"], {"hidden_states": [2, 96, 64], "timestep": [2]}),
    "vectors to look at": (
        PATCHES,
        ["encoder_hidden_states=f32[2,77,24]"],
        {"encoder_attention_mask": [2, 77], "txt_ids": [77, 3], "img_ids": [64, 3]},
    ),
    "what looks at what": (LOOKS, ["input_ids=i64[2,9]"], {"attention_mask": [2, 1, 9, 9]}),
    "what only a mask would join": (
        {"past_values": [2, 31], "past_observed_mask": [2, 31], "past_time_features": [2, 31, 2]},
        ["past_values=f32[1,50]"],
        {"past_observed_mask": [1, 50], "past_time_features": [1, 31, 2]},
    ),
    "as many frames as tokens": (FRAMES, ["input_ids=i64[1,40]"], {"pixel_values": [1, 16, 3, 8, 8]}),
}


class Taker(nn.Module):
    """Gives back what it is given."""

    def forward(
        self, input_ids=None, pixel_values=None, hidden_states=None, **more: Any
    ) -> dict[str, torch.Tensor]:
        own = {"input_ids": input_ids, "pixel_values": pixel_values, "hidden_states": hidden_states}
        return {name: value for name, value in {**own, **more}.items() if value is not None}


def run(made: dict[str, torch.Tensor], *given: str) -> dict[str, torch.Tensor]:
    request = Request("m.py:f", "cpu", inputs=tuple(map(parse_given, given)))
    ready = prepared(Taker(), (), dict(made), request, made=dict.fromkeys(made, "made"))
    result: dict[str, torch.Tensor] = ready.run()  # type: ignore[assignment]
    assert ready.inputs["made"].keys() == result.keys()
    return result


@pytest.mark.parametrize(("made", "given", "expected"), CASES.values(), ids=CASES)
def test_what_was_made_fits_what_is_given(made, given, expected):
    result = run({name: torch.ones(sizes) for name, sizes in made.items()}, *given)
    for name, sizes in expected.items():
        assert (list(result[name].shape) if name in result else []) == sizes, name


def test_what_is_given_stays_as_it_is():
    result = run(
        {name: torch.ones(sizes) for name, sizes in ALIKE.items()}, *CASES["decoder"][1], "input_ids=i64[1,7]"
    )
    assert result["input_ids"].shape == (1, 7)
    assert result["decoder_input_ids"].shape == (1, 5)


def test_a_mask_hides_what_is_at_its_end():
    mask = torch.tensor([[1] * 16, [1] * 12 + [0] * 4])
    made = {"input_ids": torch.ones(2, 16, dtype=torch.long), "attention_mask": mask}
    for length in (8, 40):
        rows = run(made, f"input_ids=i64[2,{length}]")["attention_mask"].tolist()
        assert rows == [[1] * length, [1] * (length * 3 // 4) + [0] * (length // 4)]
    assert run(made, "input_ids=i64[3,16]")["attention_mask"].tolist() == [*mask.tolist(), [1] * 16]


def test_who_belongs_to_whom():
    sizes = {**BOTH, **PICTURES, "encoder_hidden_states": [2, 32, 9], "head_mask": [12, 12]}
    names = Names(sizes | {"batch.tokens": [2, 5], "batch.input_ids": [2, 6], "batch.padding_mask": [2, 6]})
    owners = {
        name: set(names.owners(name)) for name in ("attention_mask", "decoder_attention_mask", "pixel_mask")
    }
    assert owners == {
        "attention_mask": {"input_ids"},
        "decoder_attention_mask": {"decoder_input_ids"},
        "pixel_mask": {"pixel_values"},
    }
    assert not names.owners("head_mask")
    assert not names.owners("input_ids")
    assert names.owners("batch.padding_mask") == {"batch.input_ids"}
    assert not names.belong("attention_mask", "decoder_input_ids")
