"""The curve of live bytes, laid out: scales, the names of a few stages, and what is alive at each point."""

from __future__ import annotations

from collections.abc import Sequence

from shapeflow.common.text import display_width
from shapeflow.common.units import format_bytes
from shapeflow.model.call_tree import tail
from shapeflow.model.costs import Stage
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.lifetimes import largest_alive
from shapeflow.model.stage_tree import leaves
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.link_model import LinkView
from shapeflow.reporting.view.numbers_model import Memory, StageLabel, Tick

POINTS = 240
"""Points that a page draws."""
WIDTH, HEIGHT = 700, 170
"""Of the box in which the curve is, in the units of the drawing."""
WIDE, NARROW = 540, 230
"""Pixels that the box has at least on a large page, and on a phone."""
MOST_LABELS = 5
LONGEST_LABEL = 22
SIGN, WIDE_SIGN, WIDEST_SIGN = 7.0, 10.0, 13.0
"""Pixels that a sign of a label may take: most of them, capitals and the like, the widest."""
APART = 10.0
LARGEST = 3
UNITS = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"), (1, "B"))
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def memory_of(trace: Trace, names: ExactNames) -> Memory | None:
    """Return the curve, thinned so that every peak stays; None if nothing was ever alive."""
    live = [op.live_bytes for op in trace.ops]
    if not any(live):
        return None
    points = _thinned(live)
    top_op = max(points, key=lambda point: point[1])[0]
    peak = max(trace.run.peak_bytes, live[top_op])
    ticks, top = _scale(peak)
    across = max(1, len(live) - 1)
    placed = [(op / across, 1 - size / top) for op, size in points]
    curve = "".join(f"L{x * WIDTH:.1f} {y * HEIGHT:.1f}" for x, y in placed)
    # The most that was alive at once may be while an op runs, and not at its end.
    most = trace.run.peak_op
    at = top_op if most is None or most >= len(live) else most
    alive, tensors = _alive(trace, names, [op for op, _ in points])
    return Memory(
        points=tuple(points),
        ops=len(live),
        peak=peak,
        peak_text=format_bytes(peak),
        peak_at=LinkView(names.op(at), names.op(at).rpartition("@")[0]),
        places=tuple((round(100 * x, 1), round(100 * y, 1)) for x, y in placed),
        area=f"M0 {HEIGHT}{curve}L{WIDTH} {HEIGHT}Z",
        at=(round(100 * at / across, 2), round(100 * (1 - peak / top), 2)),
        ticks=ticks,
        stages=_labels(trace, leaves(trace), across),
        alive=alive,
        tensors=tensors,
        names=tuple(names.op(op).rpartition("@")[0] for op, _ in points),
    )


def _thinned(live: Sequence[int]) -> list[tuple[int, int]]:
    step = -(-len(live) // POINTS)
    parts = ((start, live[start : start + step]) for start in range(0, len(live), step))
    tops = ((start, part, max(range(len(part)), key=part.__getitem__)) for start, part in parts)
    return [(start + top, part[top]) for start, part, top in tops]


def _scale(peak: int) -> tuple[tuple[Tick, ...], float]:
    """Return round marks in one unit, three or more, and what the height of the box stands for."""
    size, unit = next((size, unit) for size, unit in UNITS if peak >= 2 * size or size == 1)
    step = next((step for step in STEPS if peak / size / step <= 5), STEPS[-1])
    count = int(peak / size / step) + 1
    top = count * step * size
    ticks = (Tick(round(100 * (1 - n / count), 2), f"{n * step:,} {unit}") for n in range(count + 1))
    return tuple(ticks), top


def _labels(trace: Trace, stages: Sequence[Stage], across: int) -> tuple[StageLabel, ...]:
    """Return the stages, the longest with their names as far as these have room beside one another."""
    spans = []
    for stage in stages:
        first, last = trace.calls[stage.calls[0]], trace.calls[stage.calls[-1]]
        title = tail(first) if len(stage.calls) == 1 else stage.name
        title = title if title != "." else first.class_name
        start, end = first.first_op / across, min(last.last_op / across, 1.0)
        spans.append((start, max(end - start, 0.0), title, stage.path if stage.path != "." else title))
    order = sorted(range(len(spans)), key=lambda number: -spans[number][1])
    places: dict[int, float] = {}
    narrow = _placed(spans, order, places, NARROW)
    _placed(spans, order, places, WIDE)
    return tuple(
        StageLabel(
            round(start * WIDTH, 1),
            round(max(width * WIDTH, 1.0), 1),
            round(100 * places.get(number, 0.0), 2),
            _cut(title) if number in places else "",
            name,
            number in narrow,
        )
        for number, (start, width, title, name) in enumerate(spans)
    )


def _placed(
    spans: Sequence[tuple[float, float, str, str]],
    order: Sequence[int],
    places: dict[int, float],
    room: float,
) -> set[int]:
    """Add the middles of names, from 0 to 1, that do not meet in a box so wide; return all that have one."""

    def half(number: int) -> float:
        return (_width(_cut(spans[number][2])) + APART) / 2 / room

    for number in order:
        start, width, *_ = spans[number]
        own = half(number)
        if len(places) == MOST_LABELS or number in places or own > 0.5:
            continue
        middle = min(max(start + width / 2, own), 1 - own)
        if all(abs(middle - place) >= own + half(other) for other, place in places.items()):
            places[number] = middle
    return set(places)


def _width(title: str) -> float:
    """Return the most pixels that a label may take, whatever the font."""
    widest = sum(1 for sign in title if sign in "MW@%…" or display_width(sign) > 1)
    wide = sum(1 for sign in title if (sign.isupper() and sign not in "MW") or sign in "mw")
    return WIDEST_SIGN * widest + WIDE_SIGN * wide + SIGN * (len(title) - widest - wide)


def _cut(title: str) -> str:
    return title if len(title) <= LONGEST_LABEL else f"…{title[1 - LONGEST_LABEL :]}"


def _alive(
    trace: Trace, names: ExactNames, ops: Sequence[int]
) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[str, str], ...]]:
    """Return the largest tensors that are alive at ops, and what they are."""
    largest = largest_alive(trace, ops, LARGEST)
    if not largest:
        return (), ()
    numbers: dict[int, int] = {}
    alive = tuple(
        tuple(numbers.setdefault(value, len(numbers)) for value in largest.get(op, ())) for op in ops
    )
    tensors = ((names.value(number), trace.values[number]) for number in numbers)
    return alive, tuple((name, f"{value}, {format_bytes(value.bytes)}") for name, value in tensors)
