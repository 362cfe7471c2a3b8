"""Make Graphviz's SVG small and safe for a page: outlines, arrows, text and links, styled by the page.

Everything is written again from what is understood; whatever else a picture holds is left behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from math import ceil
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from shapeflow.graph.dot import LEADING, SOFT, TITLE, width_of
from shapeflow.graph.room import Box, free_place, points_of

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"

SCALE = 1.12
"""Pixels of the page for a point of the drawing: the smallest text has 10 pixels."""
MARKED = 0x5F0000
"""Text colours from here on stand for symbols; the page's classes take their place."""
BASELINE = 0.36
"""How far below the middle of a line its letters stand, as a share of the size of their font."""
INSET = 8.0
"""Points between the side of a frame and its title."""

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
VIEW = re.compile(r'<svg[^>]*?viewBox="(-?[\d.]+ -?[\d.]+ [\d.]+ [\d.]+)"')
PATH = re.compile(r"[MC\s,\d.-]*")


def size_of(svg: str) -> tuple[float, float]:
    """Return width and height of a drawing in pixels of the page; it is shown no smaller."""
    _, _, width, height = _view(svg)
    return width * SCALE, height * SCALE


def _view(svg: str) -> tuple[float, ...]:
    found = VIEW.search(svg)
    return tuple(float(number) for number in found[1].split()) if found else (0.0, 0.0, 100.0, 100.0)


def clean(svg: str) -> str:
    """Return ``svg``, as Graphviz writes it, for use inside a page."""
    left, top, width, height = _view(svg)
    graph = ElementTree.fromstring(svg).find(f"{SVG}g")
    assert graph is not None
    numbers = NUMBER.findall(graph.get("transform", ""))
    across, down = (float(number) for number in numbers[-2:]) if len(numbers) > 1 else (0.0, 0.0)
    parts = "".join(_parts(graph.findall(f"{SVG}g")))
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}"'
        f' width="{ceil(width * SCALE)}" height="{ceil(height * SCALE)}">'
        f'<g transform="translate({across - left:g} {down - top:g})">{parts}</g></svg>'
    )


def _parts(groups: Sequence[Element]) -> Iterable[str]:
    """Yield the frames, the arrows, and the boxes with their texts on top."""
    kinds: dict[str, list[tuple[str, Element]]] = {"cluster": [], "edge": [], "node": []}
    for group in groups:
        classes = " ".join(re.findall(r"[a-z]+", group.get("class", "")))
        kind = classes.partition(" ")[0]
        if kind in kinds:
            kinds[kind].append((classes, group))
    kinds["cluster"].sort(key=_number)  # Graphviz orders them by what it drew before
    boxes = [_box(group) for kind in ("node",) for _, group in kinds[kind]]
    taken = [box for box in boxes if box is not None]
    lines = [points for _, group in kinds["edge"] for points in _courses(group)]
    frames = [_frame(classes, group, taken, lines) for classes, group in kinds["cluster"]]
    yield from (frame for frame, _ in frames)
    for classes, group in kinds["edge"]:
        yield f'<g class="{classes}">{_arrow(group)}</g>'
    yield from (title for _, title in frames)
    for classes, group in kinds["node"]:
        yield _node(classes, group)


def _number(item: tuple[str, Element]) -> int:
    """Return the number of a frame, which is less than those of the frames in it."""
    return int(item[1].findtext(f"{SVG}title", "").rpartition("_")[2] or 0)


def _node(classes: str, group: Element) -> str:
    """Return a box, or what stands on an arrow."""
    texts = list(group.iter(f"{SVG}text"))
    box = _box(group)
    if box is None:
        return ""
    if "label" in classes:
        return f'<g class="{classes}">{_lines(texts, *box.middle)}</g>'
    outline = _outline(group, box)
    return f'<g class="{classes}">{_linked(group, outline + _lines(texts, *box.middle))}</g>'


def _frame(
    classes: str, group: Element, taken: list[Box], lines: Sequence[Sequence[tuple[float, float]]]
) -> tuple[str, str]:
    """Return a frame, and its title: it goes where along the upper or lower side nothing else is."""
    box = _box(group)
    texts = list(group.iter(f"{SVG}text"))
    if box is None or not texts:
        return "", ""
    for some in (texts, texts[:1]):  # where there is no room for all, the name alone
        width = width_of("".join(text.text or "" for text in some), TITLE)
        room, free = free_place(box, width, TITLE * LEADING, INSET, taken, lines)
        if free:
            break
    taken.append(room)
    words = "".join(_words(text, first=text is some[0]) for text in some)
    y = room.top + room.height / 2 + BASELINE * TITLE
    title = f'<text x="{_short(room.left)}" y="{_short(y)}">{words}</text>'
    if not free:  # what must pass here passes behind it
        size = f'width="{_short(room.width)}" height="{_short(room.height)}"'
        title = f'<rect class="behind" x="{_short(room.left)}" y="{_short(room.top)}" {size}/>{title}'
    outline = f'<g class="{classes}">{_linked(group, _outline(group, box))}</g>'
    return outline, f'<g class="frame-title">{_linked(group, title)}</g>'


def _linked(group: Element, body: str) -> str:
    link = next((a.get(LINK, "") for a in group.iter(f"{SVG}a") if a.get(LINK, "").startswith("#at=")), "")
    return f'<a href="{escape(link)}">{body}</a>' if link else body


def _box(group: Element) -> Box | None:
    """Return where the outline of a node or frame is; None for what has none."""
    for ellipse in group.iter(f"{SVG}ellipse"):
        cx, cy, rx, ry = (float(ellipse.get(name, "0")) for name in ("cx", "cy", "rx", "ry"))
        return Box(cx - rx, cy - ry, 2 * rx, 2 * ry)
    for shape in group.iter():
        numbers = [float(number) for number in NUMBER.findall(shape.get("d") or shape.get("points") or "")]
        if len(numbers) > 3:
            x, y = min(numbers[::2]), min(numbers[1::2])
            return Box(x, y, max(numbers[::2]) - x, max(numbers[1::2]) - y)
    return None


def _outline(group: Element, box: Box) -> str:
    if group.find(f".//{SVG}ellipse") is not None:
        x, y = box.middle
        size = f'rx="{_short(box.width / 2)}" ry="{_short(box.height / 2)}"'
        return f'<ellipse cx="{_short(x)}" cy="{_short(y)}" {size}/>'
    place = f'x="{_short(box.left)}" y="{_short(box.top)}"'
    return f'<rect {place} width="{_short(box.width)}" height="{_short(box.height)}" rx="6"/>'


def _courses(group: Element) -> Iterable[list[tuple[float, float]]]:
    """Yield the points that an arrow goes through."""
    for path in group.iter(f"{SVG}path"):
        if PATH.fullmatch(path.get("d", "")):
            yield points_of([float(number) for number in NUMBER.findall(path.get("d", ""))])


def _arrow(group: Element) -> str:
    """Return the line and the head of an arrow."""
    parts = []
    for path in group.iter(f"{SVG}path"):
        if PATH.fullmatch(path.get("d", "")):
            parts.append(f'<path d="{_rounded(path.get("d", ""))}"/>')
    for head in group.iter(f"{SVG}polygon"):
        numbers = NUMBER.findall(head.get("points", ""))
        if len(numbers) >= 6:
            corners = " ".join(_short(float(number)) for number in numbers[:6])
            parts.append(f'<polygon points="{corners}"/>')
    return "".join(parts)


def _lines(texts: Sequence[Element], x: float, middle: float) -> str:
    """Return texts line by line, around a middle: in another font they stay there."""
    lines: dict[str, list[Element]] = {}
    for text in texts:
        lines.setdefault(text.get("y", "0"), []).append(text)
    sizes = [max(_size(text) for text in line) for line in lines.values()]
    at = middle - sum(sizes) * LEADING / 2
    result = []
    for line, size in zip(lines.values(), sizes, strict=True):
        y = at + size * LEADING / 2 + BASELINE * size
        at += size * LEADING
        words = "".join(_words(text, first=text is line[0]) for text in line)
        soft = all(text.get("fill") == SOFT for text in line)
        sub = ' class="sub"' if soft else ""
        result.append(f'<text x="{_short(x)}" y="{_short(y)}"{sub}>{words}</text>')
    return "".join(result)


def _size(text: Element) -> float:
    return float(text.get("font-size", str(TITLE)))


def _words(text: Element, *, first: bool) -> str:
    """Return one run of a line: bold, or in the colour of a symbol, or plain."""
    words = escape(text.text or "")
    fill = text.get("fill", "")
    if fill.startswith("#5f00"):
        return f'<tspan class="y{int(fill[1:], 16) - MARKED}">{words}</tspan>'
    if text.get("font-weight"):
        return f"<tspan>{words}</tspan>"
    return words if first else f" {words.lstrip()}" if words.strip().isalpha() else words


def _rounded(path: str) -> str:
    return NUMBER.sub(lambda match: _short(float(match[0])), path)


def _short(number: float) -> str:
    """Return a number with at most one digit behind the point."""
    return f"{number:.1f}".removesuffix(".0")


def marks(sizes: Iterable[tuple[int, int]]) -> dict[int, str]:
    """Return the text colour that stands for a palette position, by size."""
    return {size: f"#{MARKED + position:06x}" for size, position in sizes}
