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
from shapeflow.report.view import Drawing

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
MARKED = 0x5F0000
"""Text colours from here on stand for symbols until the page's classes take their place."""
SMALL = re.compile(r"(\.\d)\d+")


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
        return Drawing(graph.title, "", mermaid, f"{error.what}; {error.hint}" if error.hint else error.what)
    return Drawing(graph.title, svg, mermaid, graph.left_out)


def clean(svg: str) -> str:
    """Return ``svg`` reduced to shapes, text and links within the page."""
    root = ElementTree.fromstring(svg)
    box = root.get("viewBox", "0 0 100 100").split()
    figure = _copy(root)
    figure.set("xmlns", "http://www.w3.org/2000/svg")
    figure.set("width", f"{float(box[2]) * 4 / 3:.0f}")
    figure.set("height", f"{float(box[3]) * 4 / 3:.0f}")
    figure.set("role", "img")
    return ElementTree.tostring(figure, encoding="unicode", short_empty_elements=True)


def _copy(element: ElementTree.Element) -> ElementTree.Element:
    name = element.tag.removeprefix(SVG)
    copy = ElementTree.Element(name)
    for attribute in KEPT[name]:
        if element.get(attribute):
            copy.set(attribute, SMALL.sub(r"\1", element.get(attribute, "")))
    href = element.get(LINK, "")
    if name == "a" and href.startswith("#at="):
        copy.set("href", href)
    fill = element.get("fill", "")
    if name == "text":
        copy.text = element.text
        if fill.startswith("#5f00"):
            copy.set("class", f"y{int(fill[1:], 16) - MARKED}")
        elif fill == "#5b6372":
            copy.set("class", "sub")
        if (element.get("font-family") or "").startswith("Menlo"):
            copy.set("class", f"{copy.get('class', '')} mono".strip())
    if element.get("stroke-dasharray"):
        copy.set("stroke-dasharray", "5 3")
    background = name == "polygon" and element.get("stroke") == "transparent"
    if background:
        copy.set("class", "paper")
    for child in element:
        if isinstance(child.tag, str) and child.tag.removeprefix(SVG) in KEPT:
            copy.append(_copy(child))
    return copy
