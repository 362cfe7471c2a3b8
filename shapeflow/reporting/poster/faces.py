"""What stands on and under the box of a station, and how much room that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shapeflow.reporting.poster.model import Station, Tensor
from shapeflow.reporting.poster.texts import longest_piece, mono_width, width, wrapped
from shapeflow.reporting.view.pieces import Piece

BACK = 5.0
"""Distance between the edges of repeats, and of a stack of channels."""
MOST_BACKS = 3
LINE = 1.28
"""Distance of lines of text, in their size; of titles it is a little less."""
TITLE_LINE = 1.2
OVERHANG = 8.0
"""How far the text under a box may stand out on each side."""
NARROW = 6
"""Boxes narrower than so many sizes of text have a title alone."""
SMALLEST_NAME = 0.85
"""A title of long words is set smaller, down to this share of the usual size."""


@dataclass(frozen=True, slots=True)
class Size:
    """Measures of a poster in pixels."""

    width: float
    height: float
    title: float
    """Sizes of text: of the poster's title, of stations, and of everything else."""
    name: float
    text: float
    margin: float = 40
    pad: float = 12
    """Between the edge of a box and its texts."""
    gap: float = 46
    """Least room between columns."""
    track: float = 9
    """More room for each further line that turns there."""
    widest_gap: float = 130
    narrowest: float = 96
    widest: float = 250
    """Least and most width of a box."""
    sheet: float = 72
    """Side of the largest feature map."""
    apart: float = 22
    """Least room between stations of a column."""
    tensors: int = 3
    """Most tensors under a box."""
    details: bool = True
    """Whether boxes have more than a title."""
    lower: tuple[float, ...] = ()
    """Heights that do as well where everything fits."""

    @property
    def top(self) -> float:
        """Where stations begin."""
        return self.title * 2.2 + self.text * 2.4

    @property
    def bottom(self) -> float:
        """Where they end."""
        return self.height - self.text * 3.4


WIDE = Size(1920, 1080, 38, 23, 19)
"""A poster."""
PAGE = replace(WIDE, height=880, title=0, lower=(420, 560, 720))
"""A poster in a page, which has a title of its own."""
CARD = Size(
    1200,
    630,
    30,
    15,
    13,
    margin=26,
    pad=8,
    gap=34,
    track=7,
    narrowest=64,
    widest=180,
    sheet=44,
    apart=12,
    tensors=1,
    details=False,
)
"""What a chat shows of a link."""

LEVELS = 5
"""How often something may be left out: details, all but one tensor, feature maps, shapes."""


@dataclass(frozen=True, slots=True)
class Given:
    """A tensor under a box."""

    tensor: Tensor
    lines: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True)
class Face:
    """The texts of a station, broken into lines, and its measures."""

    width: float
    height: float
    """Of the box."""
    above: float
    """Room for the edges of repeats and their number."""
    aside: float
    """Room for the edges of repeats at the right."""
    below: float
    """Room for what it gives."""
    name: float
    """Size of the title's text."""
    title: tuple[str, ...]
    label: str
    """What stands above the edges of repeats."""
    details: tuple[str, ...]
    given: tuple[Given, ...]
    sheets: tuple[tuple[float, float], ...]
    """Widths and heights of the feature maps under it."""

    @property
    def sheets_height(self) -> float:
        """Room for the feature maps."""
        return max((high for _, high in self.sheets), default=0.0) + 2 * BACK if self.sheets else 0.0


def natural_width(station: Station, size: Size) -> float:
    """Return the width at which no word of a station is broken."""
    words = [longest_piece(station.title, size.name, bold=True)]
    words += [longest_piece(detail, size.text) for detail in station.details if size.details]
    shapes = [mono_width("".join(p.text for p in one.shape), size.text) for one in station.gives[:1]]
    half = [(wide + size.text * 2) / 2 if wide > 150 else wide - 2 * OVERHANG for wide in shapes]
    marks = width(_marks_text(station), size.text, bold=True) if station.marks else 0.0
    return max([max([*words, marks]) + 2 * size.pad, *half])


def _marks_text(station: Station) -> str:
    marks = station.marks
    return " ".join(f"✓ {n}" for n in (marks.good, marks.bad, marks.open) if n) if marks else ""


def face_of(station: Station, size: Size, room: float, level: int, scale: float) -> Face:
    """Return the texts and measures of a station.

    Args:
        station: what it says.
        size: of the poster.
        room: width of its column.
        level: 0 for everything, 1 and more for less and less.
        scale: pixels of the poster for one of a feature map.
    """
    inner = room - 2 * size.pad
    name = size.text if station.kind == "unused" else size.name
    name *= max(SMALLEST_NAME, min(1.0, inner / max(1.0, longest_piece(station.title, name, bold=True))))
    title = wrapped(station.title, name, inner, 4, bold=True)
    told = station.details if size.details and level == 0 and room >= size.text * NARROW else ()
    fit = [detail for detail in told if longest_piece(detail, size.text) <= inner]
    details = tuple(line for detail in fit for line in wrapped(detail, size.text, inner, 2))
    tensors = station.gives[: size.tensors] if level < 2 else station.gives[:1] if level < 4 else ()
    given = tuple(Given(tensor, _lines(tensor.shape, size.text, room + 2 * OVERHANG)) for tensor in tensors)
    shows_sheets = level < 3 and station.kind != "unused"
    maps = [one.tensor.sheet for one in given if one.tensor.sheet] if shows_sheets else []
    sheets = _fitting([(max(3.0, w * scale), max(3.0, h * scale)) for h, w in maps], room + 2 * OVERHANG)
    line = size.text * LINE
    height = size.pad * 1.3 + len(title) * name * TITLE_LINE + len(details) * line
    if station.kind == "part":
        height += line + 10 if station.marks else 12
    repeats = min(MOST_BACKS, station.times - 1) * BACK
    label = ""
    if station.times > 1:
        label = f"{station.times} × {station.blocks}" if station.blocks else f"× {station.times}"
        label = label if width(label, size.text, bold=True) <= room + repeats else f"× {station.times}"
    above = repeats + (size.text + 6 if label else 0)
    face = Face(room, height, above, repeats, 0.0, name, title, label, details, given, tuple(sheets))
    below = 8 + face.sheets_height + sum(len(one.lines) for one in given) * line if given else 0.0
    return Face(room, height, above, repeats, below, name, title, label, details, given, tuple(sheets))


def _fitting(sides: Sequence[tuple[float, float]], room: float) -> list[tuple[float, float]]:
    """Return as many of the feature maps, the largest first, as fit side by side."""
    kept: list[tuple[float, float]] = []
    for across, high in sides:
        if sum(wide + 22 for wide, _ in kept) + across + 2 * BACK <= room:
            kept.append((across, high))
    return kept


def _lines(shape: Sequence[Piece], size: float, room: float) -> tuple[tuple[Piece, ...], ...]:
    """Return a shape in as many lines as it needs, broken behind commas."""
    lines: list[list[Piece]] = [[]]
    used = 0.0
    for piece in shape:
        for text in _behind_commas(piece.text):
            wide = mono_width(text.rstrip(), size)
            closing = mono_width(",", size)  # it may be a piece of its own, and stays on the line
            if lines[-1] and used + wide + closing > room and not text.startswith((",", "]")):
                lines.append([])
                used = 0.0
            lines[-1].append(Piece(text, piece.symbol))
            used += mono_width(text, size)
    return tuple(tuple(line) for line in lines)


def _behind_commas(text: str) -> list[str]:
    parts = text.split(", ")
    return [f"{part}, " for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
