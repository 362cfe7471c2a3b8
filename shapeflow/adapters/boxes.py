"""Boxes that a user gives: rectangles in parts of the image, checked to lie inside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shapeflow.errors import InputError

EDGE_TOLERANCE = 1e-6
"""A box may reach this far over the edge: 0.9 + 0.2 / 2 is not exactly 1."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in an image, in parts of its width and height (0 to 1)."""

    cx: float
    """Centre."""
    cy: float
    width: float
    height: float
    positive: bool = True
    """False: what is in it is not meant."""


def parse_box(text: str, positive: bool = True) -> Box:
    """Return a box from ``CX,CY,WIDTH,HEIGHT``, all in parts of the image.

    Raises:
        InputError: four numbers are not there, or the box is empty or reaches out of the image.
    """
    where = "option --box" if positive else "option --negative-box"
    expected = "CX,CY,WIDTH,HEIGHT as parts of the image, such as 0.5,0.5,0.2,0.3"
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise InputError("box", f"'{text}' is not four numbers", where=where, expected=expected)
    cx, cy, width, height = numbers
    if width <= 0 or height <= 0:
        raise InputError("box", f"the box '{text}' is empty", where=where, expected=expected)
    edges = {
        "left": (cx - width / 2, 0.0),
        "right": (cx + width / 2, 1.0),
        "top": (cy - height / 2, 0.0),
        "bottom": (cy + height / 2, 1.0),
    }
    outside = [
        f"its {name} edge is at {edge:.6g}"
        for name, (edge, limit) in edges.items()
        if (edge - limit) * (1 if limit else -1) > EDGE_TOLERANCE
    ]
    if outside:
        pixels = max(numbers) > 2
        raise InputError(
            "box-outside",
            f"the box '{text}' reaches out of the image",
            where=where,
            expected=expected,
            found=", ".join(outside),
            hint="divide pixels by the width and height of the image" if pixels else _clipped(edges),
        )
    return Box(cx, cy, width, height, positive)


def box_text(box: Box) -> str:
    """Return a box as the option takes it: ``0.5,0.5,0.2,0.3``."""
    return ",".join(repr(number) for number in (box.cx, box.cy, box.width, box.height))


def _clipped(edges: dict[str, tuple[float, float]]) -> str:
    """Return the part of a box that is inside the image, as the option takes it; empty if none is."""
    left, right, top, bottom = (min(1.0, max(0.0, edge)) for edge, _ in edges.values())
    if right <= left or bottom <= top:
        return ""
    box = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
    return ",".join(f"{number:.6g}" for number in box)
