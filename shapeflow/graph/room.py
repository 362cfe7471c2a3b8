"""Where in a drawing is room for a text that no arrow and no box touches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import hypot

STEP = 4.0
"""Points between places that are tried."""
FINE = 3.0
"""Points between places on an arrow that are looked at."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle, across and down."""
        return self.left + self.width / 2, self.top + self.height / 2

    def holds(self, x: float, y: float, beside: float = 0.0) -> bool:
        """Return whether a place is in it, or so near to it."""
        across = self.left - beside <= x <= self.left + self.width + beside
        return across and self.top - beside <= y <= self.top + self.height + beside

    def meets(self, other: Box) -> bool:
        """Return whether two rectangles have a place in common."""
        across = self.left < other.left + other.width and other.left < self.left + self.width
        return across and self.top < other.top + other.height and other.top < self.top + self.height


def free_place(
    frame: Box,
    width: float,
    height: float,
    inset: float,
    taken: Sequence[Box],
    lines: Sequence[Sequence[tuple[float, float]]],
) -> tuple[Box, bool]:
    """Return where the title of a frame meets the fewest lines and boxes, and whether it meets none.

    Args:
        frame: the frame.
        width: of the title.
        height: of the title.
        inset: distance from the sides.
        taken: where boxes and other titles are.
        lines: the points that arrows go through.
    """
    strip = height + 6
    near = [
        (x, y)
        for line in lines
        for x, y in line
        if frame.holds(x, y) and (y < frame.top + strip or y > frame.top + frame.height - strip)
    ]
    boxes = [box for box in taken if box.meets(frame)]
    best, least = None, 0
    for room in _places(frame, width, height, inset):
        met = sum(room.holds(x, y, 1.0) for x, y in near) + 50 * sum(room.meets(box) for box in boxes)
        if best is None or met < least:
            best, least = room, met
        if not met:
            break
    assert best is not None
    return best, not least


def _places(frame: Box, width: float, height: float, inset: float) -> Iterator[Box]:
    """Yield places along the upper side of a frame from the left, then along its lower side."""
    right = frame.left + frame.width - inset - width
    for top in (frame.top + 3, frame.top + frame.height - height - 2):
        yield Box(frame.left + inset, top, width, height)
        left = frame.left + inset + STEP
        while left <= right:
            yield Box(left, top, width, height)
            left += STEP


def points_of(numbers: Sequence[float]) -> list[tuple[float, float]]:
    """Return places on a line of cubic curves, close enough that a text between two of them is met."""
    corners = list(zip(numbers[::2], numbers[1::2], strict=False))
    points = corners[:1]
    for at in range(0, len(corners) - 3, 3):
        start, one, two, end = corners[at : at + 4]
        steps = max(2, int(hypot(end[0] - start[0], end[1] - start[1]) / FINE))
        for step in range(1, steps + 1):
            t = step / steps
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            points.append(
                (
                    a * start[0] + b * one[0] + c * two[0] + d * end[0],
                    a * start[1] + b * one[1] + c * two[1] + d * end[1],
                )
            )
    return points
