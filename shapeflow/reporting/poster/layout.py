"""Where everything on a poster stands: boxes in columns, ribbons in the room between them.

Nothing crosses a text: texts stand in columns, and lines cross columns only at waypoints, which have room of
their own. A long row of columns is broken into two rows where one part alone leads on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shapeflow.reporting.poster.columns import Columns, Leg, Stop, columns_of
from shapeflow.reporting.poster.faces import LEVELS, WIDE, Face, Size, face_of, natural_width
from shapeflow.reporting.poster.heights import Band, middles_of, needed_height
from shapeflow.reporting.poster.lines import Line, Place, line_around, lines_of, widths_of
from shapeflow.reporting.poster.model import Poster

SCALES = (1.5, 1.35, 1.2, 1.1, 1.0)
"""How much larger the texts may be where there is room."""
LONG = 8
"""Rows of at least so many columns are broken in two if they can be."""
BETWEEN = 2.5
"""Room between two rows, in lines of text."""
MOST_APART = 70.0
"""Most room between stations of a column, in pixels."""


@dataclass(frozen=True, slots=True)
class Box:
    """A station with its place."""

    station: int
    x: float
    y: float
    """Left and top of the box itself."""
    face: Face


@dataclass(frozen=True, slots=True)
class Layout:
    """A poster with all places."""

    size: Size
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    scale: float
    """Pixels of the poster for one of a feature map."""
    complete: bool
    """False if details were left out for want of room."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Columns side by side, with their places and the texts in them."""

    columns: Columns
    places: dict[int, Place]
    faces: dict[int, Face]
    height: float
    """What its fullest column needs."""
    broken: bool
    """True if some word does not fit into its column."""


def layout_of(poster: Poster, size: Size) -> Layout:
    """Return the places of everything on a poster, as large and as detailed as there is room for."""
    columns = columns_of(poster)
    parts, crossing = _rows(columns)
    maps = [t.sheet for s in poster.stations for t in s.gives if t.sheet and s.kind != "unused"]
    largest = max((max(sheet) for sheet in maps), default=1)
    rows, scaled, complete = _fitted(poster, parts, size, largest)
    if len(rows) > 1 and sum(row.height for row in rows) > scaled.bottom - scaled.top:
        parts, crossing = (columns,), ()
        rows, scaled, complete = _fitted(poster, parts, size, largest)
    bands = _bands(rows, scaled)
    widths = widths_of(poster, size)
    boxes: list[Box] = []
    lines: list[Line] = []
    middles: dict[Stop, float] = {}
    for row, band in zip(rows, bands, strict=True):
        own = middles_of(row.columns, row.faces, band, widths)
        middles |= own
        boxes += [
            Box(stop.station, row.places[stop.column].left, own[stop] - face.height / 2, face)
            for stop in own
            if not stop.waypoint
            for face in [row.faces[stop.station]]
        ]
        lines += lines_of(row.columns, row.faces, own, row.places, widths)
    for leg in crossing:
        between = bands[0].bottom + 0.5 * (bands[1].top - bands[0].bottom)
        ends = (rows[0].places[leg.first.column], rows[1].places[leg.second.column])
        lines.append(line_around(leg, middles, ends, between, size, widths))
    return Layout(scaled, tuple(boxes), tuple(lines), scaled.sheet / largest, complete)


def _rows(columns: Columns) -> tuple[tuple[Columns, ...], tuple[Leg, ...]]:
    """Return the rows, and the legs that lead from the first to the second."""
    number = len(columns.stops)
    if number < LONG:
        return (columns,), ()
    cuts = []
    for column in range(2, number - 3):
        crossing = tuple(leg for leg in columns.legs if leg.first.column == column)
        single = len({leg.first for leg in crossing}) == 1 and not any(leg.back for leg in crossing)
        if single and not any(leg.first.waypoint or leg.second.waypoint for leg in crossing):
            cuts.append((abs(2 * column + 2 - number), column, crossing))
    if not cuts:
        return (columns,), ()
    _, column, crossing = min(cuts, key=lambda cut: cut[:2])
    first = tuple(stops if at <= column else () for at, stops in enumerate(columns.stops))
    second = tuple(stops if at > column else () for at, stops in enumerate(columns.stops))
    legs = [leg for leg in columns.legs if leg not in crossing]
    return (
        Columns(first, tuple(leg for leg in legs if leg.first.column <= column)),
        Columns(second, tuple(leg for leg in legs if leg.first.column > column)),
    ), crossing


def _fitted(
    poster: Poster, parts: Sequence[Columns], size: Size, largest: float
) -> tuple[list[_Row], Size, bool]:
    """Return the rows at the largest scale at which everything fits, or without details."""
    for scale in SCALES:
        scaled = replace(size, name=size.name * scale, text=size.text * scale, sheet=size.sheet * scale)
        rows = [_row(poster, part, scaled, 0, largest) for part in parts]
        if _fit(rows, scaled) and not any(row.broken for row in rows):
            return rows, scaled, True
    for level in range(LEVELS):
        rows = [_row(poster, part, size, level, largest) for part in parts]
        if _fit(rows, size):
            break
    return rows, size, level == 0


def _fit(rows: Sequence[_Row], size: Size) -> bool:
    """Return whether rows fit one under the other."""
    between = BETWEEN * size.text * (len(rows) - 1)
    return sum(row.height for row in rows) + between <= size.bottom - size.top


def _row(poster: Poster, columns: Columns, size: Size, level: int, largest: float) -> _Row:
    """Return one row with the texts at a level of detail."""
    places, broken = _places(poster, columns, size)
    faces = {
        stop.station: face_of(
            poster.stations[stop.station], size, places[stop.column].width, level, size.sheet / largest
        )
        for column in columns.stops
        for stop in column
        if not stop.waypoint
    }
    height = max((needed_height(column, faces, size.apart) for column in columns.stops), default=0.0)
    return _Row(columns, places, faces, height, broken)


def _places(poster: Poster, columns: Columns, size: Size) -> tuple[dict[int, Place], bool]:
    """Return the places of columns, as wide as their words need or wider, and whether that was too much."""
    inner = size.width - 2 * size.margin
    wanted = {
        number: _wanted_width(poster, column, size) for number, column in enumerate(columns.stops) if column
    }
    gaps = {number: _gap(columns, number, size) for number in list(wanted)[:-1]}
    room = inner - sum(gaps.values())
    total = sum(wanted.values())
    if total > room:
        wanted = {number: wide * room / total for number, wide in wanted.items()}
    else:
        spare = (room - total) / len(wanted) / 2
        wanted = {number: min(wide + spare, max(wide, size.widest)) for number, wide in wanted.items()}
        extra = (inner - sum(wanted.values()) - sum(gaps.values())) / max(1, len(gaps))
        gaps = {number: min(max(size.widest_gap, gap), gap + extra) for number, gap in gaps.items()}
    left = (size.width - sum(wanted.values()) - sum(gaps.values())) / 2
    places = {}
    for number, wide in wanted.items():
        places[number] = Place(left, wide)
        left += wide + gaps.get(number, 0.0)
    return places, total > room


def _wanted_width(poster: Poster, column: Sequence[Stop], size: Size) -> float:
    """Return the width at which no word of a column is broken, within bounds."""
    natural = [natural_width(poster.stations[stop.station], size) for stop in column if not stop.waypoint]
    return max(size.narrowest, min(max(natural, default=0.0), size.widest * size.text / WIDE.text))


def _gap(columns: Columns, number: int, size: Size) -> float:
    """Return the least room behind a column: more where more lines turn there."""
    turning = {leg.first for leg in columns.legs if leg.first.column == number}
    return size.gap + size.track * max(0, len(turning) - 1)


def _bands(rows: Sequence[_Row], size: Size) -> list[Band]:
    """Return the part of the height that each row has, with room for the line between two."""
    between = BETWEEN * size.text * (len(rows) - 1)
    spare = size.bottom - size.top - between - sum(row.height for row in rows)
    bands, top = [], size.top
    for row in rows:
        fullest = max(len(column) for column in row.columns.stops)
        bottom = top + row.height + spare / len(rows)
        apart = size.apart + max(0.0, spare / len(rows)) / (fullest + 1)
        bands.append(Band(top, bottom, min(MOST_APART, apart)))
        top = bottom + between
    return bands
