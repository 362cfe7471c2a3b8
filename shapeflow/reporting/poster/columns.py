"""Stations in columns: which column each stands in, and in which order from top to bottom.

The classic steps for layered drawings (Sugiyama, Tagawa and Toda, 1981): columns by the longest path, a
waypoint in every column that a ribbon crosses, and orders by barycentres with few crossings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shapeflow.reporting.poster.model import Poster, Ribbon

SWEEPS = 12
"""Times that the columns are put in order, from the left and from the right in turn."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place in a column: a station, or a waypoint of the ribbons that leave one."""

    column: int
    station: int
    """Of a waypoint, the station that its ribbons come from."""
    waypoint: bool = False


@dataclass(frozen=True, slots=True)
class Leg:
    """A ribbon's way from one column to the next."""

    first: Stop
    second: Stop
    elements: int
    back: bool = False
    """True if the data goes from right to left here."""
    ends: bool = False
    """True if it arrives at a station here."""
    targets: tuple[int, ...] = ()
    """The stations that it leads to."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The stops of each column from top to bottom, and the legs between them."""

    stops: tuple[tuple[Stop, ...], ...]
    legs: tuple[Leg, ...]


def columns_of(poster: Poster) -> Columns:
    """Return the stations of a poster in columns, with the ways of the ribbons."""
    column = _column_of(poster)
    stops: list[list[Stop]] = [[] for _ in range(max(column.values(), default=0) + 1)]
    for station in poster.stations:
        stops[column[station.id]].append(Stop(column[station.id], station.id))
    legs: list[Leg] = []
    for source, ribbons in _by_left_end(poster.ribbons, column).items():
        legs += _legs(source, ribbons, column, stops)
    return Columns(tuple(map(tuple, _ordered(stops, legs))), tuple(legs))


def _column_of(poster: Poster) -> dict[int, int]:
    """Return the column of each station; ribbons that lead back in the order of the run do not count."""
    first_op = {s.id: s.first_op for s in poster.stations}
    ends = {s.id for s in poster.stations if s.kind in ("output", "unused")}
    column = {s.id: 0 for s in poster.stations}
    forward = [
        r for r in poster.ribbons if r.target in ends or first_op[r.source] <= first_op[r.target] != -1
    ]
    for _ in poster.stations:
        for ribbon in forward:
            column[ribbon.target] = max(column[ribbon.target], column[ribbon.source] + 1)
    last = max((column[s.id] for s in poster.stations if s.kind == "output"), default=0)
    for station in poster.stations:
        if station.kind == "output":
            column[station.id] = last
        if station.kind == "input":
            reached = [column[r.target] for r in poster.ribbons if r.source == station.id]
            column[station.id] = max(0, min(reached, default=1) - 1)
    return column


def _by_left_end(ribbons: Iterable[Ribbon], column: dict[int, int]) -> dict[int, list[Ribbon]]:
    """Return the ribbons by the station at their left end, which for some is where they arrive."""
    found: dict[int, list[Ribbon]] = defaultdict(list)
    for ribbon in ribbons:
        left = ribbon.source if column[ribbon.source] < column[ribbon.target] else ribbon.target
        if column[ribbon.source] != column[ribbon.target]:
            found[left].append(ribbon)
    return found


def _legs(
    left: int, ribbons: Sequence[Ribbon], column: dict[int, int], stops: list[list[Stop]]
) -> Iterable[Leg]:
    """Add the waypoints of the ribbons at one station, and yield their legs.

    Ribbons that leave a station run together as far as they can: what one part gives to many is one line with
    branches.
    """
    for back in (False, True):
        own = [r for r in ribbons if (r.target == left) == back]
        far = {r: column[r.source if back else r.target] for r in own}
        at = Stop(column[left], left)
        for number in range(column[left] + 1, max(far.values(), default=0) + 1):
            arriving = [r for r in own if far[r] == number]
            for ribbon in arriving:
                other = ribbon.source if back else ribbon.target
                yield Leg(at, Stop(number, other), ribbon.elements, back, True, (other,))
            onwards = [r for r in own if far[r] > number]
            if onwards:
                waypoint = Stop(number, left if not back else -2 - left, True)
                stops[number].append(waypoint)
                targets = tuple(r.source if back else r.target for r in onwards)
                yield Leg(at, waypoint, max(r.elements for r in onwards), back, False, targets)
                at = waypoint


def _ordered(stops: list[list[Stop]], legs: Sequence[Leg]) -> list[list[Stop]]:
    """Return the columns in the order that has the fewest crossings among those tried."""
    before: dict[Stop, list[Stop]] = defaultdict(list)
    after: dict[Stop, list[Stop]] = defaultdict(list)
    for leg in legs:
        before[leg.second].append(leg.first)
        after[leg.first].append(leg.second)
    best, fewest = [list(column) for column in stops], _crossings(stops, legs)
    current = [list(column) for column in stops]
    for sweep in range(SWEEPS):
        forwards = sweep % 2 == 0
        numbers = range(1, len(current)) if forwards else range(len(current) - 2, -1, -1)
        beside = before if forwards else after
        for number in numbers:
            place = {stop: i for i, stop in enumerate(current[number - 1 if forwards else number + 1])}
            own = {stop: i for i, stop in enumerate(current[number])}

            def middle(
                stop: Stop, place: dict[Stop, int] = place, own: dict[Stop, int] = own
            ) -> tuple[float, int]:
                near = [place[other] for other in beside[stop] if other in place]  # noqa: B023
                return (sum(near) / len(near) if near else own[stop], own[stop])

            current[number].sort(key=middle)
        crossings = _crossings(current, legs)
        if crossings < fewest:
            best, fewest = [list(column) for column in current], crossings
    return best


def _crossings(stops: Sequence[Sequence[Stop]], legs: Sequence[Leg]) -> int:
    place = {stop: i for column in stops for i, stop in enumerate(column)}
    between: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for leg in legs:
        between[leg.first.column].append((place[leg.first], place[leg.second]))
    return sum(
        (a[0] - b[0]) * (a[1] - b[1]) < 0
        for pairs in between.values()
        for number, a in enumerate(pairs)
        for b in pairs[:number]
    )
