"""The ways of ribbons on a poster: along, up or down between two columns, and along again."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapeflow.reporting.poster.columns import Columns, Leg, Stop
from shapeflow.reporting.poster.faces import OVERHANG, Face, Size
from shapeflow.reporting.poster.heights import increasing
from shapeflow.reporting.poster.model import Poster

THINNEST, THICKEST = 2.5, 12.0
"""Widths of a ribbon in pixels: of a handful of elements, and of the largest tensor on a large poster."""
HEAD = 15.0
"""Length of an arrow's head."""
PORTS = 20.0
"""Room between two ribbons that arrive at one box."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column stands."""

    left: float
    width: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a ribbon, with corners to be rounded."""

    points: tuple[Point, ...]
    width: float
    source: int
    """Station that it comes from."""
    targets: tuple[int, ...]
    """Stations that it leads to."""
    head: int = 0
    """1 for an arrow's head at the end, -1 for one at the beginning, 0 for none."""


def widths_of(poster: Poster, size: Size) -> dict[int, float]:
    """Return the width of a ribbon by the elements of its tensor: by their logarithm."""
    thickest = THICKEST * size.width / 1920
    most = max((ribbon.elements for ribbon in poster.ribbons), default=1)
    scale = math.log(max(most, 10))
    share = {r.elements: math.log(max(r.elements, 1)) / scale for r in poster.ribbons}
    return {elements: THINNEST + (thickest - THINNEST) * part**2 for elements, part in share.items()}


def lines_of(
    columns: Columns,
    faces: dict[int, Face],
    middle: dict[Stop, float],
    places: Mapping[int, Place],
    widths: dict[int, float],
) -> list[Line]:
    """Return the lines of all legs between the columns of one row."""
    ends = _ends(columns, faces, middle)
    turns = _turns(columns.legs, middle, ends, places, faces, widths)
    lines = []
    for leg in columns.legs:
        left, right = places[leg.first.column], places[leg.second.column]
        head = 1 if leg.ends and not leg.back else -1 if leg.back and not leg.first.waypoint else 0
        start_x = (left.left if leg.first.waypoint else left.right) + (HEAD if head < 0 else 0)
        end_x = right.left - (HEAD if head > 0 else 0)
        start, end = middle[leg.first], ends[leg]
        bends = () if abs(start - end) < 1 else ((turns[leg], start), (turns[leg], end))
        source, targets = leg.first.station, leg.targets
        if leg.back:
            targets = (-2 - source if leg.first.waypoint else source,)
            source = leg.targets[0]
        lines.append(
            Line(((start_x, start), *bends, (end_x, end)), widths[leg.elements], source, targets, head)
        )
    return lines


def line_around(
    leg: Leg,
    middle: dict[Stop, float],
    ends: tuple[Place, Place],
    between: float,
    size: Size,
    widths: dict[int, float],
) -> Line:
    """Return the line from the end of one row around to the beginning of the next, between them."""
    start, end = middle[leg.first], middle[leg.second]
    first, second = ends
    right = min(first.right + size.gap / 2, size.width - 10)
    left = max(second.left - HEAD - size.gap / 2, 10)
    points = (
        (first.right, start),
        (right, start),
        (right, between),
        (left, between),
        (left, end),
        (second.left - HEAD, end),
    )
    return Line(points, widths[leg.elements], leg.first.station, leg.targets, 1)


def _ends(columns: Columns, faces: dict[int, Face], middle: dict[Stop, float]) -> dict[Leg, float]:
    """Return the heights at which legs arrive: straight on where that can be, those at one box apart."""
    ends = {leg: middle[leg.second] for leg in columns.legs}
    arriving: dict[Stop, list[Leg]] = defaultdict(list)
    for leg in columns.legs:
        if not leg.second.waypoint:
            arriving[leg.second].append(leg)
    for stop, legs in arriving.items():
        legs.sort(key=lambda leg: middle[leg.first])
        high = faces[stop.station].height
        step = min(PORTS, high / (len(legs) + 1))
        top, room = middle[stop] - high / 2 + step / 2 + 4, high - len(legs) * step - 8
        flat = increasing([(middle[leg.first] - place * step, 1.0) for place, leg in enumerate(legs)])
        for place, (leg, value) in enumerate(zip(legs, flat, strict=True)):
            ends[leg] = min(max(value, top), top + max(room, 0.0)) + place * step
    return ends


def _turns(
    legs: Sequence[Leg],
    starts: dict[Stop, float],
    ends: dict[Leg, float],
    places: Mapping[int, Place],
    faces: dict[int, Face],
    widths: dict[int, float],
) -> dict[Leg, float]:
    """Return where each leg goes up or down: those that leave one stop together, the others side by side.

    Of two that go down, the one that begins lower turns first, so that they do not cross; of two that go up,
    the one that begins higher.
    """
    turns: dict[Leg, float] = {}
    bundles: dict[int, dict[Stop, list[Leg]]] = defaultdict(lambda: defaultdict(list))
    for leg in legs:
        if abs(starts[leg.first] - ends[leg]) >= 1:
            bundles[leg.first.column][leg.first].append(leg)
    for column, own in bundles.items():
        asides = [faces[stop.station].aside for stop in own if not stop.waypoint]
        widest = max(widths[leg.elements] for group in own.values() for leg in group) / 2
        from_x = places[column].right + max([OVERHANG, *asides]) + widest
        to_x = places[next(iter(own.values()))[0].second.column].left - max(HEAD, OVERHANG) - widest

        def key(stop: Stop, own: dict[Stop, list[Leg]] = own) -> tuple[bool, float]:
            moves = sum(ends[leg] - starts[stop] for leg in own[stop])
            return (moves < 0, starts[stop] if moves < 0 else -starts[stop])

        for place, stop in enumerate(sorted(own, key=key)):
            x = (from_x + to_x) / 2
            if len(own) > 1:
                x = from_x + (to_x - from_x) * place / (len(own) - 1)
            turns.update(dict.fromkeys(own[stop], x))
    return turns
