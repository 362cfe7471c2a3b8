"""How an input is made from its name and the configuration, where no processor and no text is at hand.

A row is a pattern of names and a function; the first that matches is asked. It gives the value and a sentence
without its full stop on how it was made.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.text import ROWS, TOKENS, started, words

Made = tuple[Any, str]
Maker = Callable[[Fields], Made]

BOXES, STEPS, POINTS = 36, 8, 2
SAMPLES = 32000


def numbers(*shape: int) -> Tensor:
    """Return random numbers from 0 to 1."""
    return torch.rand(shape)


def image_size(fields: Fields, default: int = 224) -> tuple[int, int]:
    """Return height and width of the pictures that a configuration is made for."""
    size = fields.get("image_size", "input_size", "img_size", side="picture", default=default)
    if isinstance(size, dict):
        size = (size.get("height", default), size.get("width", default))
    if isinstance(size, int):
        return size, size
    return tuple(size)[-2:] if len(size) > 1 else (size[0], size[0])


def channels(fields: Fields) -> int:
    """Return how many channels a picture has."""
    return fields.number("num_channels", "in_channels", "in_chans", side="picture", default=3)


def picture(fields: Fields) -> Made:
    """Return pictures at the size of the configuration."""
    size = image_size(fields)
    shape = (ROWS, channels(fields), *size)
    return numbers(*shape), f"{ROWS} pictures of {size[1]} x {size[0]} in {shape[1]} channels, random numbers"


def video(fields: Fields) -> Made:
    """Return videos with as many frames as the configuration says."""
    size = image_size(fields)
    frames = fields.number("num_frames", "frames_per_clip", side="picture", default=8)
    value = numbers(ROWS, frames, channels(fields), *size)
    return value, f"{ROWS} videos of {frames} frames of {size[1]} x {size[0]}, random numbers"


def patches(fields: Fields) -> Made:
    """Return the patches of pictures as rows of numbers, 8 x 8 patches each."""
    patch = fields.number("patch_size", side="picture", default=14)
    width = channels(fields) * fields.number("temporal_patch_size", side="picture", default=1) * patch**2
    return numbers(ROWS * 64, width), f"{ROWS} pictures of 8 x 8 patches, random numbers"


def grid(fields: Fields) -> Made:
    """Return how many frames, rows and columns of patches each picture of ``patches`` has."""
    return torch.tensor([[1, 8, 8]] * ROWS), f"{ROWS} pictures of 1 frame, 8 rows and 8 columns of patches"


def hidden_patches(fields: Fields) -> Made:
    """Return which patches of pictures, or of videos, are to be made up: as many in each."""
    height, width = image_size(fields)
    patch = fields.number("patch_size", side="picture", default=16)
    count = (height // patch) * (width // patch)
    frames = fields.number("num_frames", side="picture", default=0)
    count *= max(frames // fields.number("tubelet_size", side="picture", default=1), 1)
    shown = count // 2
    rows = [[False] * shown + [True] * (count - shown)] * ROWS
    return torch.tensor(rows), f"the first {shown:,} of {count:,} patches are shown, the others are hidden"


def wave(fields: Fields) -> Made:
    """Return waveforms of two seconds."""
    channel = fields.number("audio_channels", side="sound", default=0)
    shape = (ROWS, channel, SAMPLES) if channel else (ROWS, SAMPLES)
    return numbers(*shape), f"{ROWS} waveforms of {SAMPLES:,} samples, random numbers"


MELS = (
    "input_dim",
    "num_mel_bins",
    "n_mels",
    "input_feat_per_channel",
    "feature_size",
    "feature_projection_input_dim",
)


def spectrogram(fields: Fields) -> Made:
    """Return spectrograms: bands first for those who count source positions, time first otherwise."""
    bands = fields.number(*MELS, side="sound", default=80)
    positions = fields.number("max_source_positions", side="sound", default=0)
    if positions and fields.get("num_mel_bins", side="sound"):
        return numbers(
            ROWS, bands, 2 * positions
        ), f"{ROWS} spectrograms of {bands} bands, {2 * positions} steps"
    return numbers(ROWS, 200, bands), f"{ROWS} spectrograms of 200 steps with {bands} bands"


def boxes(fields: Fields) -> Made:
    """Return the place of each word on a page, as LayoutLM takes it: corners from 0 to 1000."""
    rows = [[[10 + 30 * place, 20, 30 + 30 * place, 50] for place in range(TOKENS)] for _ in range(ROWS)]
    return torch.tensor(rows), f"a box for each of {TOKENS} tokens, corners from 0 to 1000"


def past(fields: Fields) -> int:
    """Return how many past steps a model of time series is given."""
    steps = fields.number("context_length", "prediction_length", default=32)
    lags: list[int] = fields.get("lags_sequence", default=[0])
    return steps + max(lags)


def series(fields: Fields) -> Made:
    """Return time series of as many steps as the model looks back."""
    if fields.get("lags_sequence") is not None:
        size = fields.number("input_size", default=1)
        shape: tuple[int, ...] = (ROWS, past(fields)) if size == 1 else (ROWS, past(fields), size)
    elif fields.get("num_input_channels") is None:
        shape = (ROWS, past(fields))
    else:
        shape = (ROWS, past(fields), fields.number("num_input_channels"))
    return numbers(*shape), f"{ROWS} time series of {shape[1]} steps"


def future(fields: Fields) -> Made:
    """Return the steps of time series that are to be predicted."""
    steps = fields.number("prediction_length", default=24)
    return numbers(ROWS, steps), f"{ROWS} time series of {steps} steps to come"


def time_features(fields: Fields, steps: int) -> Made:
    """Return what is known of each step, such as the day of the week; it may be nothing."""
    names = ("num_time_features", "num_dynamic_real_features")
    count = sum(fields.number(name, default=0) for name in names)
    return numbers(ROWS, steps, count), f"{count} features of each of {steps} steps"


def ones(value: Tensor, told: str) -> Made:
    """Return what says that everything is there."""
    return value, told


def sized(*names: str, shape: Callable[[int], tuple[int, ...]], told: str) -> Maker:
    """Return a maker of random numbers whose width is a field of the configuration."""

    def make(fields: Fields) -> Made:
        return numbers(*shape(fields.number(*names, default=32))), told

    return make


def _ids(fields: Fields) -> Made:
    text = words(fields)
    return torch.tensor(text.ids), text.made


def _decoder_ids(fields: Fields) -> Made:
    own = fields.part("answer")
    text = started(own if own.get("vocab_size") is not None else fields)
    books = fields.number("num_codebooks", side="text", default=0)
    if books:  # one row for each book of codes of each sound
        return torch.tensor(
            [row for row in text.ids for _ in range(books)]
        ), f"{text.made}, for {books} codebooks"
    streams = fields.number("num_channels", side="text", default=0) if fields.get("delay_pattern") else 0
    if streams:
        return torch.tensor([[[token] * streams for token in row] for row in text.ids]), text.made
    return torch.tensor(text.ids), text.made


def _mask(fields: Fields) -> Made:
    return torch.tensor(words(fields).mask), "1 for each real token, 0 for padding"


ROWS_OF_RULES: tuple[tuple[str, Maker], ...] = (
    (r"pixel_values|images", picture),
    (r"pixel_values_videos", video),
    (r"prompt_pixel_values", picture),
    (r"(image_)?grid_thw", grid),
    (r"input_values|input_audio|waveform", wave),
    (r"input_features|audio_mel|audio_features|speech_inputs", spectrogram),
    (r"bool_masked_pos", hidden_patches),
    (r"bbox", boxes),
    (r"(.*_)?decoder_input_ids", _decoder_ids),
    (r"((?!decoder).*_)?input_ids", _ids),
    (r"(tasks|classes)_attention_mask|attention_mask", _mask),
    (r"past_values", series),
    (r"future_values", future),
    (r"past_time_features", lambda fields: time_features(fields, past(fields))),
    (r"future_time_features", lambda f: time_features(f, f.number("prediction_length", default=24))),
    (
        r"past_observed_mask",
        lambda fields: ones(torch.ones_like(series(fields)[0]), "every step of the past was observed"),
    ),
    (
        r"past_values_padding",
        lambda fields: ones(torch.zeros(ROWS, past(fields), dtype=torch.long), "no step is padding"),
    ),
    (r"freq", lambda fields: (torch.zeros(ROWS, 1, dtype=torch.long), "the highest frequency, 0")),
    (
        r"states?",
        sized("state_dim", "max_state_dim", shape=lambda w: (ROWS, STEPS, w), told=f"{STEPS} states"),
    ),
    (r"actions", sized("act_dim", shape=lambda w: (ROWS, STEPS, w), told=f"{STEPS} actions")),
    (r"rewards|returns_to_go", lambda fields: (numbers(ROWS, STEPS, 1), f"{STEPS} rewards")),
    (r"timesteps", lambda fields: (torch.tensor([list(range(STEPS))] * ROWS), f"steps 0 to {STEPS - 1}")),
    (
        r"visual_feats|visual_embeds",
        sized(
            "visual_feat_dim",
            "visual_embedding_dim",
            shape=lambda w: (ROWS, BOXES, w),
            told=f"features of {BOXES} parts of each of {ROWS} pictures",
        ),
    ),
    (
        r"visual_pos",
        sized("visual_pos_dim", shape=lambda w: (ROWS, BOXES, w), told=f"the places of {BOXES} parts"),
    ),
    (
        r"spectrogram",
        sized(
            "model_in_dim", "num_mel_bins", shape=lambda w: (ROWS, 100, w), told="100 steps of a spectrogram"
        ),
    ),
    (
        r"decoder_input_values",
        sized("num_mel_bins", shape=lambda w: (ROWS, 20, w), told="20 steps of a spectrogram"),
    ),
    (
        r"encoder_hidden_states",
        sized(
            "encoder_hidden_size", "hidden_size", shape=lambda w: (ROWS, 32, w), told="32 vectors to look at"
        ),
    ),
    (
        r"query_embeds|inputs_embeds|noise_embeds",
        sized("hidden_size", "d_model", shape=lambda w: (ROWS, TOKENS, w), told=f"{TOKENS} vectors, random"),
    ),
)
"""Whole name of a parameter, as a pattern -> what makes it."""


def make(name: str, fields: Fields) -> Made | None:
    """Return an input by its name and how it was made, None if no rule knows the name."""
    for pattern, maker in ROWS_OF_RULES:
        if re.fullmatch(pattern, name):
            return maker(fields)
    return None
