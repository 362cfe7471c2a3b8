"""Boxes and masks that a call gives, by the names that models give them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy
import torch
from torch import Tensor

from shapeflow.model.pictures import Picture
from shapeflow.recording.pictures.png import png

MOST_BOXES = 200
MOST_MASKS = 5
SIDE = 288
"""Most pixels of a picture that is laid over another one."""
COLOURS = ((230, 75, 53), (0, 160, 135), (60, 84, 136), (243, 155, 27), (145, 100, 180))
"""One for each mask or box, the best first; far apart also for colour-blind eyes."""


@dataclass(frozen=True, slots=True)
class Convention:
    """How a family of models names what it found, and what its numbers mean."""

    classes: tuple[str, ...]
    """Names of the classes that keep it: the numbers alone do not tell corners from centres."""
    boxes: str
    scores: str
    scored: str
    """How numbers become scores: ``given``, ``sigmoid``, ``presence`` or ``softmax``."""
    corners: bool
    """True: left, top, right, bottom; False: centre, width, height."""
    pixels: bool = False
    """True: counted in pixels of the input; False: as parts of it."""
    masks: str = ""
    threshold: float = 0.0
    presence: str = ""


_DETR = ("DetrForObjectDetection", "TableTransformerForObjectDetection", "YolosForObjectDetection")
_SIGMOID_DETR = (
    *("ConditionalDetrForObjectDetection", "DabDetrForObjectDetection", "DeformableDetrForObjectDetection"),
    *("RTDetrForObjectDetection", "RTDetrV2ForObjectDetection", "DFineForObjectDetection"),
)
CONVENTIONS = (
    Convention(
        ("GeneralizedRCNN", "RetinaNet", "FCOS", "SSD"), "boxes", "scores", "given", True, True, "masks", 0.5
    ),
    Convention(
        *(("Sam3Image",), "pred_boxes", "pred_logits", "presence", False, False, "pred_masks", 0.0),
        "presence_logit_dec",
    ),
    Convention(
        *(("Sam3Model",), "pred_boxes", "pred_logits", "presence", True, False, "pred_masks", 0.0),
        "presence_logits",
    ),
    Convention(_DETR, "pred_boxes", "logits", "softmax", False),
    Convention(_SIGMOID_DETR, "pred_boxes", "logits", "sigmoid", False),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What fits a convention, by name: places in the results of a call."""

    convention: Convention
    places: Mapping[str, str]


def find(names: Mapping[str, tuple[int, ...]], families: Collection[str]) -> Found | None:
    """Return what among results of these names and shapes are boxes with scores, and masks.

    Args:
        names: shapes by port.
        families: the names of the classes that the module is of.
    """
    fitting = [one for one in CONVENTIONS if not set(families).isdisjoint(one.classes)] if families else ()
    last: dict[str, str] = {}
    for name in names if fitting else ():
        parts = re.findall(r"\w+", name)
        if len(parts) <= 3:  # `out.boxes`, `out[0].boxes`
            last.setdefault(parts[-1], name)
    for one in fitting:
        if any(name not in last for name in (one.boxes, one.scores, one.presence) if name):
            continue
        boxes, scores = names[last[one.boxes]], names[last[one.scores]]
        if boxes[-1:] != (4,) or len(boxes) not in (2, 3) or 0 in (*boxes, *scores):
            continue
        if boxes[:-1] != scores[: len(boxes) - 1] or len(scores) > len(boxes):
            continue
        fit = {"boxes": last[one.boxes], "scores": last[one.scores]}
        if one.presence:
            fit["presence"] = last[one.presence]
        masks = names.get(last.get(one.masks, ""), ())
        if len(masks) >= len(boxes) + 1 and masks[: len(boxes) - 1] == boxes[:-1]:
            fit["masks"] = last[one.masks]
        return Found(one, fit)
    return None


def blanks(
    found: Found, shapes: Mapping[str, tuple[int, ...]], frame: tuple[int, int] | None
) -> dict[str, Picture]:
    """Return the pictures to be drawn, still empty, by what they show."""
    boxes, scored = shapes["boxes"], found.convention.scored
    batch, number = (1, boxes[0]) if len(boxes) == 2 else boxes[:2]
    height, width = canvas_of(frame or (1, 1))
    drawn = {"boxes": Picture(0, "boxes", "", width, height, batch=batch, count=number, scored=scored)}
    if "masks" in shapes:
        rows, columns = shapes["masks"][-2:]
        height, width = canvas_of((rows, columns))
        count = min(number, MOST_MASKS)
        drawn["masks"] = Picture(0, "masks", "", width, height, batch=batch, count=count, scored=scored)
    return drawn


def draw(
    found: Found, given: Mapping[str, Tensor], blanks: Mapping[str, Picture], frame: tuple[int, int]
) -> tuple[Picture, ...]:
    """Return the pictures of boxes and masks."""
    one = found.convention
    scores = scores_of(one, given["scores"], given.get("presence")).cpu()
    corners = corners_of(one, given["boxes"], frame).cpu()
    if not bool(torch.isfinite(scores).all() and torch.isfinite(corners).all()):
        return tuple(replace(blank, missing="not-finite") for blank in blanks.values())
    best = f"{float(scores.max()):.2f}"
    blank = blanks["boxes"]
    data = draw_boxes(corners.numpy(), scores.numpy(), (blank.height, blank.width))
    pictures = [replace(blank, data=data, best=best)]
    if "masks" in blanks:
        masks = given["masks"] if given["boxes"].dim() == 2 else given["masks"][0]
        masks = masks.reshape(masks.shape[0], *masks.shape[-2:])
        order = scores.argsort(descending=True, stable=True)[:MOST_MASKS]
        blank = blanks["masks"]
        chosen = masks[order.to(masks.device)].float()[:, None]
        chosen = torch.nn.functional.interpolate(chosen, (blank.height, blank.width), mode="nearest")
        pictures.append(
            replace(blank, data=draw_masks((chosen[:, 0] > one.threshold).cpu().numpy()), best=best)
        )
    return tuple(pictures)


def scores_of(convention: Convention, scores: Tensor, presence: Tensor | None) -> Tensor:
    """Return a score from 0 to 1 for each box of the first item."""
    if convention.scored == "given":
        return scores.float()
    own = scores[0].float()
    if convention.scored == "softmax":  # the last class is "nothing"
        return own.softmax(-1)[:, :-1].amax(-1)
    own = (own if own.dim() == 1 else own.amax(-1)).sigmoid()
    return own if presence is None else own * presence[0].float().flatten()[0].sigmoid()


def corners_of(convention: Convention, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Return left, top, right and bottom of each box of the first item, as parts of the picture."""
    own = (boxes if boxes.dim() == 2 else boxes[0]).float()
    if not convention.corners:
        middle, half = own[:, :2], own[:, 2:] / 2
        own = torch.cat([middle - half, middle + half], 1)
    if convention.pixels:
        height, width = size
        own = own / torch.tensor([width, height, width, height], dtype=own.dtype, device=own.device)
    return own


def canvas_of(size: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of a picture to lay over one of a size."""
    scale = SIDE / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def draw_boxes(corners: numpy.ndarray, scores: numpy.ndarray, size: tuple[int, int]) -> str:
    """Return the outlines of boxes on a transparent picture, each as opaque as its score is high."""
    height, width = size
    pixels = numpy.zeros((height, width, 4), dtype=numpy.uint8)
    best = numpy.argsort(-scores, kind="stable")[:MOST_BOXES]
    for rank, box in reversed(list(enumerate(best))):
        left, top, right, bottom = (corners[box] * [width, height, width, height]).round().astype(int)
        left, right = sorted((min(max(left, 0), width - 1), min(max(right - 1, 0), width - 1)))
        top, bottom = sorted((min(max(top, 0), height - 1), min(max(bottom - 1, 0), height - 1)))
        opacity = max(1, round(255 * float(scores[box])))
        colour = (*COLOURS[min(rank, len(COLOURS) - 1)], opacity)
        for edge in (
            (slice(top, bottom + 1), slice(left, left + 2)),
            (slice(top, bottom + 1), slice(max(right - 1, left), right + 1)),
            (slice(top, top + 2), slice(left, right + 1)),
            (slice(max(bottom - 1, top), bottom + 1), slice(left, right + 1)),
        ):
            pixels[edge] = colour
    return png(pixels)


def draw_masks(masks: numpy.ndarray) -> str:
    """Return masks ``bool[n, height, width]`` on a transparent picture, the first on top."""
    pixels = numpy.zeros((*masks.shape[1:], 4), dtype=numpy.uint8)
    for colour, mask in reversed(list(zip(COLOURS, masks, strict=False))):
        pixels[mask] = (*colour, 255)
    return png(pixels)
