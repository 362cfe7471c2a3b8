"""The session of a model that follows things through a video: frames, and what is to be followed."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import Parameter
from typing import Any

import torch

from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.rules import Made, channels, image_size

FRAMES, HEIGHT, WIDTH = 2, 480, 640
PHRASE = 32
"""Tokens of a phrase, with its padding."""


def session(parameters: Mapping[str, Parameter], fields: Fields) -> dict[str, Made]:
    """Return the session that a forward takes and the frame that is looked at, nothing if it takes none.

    The class of the session is the annotation of the parameter. It follows what a click is on; where the
    class takes phrases, it looks for two.
    """
    taken = parameters.get("inference_session")
    if taken is None or not isinstance(taken.annotation, type):
        return {}
    size = image_size(fields, 1024)
    video = torch.rand(FRAMES, channels(fields), *size)
    made: Any = taken.annotation(video=video, video_height=HEIGHT, video_width=WIDTH, dtype=video.dtype)
    told = f"a session on a video of {FRAMES} frames of {size[1]} x {size[0]}, random numbers"
    if hasattr(made, "add_prompt"):
        for words, phrase in (([5, 6], "a cat"), ([7, 8, 9], "two dogs")):
            number = made.add_prompt(phrase)
            rest = PHRASE - len(words)
            made.prompt_input_ids[number] = torch.tensor([words + [0] * rest])
            made.prompt_attention_masks[number] = torch.tensor([[1] * len(words) + [0] * rest])
        told += ", two phrases to look for"
    else:
        place = made.obj_id_to_idx(1)
        clicked = {"point_coords": torch.full((1, 1, 1, 2), size[0] / 2)}
        clicked["point_labels"] = torch.ones(1, 1, 1, dtype=torch.int32)
        made.add_point_inputs(place, 0, clicked)
        made.obj_with_new_inputs = [1]
        told += ", one thing to follow, clicked at in the first"
    return {"inference_session": (made, told), "frame_idx": (0, "the first frame")}
