"""A poster as SVG: for a page, which gives it its colours, or as a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape as escaped

from shapeflow.common.control_characters import visible_line
from shapeflow.reporting.poster.faces import BACK, LINE, MOST_BACKS, TITLE_LINE, WIDE, Size
from shapeflow.reporting.poster.layout import Box, Layout, layout_of
from shapeflow.reporting.poster.lines import HEAD, Line, Point
from shapeflow.reporting.poster.model import Poster, Station
from shapeflow.reporting.poster.texts import mono_width, width, wrapped
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.pieces import Piece

SANS = "'DejaVu Sans', Verdana, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"
MONO = "'DejaVu Sans Mono', Menlo, Consolas, monospace"
RADIUS = 16.0
LANES = 4
SMALLEST_TITLE = 0.7
"""A long title is set smaller, down to this share of the usual size."""
SHEETS = 3
"""Edges of a stack of channels."""


def poster_svg(
    poster: Poster,
    words: Translator,
    *,
    size: Size = WIDE,
    style: str = "",
    picture: str = "",
    marks: dict[str, int] | None = None,
) -> str:
    """Return a poster as SVG.

    Args:
        poster: what it says.
        words: of the language of the legend.
        size: its measures.
        style: CSS for a file of its own; empty for a page that has it, and takes links.
        picture: the input picture as a data link, to be shown where it goes in.
        marks: position in the palette by symbol.
    """
    layouts = (layout_of(poster, replace(size, height=height)) for height in (*size.lower, size.height))
    layout = next((one for one in layouts if one.complete), None) or layout_of(poster, size)
    return _Drawing(poster, layout, words, style, picture, marks or {}).svg()


class _Drawing:
    """Writes one poster."""

    def __init__(
        self,
        poster: Poster,
        layout: Layout,
        words: Translator,
        style: str,
        picture: str,
        marks: dict[str, int],
    ) -> None:
        self.poster = poster
        self.layout = layout
        self.size = layout.size
        self.words = words
        self.style = style
        self.picture = picture
        self.marks = marks
        self.lane = {s.id: n % LANES for n, s in enumerate(s for s in poster.stations if s.kind == "input")}

    def svg(self) -> str:
        size = self.size
        lines = sorted(self.layout.lines, key=lambda line: -line.width)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size.width:g} {size.height:g}"'
            f' class="poster" role="img" aria-label="{escape(self.poster.title)}" font-family="{SANS}">',
            f"<style>{self.style}</style>" if self.style else "",
            f'<rect class="paper" width="{size.width:g}" height="{size.height:g}"/>' if self.style else "",
            self._head(),
            *(self._line(line) for line in lines),
            *(self._station(box) for box in self.layout.boxes),
            self._foot(),
            "</svg>",
        ]
        return "".join(parts)

    def _head(self) -> str:
        size, x = self.size, self.size.margin
        if not size.title:
            return ""  # the page has said it
        room = size.width - 2 * x
        wide = width(self.poster.title, size.title, bold=True)
        large = size.title * max(SMALLEST_TITLE, min(1.0, 0.98 * room / max(wide, 1.0)))
        title = wrapped(self.poster.title, large, room, 1, bold=True)
        under = wrapped(self.poster.subtitle, size.text * 1.1, room, 1)
        return self._text(x, size.title * 1.75, title, large, "t") + self._text(
            x, size.title * 1.75 + size.text * 1.8, under, size.text * 1.1, "s"
        )

    def _foot(self) -> str:
        """Return the legend, as far as something that it explains is shown."""
        size, stations = self.size, self.poster.stations
        y = size.height - size.text * 1.1
        shown = [
            ("✓", "legend-lines", any(s.marks for s in stations)),
            ("○", "legend-open", any(s.marks and s.marks.open for s in stations)),
            ("▬", "legend-share", any(s.share > 0 for s in stations)),
            ("×", "legend-repeats", any(s.times > 1 for s in stations)),
            ("┄", "legend-unused", any(s.kind == "unused" for s in stations)),
            ("▢", "legend-sheets", any(box.face.sheets for box in self.layout.boxes)),
        ]
        x = size.margin
        texts = []
        end = size.width - size.margin - width(self.poster.foot, size.text)
        for sign, key, wanted in shown:
            text = f"{sign} {self.words(key)}"
            long = width(text, size.text)
            if wanted and x + long < end - 20:
                texts.append(self._text(x, y, [text], size.text, "s"))
                x += long + size.text * 1.8
        rule = (
            f'<path class="rule" d="M{size.margin:g} {y - size.text * 1.5:g}H{size.width - size.margin:g}"/>'
        )
        right = self._text(size.width - size.margin, y, [self.poster.foot], size.text, "s", "end")
        return rule + "".join(texts) + right

    def _line(self, line: Line) -> str:
        """Return one leg of a ribbon, with rounded corners, and its head."""
        lane = self._lane(line.source)
        dashed = all(t >= 0 and self.poster.stations[t].kind == "unused" for t in line.targets)
        classes = f"ribbon {lane}{' dead' if dashed else ''}"
        head = ""
        if line.head:
            x, y = line.points[-1] if line.head > 0 else line.points[0]
            half = line.width / 2 + 4
            tip = x + (HEAD - 1) * line.head
            shape = f"M{x:.1f} {y - half:.1f}L{tip:.1f} {y:.1f}L{x:.1f} {y + half:.1f}z"
            head = f'<path class="head {lane}" d="{shape}"/>'
        return f'<path class="{classes}" stroke-width="{line.width:.1f}" d="{_rounded(line.points)}"/>{head}'

    def _lane(self, station: int) -> str:
        origin = self.poster.lanes.get(station, -1)
        return f"lane{self.lane[origin]}" if origin in self.lane else "mixed"

    def _station(self, box: Box) -> str:
        station, face = self.poster.stations[box.station], box.face
        lane = f" {self._lane(station.id)}" if station.kind == "input" else ""
        body = "".join(
            (
                self._repeats(station, box),
                f'<rect class="box" x="{box.x:.1f}" y="{box.y:.1f}" width="{face.width:.1f}"'
                f' height="{face.height:.1f}" rx="11"/>',
                self._texts(station, box),
                self._share(station, box),
                self._given(box),
            )
        )
        title = escape(" · ".join((station.title, *station.details)))
        failed = " failed" if station.failed else ""
        group = f'<g class="station {station.kind}{lane}{failed}" data-station="{escape(station.address)}">'
        if station.address and not self.style:
            body = f'<a href="{escape(station.address)}"><title>{title}</title>{body}</a>'
        return f"{group}{body}</g>"

    def _repeats(self, station: Station, box: Box) -> str:
        """Return the edges of the layers that lie behind the first."""
        if station.times < 2:
            return ""
        face = box.face
        backs = [
            f'<rect class="back" x="{box.x + BACK * i:.1f}" y="{box.y - BACK * i:.1f}"'
            f' width="{face.width:.1f}" height="{face.height:.1f}" rx="11"/>'
            for i in range(min(MOST_BACKS, station.times - 1), 0, -1)
        ]
        top = box.y - BACK * min(MOST_BACKS, station.times - 1) - 6
        label = self._text(box.x + face.width, top, [face.label], self.size.text, "t", "end")
        return "".join(backs) + label

    def _texts(self, station: Station, box: Box) -> str:
        size, face = self.size, box.face
        y = box.y + self.size.pad * 0.5 + face.name
        middle = station.kind != "part"
        x = box.x + (face.width / 2 if middle else self.size.pad)
        anchor = "middle" if middle else "start"
        text = self._text(x, y, face.title, face.name, "t", anchor)
        y += (len(face.title) - 1) * face.name * TITLE_LINE + size.text * LINE
        text += self._text(x, y, face.details, size.text, "s", anchor)
        if station.marks and station.kind == "part":
            y = box.y + face.height - 18
            start, end = box.x + self.size.pad / 2, box.x + face.width - self.size.pad
            for sign, number, tone in (
                ("✗", station.marks.bad, "bad"),
                ("✓", station.marks.good, "good"),
                ("○", station.marks.open, "idle"),
            ):
                words = f"{sign} {number}"
                if number and end - width(words, size.text, bold=True) >= start:
                    text += self._text(end, y, [words], size.text, tone, "end")
                    end -= width(words, size.text, bold=True) + 10
        return text

    def _share(self, station: Station, box: Box) -> str:
        if station.kind != "part" or not station.share:
            return ""
        room = box.face.width - 2 * self.size.pad
        bar = f'x="{box.x + self.size.pad:.1f}" y="{box.y + box.face.height - 11:.1f}" height="5" rx="2.5"'
        filled = max(2.0, room * min(1.0, station.share))
        return (
            f'<rect class="track" {bar} width="{room:.1f}"/><rect class="share" {bar} width="{filled:.1f}"/>'
        )

    def _given(self, box: Box) -> str:
        """Return what stands under a box: feature maps to scale, and shapes."""
        face, size = box.face, self.size
        y = box.y + face.height + 8
        middle = box.x + face.width / 2
        picture = self.picture if self.poster.stations[box.station].kind == "input" else ""
        result = self._sheets(face.sheets, middle, y + face.sheets_height - BACK, picture)
        y += face.sheets_height
        for one in face.given:
            for line in one.lines:
                result += self._shape(line, middle, y + size.text)
                y += size.text * LINE
        return result

    def _sheets(self, sides: Sequence[tuple[float, float]], middle: float, floor: float, picture: str) -> str:
        """Return feature maps side by side on one line; the picture that was given as itself."""
        x = middle - (sum(wide for wide, _ in sides) + 22 * (len(sides) - 1)) / 2
        result = ""
        for across, high in sides:
            step = min(BACK / 2, across / 5)
            for i in range(SHEETS - 1, -1, -1):
                place = f'x="{x + step * i:.1f}" y="{floor - high - step * i:.1f}"'
                result += f'<rect class="sheet" {place} width="{across:.1f}" height="{high:.1f}"/>'
            if picture:
                place = f'x="{x:.1f}" y="{floor - high:.1f}" width="{across:.1f}" height="{high:.1f}"'
                result += f'<image {place} preserveAspectRatio="none" href="{escape(picture)}"/>'
            x += across + 22
        return result

    def _shape(self, pieces: Sequence[Piece], x: float, y: float) -> str:
        size = self.size.text
        spans = "".join(
            f'<tspan class="y{self.marks[piece.symbol]}">{escape(piece.text)}</tspan>'
            if piece.symbol in self.marks
            else escape(piece.text)
            for piece in pieces
        )
        wide = mono_width("".join(piece.text for piece in pieces).rstrip(), size)
        return (
            f'<text class="m" x="{x - wide / 2:.1f}" y="{y:.1f}" font-size="{size:.4g}"'
            f' font-family="{MONO}" xml:space="preserve">{spans}</text>'
        )

    def _text(
        self, x: float, y: float, lines: Sequence[str], size: float, tone: str, anchor: str = "start"
    ) -> str:
        """Return lines of text, one under the other."""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        step = size * (TITLE_LINE if tone == "t" else LINE)
        start = f'<text class="{tone}" x="{x:.1f}" font-size="{size:.4g}"{place}'
        return "".join(
            f'{start} y="{y + step * i:.1f}">{escape(line)}</text>' for i, line in enumerate(lines)
        )


def _rounded(points: Sequence[Point]) -> str:
    """Return the path through points, with round corners."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        first, second = _distance(before, at), _distance(at, after)
        radius = min(RADIUS, first / 2, second / 2)
        if radius < 0.5:
            continue
        start = _towards(at, before, radius / first)
        end = _towards(at, after, radius / second)
        path += f"L{start[0]:.1f} {start[1]:.1f}Q{at[0]:.1f} {at[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    return path + f"L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def _distance(first: Point, second: Point) -> float:
    return abs(first[0] - second[0]) + abs(first[1] - second[1])


def _towards(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def escape(text: str) -> str:
    """Return a text as XML, with what cannot be seen made visible."""
    return escaped(visible_line(text))
