"""What the processors of transformers make of two plain pictures, sounds or videos.

A processor is the library's own word on how an input looks: sizes, layout, masks, tables of sizes. One of the
class that belongs to a model needs no files; if the model is a folder, its own settings are read from there.
All this happens outside the shapes-only mode, on small real data, and only shapes and small numbers go on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import numpy
import torch

from shapeflow.adapters.inputs.fields import Fields

ROWS = 2
"""How many of each input there are: a batch of one could be confused with an axis left behind."""
HEIGHT, WIDTH = 480, 640
FRAMES, FRAME_HEIGHT, FRAME_WIDTH = 8, 240, 320
SECONDS = 2.07
"""208 steps of a spectrogram at 16 kHz: many encoders halve them three times."""

PICTURE = re.compile(r"pixel_values|^images?$|flattened_patches|grid_thw|grid_hw|image_patches|task_inputs")
SOUND = re.compile(r"input_values|input_features|audio_values|audio_features|audio_mel")


@dataclass(frozen=True, slots=True)
class Sample:
    """What a processor made."""

    values: Mapping[str, Any]
    """By the names that the processor gives them."""
    made: str
    """Of what, and by which processor."""


def samples(config: Any, parameters: Mapping[str, Any], folder: Path | None = None) -> list[Sample]:
    """Return what the processors of a model make, as far as its forward takes pictures, videos or sounds.

    Args:
        config: the model's configuration.
        parameters: the parameters of its forward, by name.
        folder: where the files of the model are, if it has any.
    """
    found: list[Sample] = []
    fields = Fields(config)
    with _quiet():
        if any(map(PICTURE.search, parameters)):
            films = filmed(parameters, fields)
            makers = (_videos, _pictures) if films else (_pictures,)
            found += next((made for make in makers for made in [make(fields, folder)] if made), [])
        if any(map(SOUND.search, parameters)):
            masked = any(name in parameters for name in ("feature_attention_mask", "input_features_mask"))
            found += _sounds(fields, folder, masked=masked)
    return found


def filmed(parameters: Mapping[str, Any], fields: Fields) -> bool:
    """Return whether what a model looks at are videos."""
    if "pixel_values" in parameters:
        return fields.get("num_frames", side="picture") is not None
    return "pixel_values_videos" in parameters


def _pictures(fields: Fields, folder: Path | None) -> list[Sample]:
    from PIL import Image

    drawn = numpy.random.default_rng(0).integers(0, 255, (ROWS, HEIGHT, WIDTH, 3), dtype=numpy.uint8)
    pictures = [Image.fromarray(pixels) for pixels in drawn]
    for processor in _processors("image", fields, folder):
        options = _options(processor, fields, "picture")
        for given in ([[picture] for picture in pictures], pictures):
            for more in (options, {}):
                made = _tried(processor, images=given, **more)
                if made:
                    told = (
                        f"as {type(processor).__name__} makes them of {ROWS} pictures of {WIDTH} x {HEIGHT}"
                    )
                    return [Sample(made, told)]
    return []


def _videos(fields: Fields, folder: Path | None) -> list[Sample]:
    count = fields.number("num_frames", "frames_per_clip", side="picture", default=FRAMES)
    shape = (ROWS, count, FRAME_HEIGHT, FRAME_WIDTH, 3)
    films = list(numpy.random.default_rng(0).integers(0, 255, shape, dtype=numpy.uint8))
    for processor in _processors("video", fields, folder):
        options = _options(processor, fields, "picture")
        for more in (options, {}):
            made = _tried(processor, videos=films, do_sample_frames=False, **more)
            if made:
                told = f"as {type(processor).__name__} makes them of {ROWS} videos of {count} frames"
                return [Sample(made, told)]
    if fields.get("num_frames", side="picture") is None:
        return []
    made = {"pixel_values": torch.empty(ROWS, count, 3, FRAME_HEIGHT, FRAME_HEIGHT)}
    return [Sample(made, f"{ROWS} videos of {count} frames, random numbers")]


def _sounds(fields: Fields, folder: Path | None, *, masked: bool) -> list[Sample]:
    asked = ({"return_attention_mask": True},) if masked else ()
    for processor in _processors("sound", fields, folder):
        rate = getattr(processor, "sampling_rate", 16000)
        drawn = numpy.random.default_rng(0).standard_normal((ROWS, int(rate * SECONDS)), dtype=numpy.float32)
        ragged, even = [drawn[0], drawn[1][: len(drawn[1]) * 3 // 4]], list(drawn)
        for sounds in (ragged, even):
            for more in (*asked, {}, {"padding": True}):
                made = _tried(processor, sounds, sampling_rate=rate, **more)
                if made:
                    second = "" if sounds is even else ", the second shorter"
                    told = (
                        f"as {type(processor).__name__} makes them of {ROWS} sounds of {SECONDS:g} s at "
                        f"{rate} Hz{second}"
                    )
                    return [Sample(made, told)]
    return []


def _tried(processor: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Return what a processor makes, nothing if it cannot."""
    try:
        return dict(processor(*args, **kwargs, return_tensors="pt"))
    except Exception:  # each needs something else: clusters, a program for text in pictures, another package
        return {}


def _options(processor: Any, fields: Fields, side: str) -> dict[str, Any]:
    """Return the settings that a configuration decides, by the names that a processor has for them."""
    options: dict[str, Any] = {}
    for own, names in OPTIONS.items():
        value = fields.get(*names, side=side)
        if value is not None and getattr(processor, own, None) is not None:
            options[own] = value
    if "temporal_patch_size" not in options and getattr(processor, "temporal_patch_size", None):
        options["temporal_patch_size"] = 1  # a model that has no such size takes each frame by itself
    return options


OPTIONS = {
    "patch_size": ("patch_size", "encoder_patch_size"),
    "merge_size": ("spatial_merge_size", "merge_size"),
    "temporal_patch_size": ("temporal_patch_size",),
    "image_grid_pinpoints": ("image_grid_pinpoints",),
    "max_image_tiles": ("max_num_tiles",),
}
"""Setting of a processor -> fields of a configuration that say the same."""


TABLES = {
    "image": ("image_processing_auto", "IMAGE_PROCESSOR_MAPPING_NAMES"),
    "video": ("video_processing_auto", "VIDEO_PROCESSOR_MAPPING_NAMES"),
    "sound": ("feature_extraction_auto", "FEATURE_EXTRACTOR_MAPPING_NAMES"),
}
"""Kind of processor -> where transformers says which model has which."""


def _processors(kind: str, fields: Fields, folder: Path | None) -> Iterator[Any]:
    """Yield the processors that a model may have, ready to be called, the likeliest first."""
    import transformers

    if folder is not None and (folder / "preprocessor_config.json").is_file():
        auto = {"image": "AutoImageProcessor", "video": "AutoVideoProcessor", "sound": "AutoFeatureExtractor"}
        with suppress(Exception):  # what its settings are of may be another kind of processor
            yield getattr(transformers, auto[kind]).from_pretrained(str(folder), local_files_only=True)
    bands = fields.get("num_mel_bins", side="sound")
    for name in _names(kind, fields.config):
        try:
            made = getattr(transformers, name)
            settings = signature(made.__init__).parameters
            own = next((key for key in ("num_mel_bins", "feature_size") if key in settings and bands), None)
            yield made(**({own: bands} if own and kind == "sound" else {}))
        except Exception:  # a package that it needs is not installed, or a setting has no default
            continue


def _names(kind: str, config: Any) -> Iterator[str]:
    """Yield the class names of the processors of a model, or of the one that it is a part of."""
    from importlib import import_module

    from transformers.models.auto.configuration_auto import model_type_to_module_name

    module, variable = TABLES[kind]
    table = getattr(import_module(f"transformers.models.auto.{module}"), variable)
    place = type(config).__module__.split(".")
    home = place[2] if place[:2] == ["transformers", "models"] else ""
    own = getattr(config, "model_type", "")
    types = [own] + [key for key in table if key != own and model_type_to_module_name(key) == home]
    for key in types:
        entry = table.get(key)
        entries = (
            entry.values()
            if isinstance(entry, dict)
            else entry
            if isinstance(entry, list | tuple)
            else [entry]
        )
        yield from dict.fromkeys(name for name in reversed(list(entries)) if name)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what processors say about their settings to themselves: they are not what the user asked about."""
    import warnings

    logger = logging.getLogger("transformers")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
