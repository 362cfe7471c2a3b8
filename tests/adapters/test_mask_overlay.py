"""The picture of the best masks, and how the result of a run joins the trace."""

from __future__ import annotations

import base64
import io
from typing import Any

import torch
from PIL import Image
from torch import nn

from shapeflow.adapters.base import Prepared
from shapeflow.adapters.mask_overlay import COLOURS, overlay
from shapeflow.recording import run


def picture(masks: torch.Tensor, scores: torch.Tensor) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(overlay(masks, scores))))


def test_the_best_mask_is_on_top_and_the_rest_is_transparent() -> None:
    masks = torch.zeros(2, 1, 90, 160, dtype=torch.bool)
    masks[0, 0, :, :80] = True
    masks[1, 0, :, 40:80] = True
    image = picture(masks, torch.tensor([0.6, 0.9]))
    assert image.mode == "RGBA"
    assert image.width / image.height == 160 / 90
    assert image.getpixel((180, 100)) == (*COLOURS[0], 255)  # where both are: the one of the higher score
    assert image.getpixel((30, 100)) == (*COLOURS[1], 255)
    assert image.getpixel((400, 100))[3] == 0


def test_no_more_masks_than_colours() -> None:
    masks = torch.ones(9, 1, 4, 4, dtype=torch.bool)
    image = picture(masks, torch.arange(9.0))
    assert image.getpixel((0, 0)) == (*COLOURS[0], 255)


def test_what_a_run_found_joins_its_inputs() -> None:
    model = nn.Linear(2, 3)

    def outcome(result: Any) -> dict[str, Any]:
        return {"found": list(result.shape)}

    prepared = Prepared(model, lambda: model(torch.ones(1, 2)), {"seed": 0}, {}, (), outcome)
    trace = run(lambda: prepared, device="cpu", adapter="factory", target="test")
    assert trace.run.inputs == {"seed": 0, "found": [1, 3]}
