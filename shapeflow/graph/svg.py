"""Make Graphviz's SVG small and safe for a page: outlines, arrows, text and links, styled by the page.

Everything is written again from what is understood; whatever else a picture holds is left behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from shapeflow.graph.dot import SOFT

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"

SCALE = 1.12
"""Pixels of the page for a point of the drawing."""
WIDE = 1100
"""A drawing wider than this is scrolled rather than made illegible."""
BESIDE = 3.0
"""Points between an arrow and its label."""
MARKED = 0x5F0000
"""Text colours from here on stand for symbols; the page's classes take their place."""

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
PATH = re.compile(r"[MC\s,\d.-]*")


def clean(svg: str) -> str:
    """Return ``svg``, as Graphviz writes it, for use inside a page."""
    root = ElementTree.fromstring(svg)
    left, top, width, height = (float(number) for number in root.get("viewBox", "0 0 100 100").split())
    graph = root.find(f"{SVG}g")
    assert graph is not None
    numbers = NUMBER.findall(graph.get("transform", ""))
    across, down = (float(number) for number in numbers[-2:]) if len(numbers) > 1 else (0.0, 0.0)
    wide = ' class="wide"' if width * SCALE > WIDE else ""
    parts = "".join(_part(part) for part in graph.findall(f"{SVG}g"))
    return (
        f'<svg viewBox="{left:g} {top:g} {width:g} {height:g}" width="{width * SCALE:.0f}"'
        f' height="{height * SCALE:.0f}"{wide}>'
        f'<g transform="translate({across:g} {down:g})">{parts}</g></svg>'
    )


def _part(group: Element) -> str:
    """Return one node, frame or arrow."""
    classes = " ".join(re.findall(r"[a-z]+", group.get("class", "")))
    texts = list(group.iter(f"{SVG}text"))
    if classes.startswith("edge"):
        return f'<g class="{classes}">{_arrow(group)}{_lines(texts, None, beside=True)}</g>'
    outline, middle = _outline(group)
    framed = classes.startswith("cluster")
    body = outline + _lines(texts, None if framed else middle)
    link = next((a.get(LINK, "") for a in group.iter(f"{SVG}a") if a.get(LINK, "").startswith("#at=")), "")
    if link:
        body = f'<a href="{escape(link)}">{body}</a>'
    return f'<g class="{classes}">{body}</g>'


def _outline(group: Element) -> tuple[str, float]:
    """Return the outline of a node or frame and where its middle is."""
    for ellipse in group.iter(f"{SVG}ellipse"):
        cx, cy, rx, ry = (_short(float(ellipse.get(name, "0"))) for name in ("cx", "cy", "rx", "ry"))
        return f'<ellipse cx="{cx}" cy="{cy}" rx="{rx}" ry="{ry}"/>', float(cx)
    for shape in group.iter():
        numbers = [float(number) for number in NUMBER.findall(shape.get("d") or shape.get("points") or "")]
        if len(numbers) > 3:
            x, y = min(numbers[::2]), min(numbers[1::2])
            width, height = max(numbers[::2]) - x, max(numbers[1::2]) - y
            rect = f'x="{_short(x)}" y="{_short(y)}" width="{_short(width)}" height="{_short(height)}"'
            return f'<rect {rect} rx="6"/>', x + width / 2
    return "", 0.0


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


def _lines(texts: Sequence[Element], middle: float | None, *, beside: bool = False) -> str:
    """Return texts line by line: in another font than they were measured in they stay together."""
    lines: dict[str, list[Element]] = {}
    for text in texts:
        lines.setdefault(text.get("y", "0"), []).append(text)
    result = []
    for y, line in lines.items():
        x = middle if middle is not None else float(line[0].get("x", "0")) + (BESIDE if beside else 0)
        words = "".join(_words(text, first=text is line[0]) for text in line)
        sub = ' class="sub"' if all(text.get("fill") == SOFT for text in line) else ""
        result.append(f'<text x="{_short(x)}" y="{_short(float(y))}"{sub}>{words}</text>')
    return "".join(result)


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
