"""What is wrong with how a figure is laid out: too small, too wide, or something drawn through a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SIZES = {"sub": 9.0, "label": 9.0, "op": 9.0}
"""Font sizes of figures.css; everything else has 10."""
LETTER = 0.602
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Words:
    """A text of a figure with the room that it takes."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    covered: bool
    """True for the title of a frame that arrows pass behind."""


def layout_faults(svg: str, widest: float) -> list[str]:
    """Return what is wrong with a cleaned figure, in words."""
    root = ElementTree.fromstring(svg)
    width = float(root.get("viewBox", "").split()[2])
    scale = float(root.get("width", "")) / width
    found = [f"{width * scale:.0f} px wide"] if width * scale > widest else []
    words = list(_texts(root, []))
    if not words:
        found.append("no text")
    if 9.0 * scale < 10:
        found.append(f"text of {9.0 * scale:.2f} px")
    for one, other in combinations(words, 2):
        across = min(one.right, other.right) - max(one.left, other.left)
        down = min(one.bottom, other.bottom) - max(one.top, other.top)
        if across > 1 and down > 2.5:
            found.append(f"'{one.text}' touches '{other.text}'")
    for group in root.iter("g"):
        if (group.get("class") or "").startswith("edge"):
            for path in group.iter("path"):
                points = list(_points([float(n) for n in NUMBER.findall(path.get("d", ""))]))
                found += [f"an arrow runs through '{one.text}'" for one in words if _meets(points, one)]
    return found


def _texts(element: Element, classes: list[str], covered: bool = False) -> Iterator[Words]:
    classes = [*classes, *(element.get("class") or "").split()]
    covered = covered or any(child.get("class") == "behind" for child in element)
    if element.tag == "text":
        text = "".join(element.itertext())
        size = min((SIZES[name] for name in classes if name in SIZES), default=10.0)
        wide = size * sum(1.0 if ord(one) > 0x2E80 else LETTER for one in text)
        x, y = float(element.get("x", "0")), float(element.get("y", "0"))
        left = x if "frame-title" in classes else x - wide / 2
        yield Words(text, left, y - 0.75 * size, left + wide, y + 0.2 * size, covered)
    for child in element:
        yield from _texts(child, classes, covered)


def _points(numbers: list[float]) -> Iterator[tuple[float, float]]:
    corners = list(zip(numbers[::2], numbers[1::2], strict=True))
    for at in range(0, len(corners) - 3, 3):
        for step in range(41):
            t = step / 40
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            some = corners[at : at + 4]
            yield (
                sum(w * x for w, (x, _) in zip(weights, some, strict=True)),
                sum(w * y for w, (_, y) in zip(weights, some, strict=True)),
            )


def _meets(points: list[tuple[float, float]], one: Words) -> bool:
    if one.covered:
        return False
    return any(
        one.left + 0.5 < x < one.right - 0.5 and one.top + 0.5 < y < one.bottom - 0.5 for x, y in points
    )
