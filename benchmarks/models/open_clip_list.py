"""The towers of open_clip in its own configurations, made shallow and narrow."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from benchmarks.models.build import Built, Entry, ids

NAMES = """
ViT-S-32 ViT-S-32-alt ViT-M-16 ViT-B-32-quickgelu ViT-B-16-plus ViT-H-14-CLIPA RN50 coca_ViT-B-32
ViTamin-S ViT-B-16-SigLIP
"""
"""One for each way in which pictures and text are read."""


def entries() -> Iterator[Entry]:
    """Yield a model for each configuration."""
    for name in NAMES.split():
        yield Entry(name, "text and picture", "open_clip", partial(build, name))


def build(name: str) -> Built:
    """Build a model with two layers in each transformer, and a picture and words for it."""
    import open_clip
    from open_clip.factory import get_model_config

    config: dict[str, Any] = copy.deepcopy(get_model_config(name))
    vision, text = config["vision_cfg"], config["text_cfg"]
    if isinstance(vision.get("layers"), int):
        vision["layers"] = 2
    for part in (text, config.get("multimodal_cfg", {})):
        if "layers" in part:
            part["layers"] = 2
    text |= {"vocab_size": 100, "hf_tokenizer_name": None}
    has_own_text = config.pop("custom_text", False)
    made = open_clip.CLIP if not has_own_text else open_clip.CustomTextCLIP
    if "multimodal_cfg" in config:
        made = open_clip.CoCa
    model = made(**config).eval()
    side = vision["image_size"]
    length = text["context_length"]
    return model, {"image": torch.rand(1, 3, side, side), "text": ids(1, length)["input_ids"]}
