"""How high on a poster everything stands: near what it is connected with, nothing over another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from shapeflow.reporting.poster.columns import Columns, Stop
from shapeflow.reporting.poster.faces import Face

SWEEPS = 40
"""Times that stops are moved towards what they are connected with."""
WAYPOINT = 14.0
"""Room of a waypoint above and below its middle."""


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the height of a poster."""

    top: float
    bottom: float
    apart: float
    """Least room between two stations."""


def needed_height(column: Sequence[Stop], faces: dict[int, Face], apart: float) -> float:
    """Return the height of a column with everything in it."""
    parts = sum(_above(stop, faces) + _below(stop, faces) for stop in column)
    return parts + apart * max(0, len(column) - 1)


def middles_of(
    columns: Columns, faces: dict[int, Face], band: Band, widths: dict[int, float]
) -> dict[Stop, float]:
    """Return the height of the middle of every stop, all together in the middle of the band.

    Args:
        columns: the stops, in their order.
        faces: of the stations.
        band: where they may stand.
        widths: of the ribbons, by elements: wide ones pull more.
    """
    beside: dict[Stop, list[tuple[Stop, float]]] = defaultdict(list)
    for leg in columns.legs:
        pull = 1 + 6 * leg.first.waypoint + 6 * leg.second.waypoint + widths[leg.elements] / 4
        beside[leg.first].append((leg.second, pull))
        beside[leg.second].append((leg.first, pull))
    middle = {stop: (band.top + band.bottom) / 2 for column in columns.stops for stop in column}
    for sweep in range(SWEEPS):
        for column in columns.stops if sweep % 2 == 0 else columns.stops[::-1]:
            wanted = []
            for stop in column:
                near = beside[stop]
                weight = sum(pull for _, pull in near)
                at = sum(middle[other] * pull for other, pull in near) / weight if near else middle[stop]
                wanted.append((at, max(weight, 1.0)))
            middle.update(_placed(column, wanted, faces, band))
    _straighten(columns, middle, faces)
    return _centred(middle, faces, band)


def _straighten(columns: Columns, middle: dict[Stop, float], faces: dict[int, Face]) -> None:
    """Bring waypoints that follow each other to one height, as far as their neighbours leave room."""
    onwards = {leg.first: leg.second for leg in columns.legs if leg.first.waypoint and leg.second.waypoint}
    later = set(onwards.values())
    room: dict[Stop, tuple[float, float]] = {}
    for column in columns.stops:
        for number, stop in enumerate(column):
            above = column[number - 1] if number else None
            below = column[number + 1] if number + 1 < len(column) else None
            room[stop] = (
                middle[above] + _below(above, faces) + WAYPOINT if above else -inf,
                middle[below] - _above(below, faces) - WAYPOINT if below else inf,
            )
    for stop in onwards:
        if stop in later:
            continue
        chain = [stop]
        while chain[-1] in onwards:
            chain.append(onwards[chain[-1]])
        for start in range(len(chain)):
            for end in range(len(chain), start + 1, -1):
                part = chain[start:end]
                low, high = max(room[one][0] for one in part), min(room[one][1] for one in part)
                if low <= high:
                    at = sorted(middle[one] for one in part)[len(part) // 2]
                    middle.update(dict.fromkeys(part, min(max(at, low), high)))
                    break
            else:
                continue
            break


def _placed(
    column: Sequence[Stop], wanted: Sequence[tuple[float, float]], faces: dict[int, Face], band: Band
) -> dict[Stop, float]:
    """Return the stops of a column as near as possible to where they want to be, in their order."""
    if not column:
        return {}
    offsets = [_above(column[0], faces)]
    for upper, lower in pairwise(column):
        offsets.append(offsets[-1] + _below(upper, faces) + _above(lower, faces) + band.apart)
    flat = increasing([(at - offset, pull) for (at, pull), offset in zip(wanted, offsets, strict=True)])
    spare = max(0.0, band.bottom - band.top - offsets[-1] - _below(column[-1], faces))
    return {
        stop: band.top + offset + min(max(value - band.top, 0.0), spare)
        for stop, offset, value in zip(column, offsets, flat, strict=True)
    }


def increasing(wanted: Sequence[tuple[float, float]]) -> list[float]:
    """Return numbers that never decrease and are nearest to those wanted, each with its weight.

    The pool-adjacent-violators algorithm (Barlow et al., 1972): what decreases is averaged.
    """
    blocks: list[tuple[float, float, int]] = []
    for value, weight in wanted:
        blocks.append((value, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (first, heavy, many), (second, light, more) = blocks[-2:]
            mean = (first * heavy + second * light) / (heavy + light)
            blocks[-2:] = [(mean, heavy + light, many + more)]
    return [value for value, _, many in blocks for _ in range(many)]


def _centred(middle: dict[Stop, float], faces: dict[int, Face], band: Band) -> dict[Stop, float]:
    """Return all stops moved together into the middle of the band."""
    top = min((at - _above(stop, faces) for stop, at in middle.items()), default=band.top)
    bottom = max((at + _below(stop, faces) for stop, at in middle.items()), default=band.bottom)
    move = (band.top + band.bottom) / 2 - (top + bottom) / 2
    return {stop: at + move for stop, at in middle.items()}


def _above(stop: Stop, faces: dict[int, Face]) -> float:
    """Return the room that a stop needs above its middle."""
    return WAYPOINT if stop.waypoint else faces[stop.station].height / 2 + faces[stop.station].above


def _below(stop: Stop, faces: dict[int, Face]) -> float:
    return WAYPOINT if stop.waypoint else faces[stop.station].height / 2 + faces[stop.station].below
