"""Graphs laid out for a page: SVG without anything active, coloured by the page's own style."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

from shapeflow.errors import ShapeflowError
from shapeflow.graph.dot import to_dot
from shapeflow.graph.engine import render
from shapeflow.graph.mermaid import to_mermaid
from shapeflow.graph.model import Graph
from shapeflow.report.pictures import Drawing

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
KEPT = {
    "svg": ("viewBox",),
    "g": ("class", "transform"),
    "a": (),
    "path": ("d",),
    "polygon": ("points",),
    "polyline": ("points",),
    "ellipse": ("cx", "cy", "rx", "ry"),
    "text": ("text-anchor", "x", "y", "font-size", "font-weight"),
}
"""What may stand in a figure; everything else is dropped."""
SCALE = 1.12
"""Pixels of the page for a point of the drawing."""
WIDE = 900
"""A drawing wider than this is scrolled rather than made illegible."""
MARKED = 0x5F0000
"""Text colours from here on stand for symbols until the page's classes take their place."""
SMALL = re.compile(r"(\.\d)\d+")
NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")


def draw_all(graphs: Sequence[Graph], sizes: Mapping[int, int]) -> list[Drawing]:
    """Return the drawings of ``graphs``.

    Args:
        graphs: what to draw; an empty one gives an empty drawing.
        sizes: position in the palette by size, for dims that have a colour.
    """
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda graph: _draw(graph, sizes), graphs))


def _draw(graph: Graph, sizes: Mapping[int, int]) -> Drawing:
    if graph.empty:
        return Drawing(graph.title, "", "")
    mermaid = to_mermaid(graph)
    colours = {size: f"#{MARKED + colour:06x}" for size, colour in sizes.items()}
    try:
        svg = clean(render(to_dot(graph, colours)).decode("utf-8", errors="replace"))
    except ShapeflowError as error:
        return Drawing(
            graph.title, "", mermaid, f"{error.what}; {error.because}" if error.because else error.what
        )
    return Drawing(graph.title, svg, mermaid, graph.left_out)


def clean(svg: str) -> str:
    """Return ``svg`` reduced to shapes, text and links within the page."""
    root = ElementTree.fromstring(svg)
    box = root.get("viewBox", "0 0 100 100").split()
    figure = _copy(root)
    _set_lines(figure, None)
    figure.set("xmlns", "http://www.w3.org/2000/svg")
    width, height = float(box[2]) * SCALE, float(box[3]) * SCALE
    figure.set("width", f"{width:.0f}")
    figure.set("height", f"{height:.0f}")
    if width > WIDE:
        figure.set("class", "wide")
    return ElementTree.tostring(figure, encoding="unicode", short_empty_elements=True)


def _copy(element: ElementTree.Element) -> ElementTree.Element:
    """Return a copy that holds nothing but what is known to be harmless."""
    name = element.tag.removeprefix(SVG)
    copy = ElementTree.Element(name)
    for attribute in KEPT[name]:
        if element.get(attribute):
            copy.set(attribute, SMALL.sub(r"\1", element.get(attribute, "")))
    href = element.get(LINK, "")
    if name == "a" and href.startswith("#at="):
        copy.set("href", href)
    if name == "text":
        copy.text = element.text
        copy.set("class", _text_class(element))
    elif element.get("stroke-dasharray"):
        copy.set("stroke-dasharray", "5 3")
    if name == "polygon" and element.get("stroke") == "transparent":
        copy.set("class", "paper")
    for child in element:
        if isinstance(child.tag, str) and child.tag.removeprefix(SVG) in KEPT:
            copy.append(_copy(child))
    return copy


def _text_class(element: ElementTree.Element) -> str:
    fill = element.get("fill", "")
    if fill.startswith("#5f00"):
        return f"y{int(fill[1:], 16) - MARKED}"
    if fill == "#5b6372":
        return "sub"
    return "m" if "Mono" in element.get("font-family", "") else ""


def _set_lines(element: ElementTree.Element, middle: float | None) -> None:
    """Join the texts of one line, so that no other font than the one they were measured in pulls them apart.

    Args:
        element: what the texts stand in.
        middle: where a node's texts are centred; None elsewhere.
    """
    if element.get("class", "").startswith("node"):
        middle = _middle(element)
    lines: dict[str, list[ElementTree.Element]] = {}
    for child in list(element):
        if child.tag == "text":
            lines.setdefault(child.get("y", ""), []).append(child)
            element.remove(child)
        else:
            _set_lines(child, middle)
    framed = "cluster" in element.get("class", "")
    for y, texts in lines.items():
        element.append(_line(texts, y, middle, framed))


def _line(
    texts: Sequence[ElementTree.Element], y: str, middle: float | None, framed: bool
) -> ElementTree.Element:
    first, last = texts[0], texts[-1]
    size = float(first.get("font-size", "9"))
    start, end = float(first.get("x", "0")), float(last.get("x", "0")) + len(last.text or "") * size * 0.6
    anchor = "start" if framed else "middle"
    x = start if framed else middle if middle is not None else (start + end) / 2
    if middle is None and first.get("text-anchor") == "middle":
        x = start
    line = ElementTree.Element(
        "text", {"x": f"{x:.1f}", "y": y, "text-anchor": anchor, "font-size": f"{size:g}"}
    )
    if any(text.get("class") in ("m",) or text.get("class", "").startswith("y") for text in texts):
        line.set("class", "m")
    for text in texts:
        name = text.get("class", "").replace("m", "")
        part = ElementTree.SubElement(line, "tspan", {"class": name} if name else {})
        if text.get("font-weight"):
            part.set("font-weight", "600")
        if framed and text is not first:
            part.set("dx", "5")
        part.text = (text.text or "").strip() if framed else text.text
    return line


def _middle(node: ElementTree.Element) -> float | None:
    """Return the middle of a node's outline."""
    for shape in node.iter():
        if shape.tag == "ellipse":
            return float(shape.get("cx", "0"))
        numbers = [float(number) for number in NUMBERS.findall(shape.get("d", "") or shape.get("points", ""))]
        if numbers:
            return (min(numbers[::2]) + max(numbers[::2])) / 2
    return None
