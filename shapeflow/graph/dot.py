"""A graph in Graphviz's language, legible on its own and ready to be coloured by a page's CSS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Literal, TypeAlias
from unicodedata import east_asian_width
from urllib.parse import quote

from shapeflow.graph.model import Cluster, Edge, Graph, Node

FONT = "DejaVu Sans Mono,Menlo,Consolas,monospace"
"""One font with letters of one width, so that a box fits its text wherever it is drawn and looked at."""
LETTER = 0.602
"""Width of a letter, as a share of the size of its font."""
LEADING = 1.25
"""Height of a line, as a share of the size of its font."""
TITLE, SMALL = 10.0, 9.0
"""Sizes of the fonts, in points."""
PADDING = 8.0
"""Points between the outline of a box and its text."""
POINTS = 72.0
"""In an inch, in which Graphviz counts sizes."""
GRAPH = {
    "nodesep": "0.2",
    "ranksep": "0.22",
    "pad": "0.1",
    "bgcolor": "white",
    "fontname": FONT,
    "fontsize": f"{TITLE:g}",
    "fontcolor": "#4a5160",
}
NODE = {
    "shape": "box",
    "style": "rounded,filled",
    "margin": "0",
    "fontname": FONT,
    "fontsize": f"{TITLE:g}",
    "fontcolor": "#1c2330",
    "color": "#6f86b3",
    "penwidth": "1",
}
EDGE = {"color": "#79808c", "arrowsize": "0.6"}
LABEL = {
    "class": "label",
    "style": "solid",
    "color": "transparent",
    "fontsize": f"{SMALL:g}",
    "fontcolor": "#333a46",
}
"""What stands on an arrow is a box without an outline: so the layout keeps everything else away from it."""
FRAME = {"class": "frame", "style": "rounded", "color": "#c3c9d4", "labeljust": "l", "margin": "9"}
FILL = {
    "call": "#eef3fb",
    "repeat": "#e6edf9",
    "op": "#ffffff",
    "input": "#e8f5ec",
    "output": "#e8f5ec",
    "outside": "#ffffff",
    "unused": "#ffffff",
    "cut": "#ffffff",
    "failed": "#fdecea",
}
LINE = {
    "failed": "#b3261e",
    "unused": "#8a8f98",
    "cut": "#8a8f98",
    "outside": "#b6bcc6",
    "input": "#3b8657",
    "output": "#3b8657",
}
SOFT = "#5b6372"
"""Colour of what is less important."""
MORE = "+ {n} more"
LONGEST = 48
WIDEST_WAY = 26
"""Letters of a line with the names of ops, unless a name is longer."""

Direction: TypeAlias = Literal["TB", "LR"]
"""From the top down, or from left to right."""

DIM = re.compile(r"\d+")
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


def to_dot(graph: Graph, colours: Mapping[int, str] | None = None, more: str = MORE) -> str:
    """Return ``graph`` in Graphviz's language, from the top down; see ``to_dots``."""
    return to_dots(graph, ["TB"], colours, more)[0]


def to_dots(
    graph: Graph, directions: Sequence[Direction], colours: Mapping[int, str] | None = None, more: str = MORE
) -> list[str]:
    """Return ``graph`` in Graphviz's language.

    Args:
        graph: what to draw.
        directions: ``TB`` from the top down, or ``LR`` from left to right: a text for each.
        colours: text colour of a dim by its size, for those that have one.
        more: what stands for the shapes of an arrow that are not shown.
    """
    if not directions:
        return []
    dot = _Lines()
    for kind, attributes in (("node", NODE), ("edge", EDGE)):
        dot.add(kind, **attributes)
    labels: dict[int | None, list[int]] = {}
    frames = {node.id: node.cluster for node in graph.nodes}
    parents = {cluster.id: cluster.parent for cluster in graph.clusters}
    for number, edge in enumerate(graph.edges):
        around = _around_both(frames[edge.source], frames[edge.target], parents)
        labels.setdefault(around, []).append(number)
    texts = [_label(edge, colours or {}, more) for edge in graph.edges]
    _add_inside(dot, graph, None, labels, texts)
    for number, edge in enumerate(graph.edges):
        dashed = {"style": "dashed", "class": "unused"} if edge.unused else {}
        dot.add(f"n{edge.source} -> e{number}", arrowhead="none", **dashed)
        dot.add(f"e{number} -> n{edge.target}", **dashed)
    text = "\n".join([*dot.lines, "}\n"])
    heads = _Lines()
    for direction in directions:
        heads.add("graph", **GRAPH, rankdir=direction)
    return [f"digraph shapeflow {{\n{head}\n{text}" for head in heads.lines]


class _Lines:
    """Statements of Graphviz's language."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, what: str, **attributes: str) -> None:
        """Add a statement: a text in angle brackets is markup, any other is quoted."""
        some = (f"{name}={text if text[:1] == '<' else quoted(text)}" for name, text in attributes.items())
        self.lines.append(f"{what} [{' '.join(some)}]" if attributes else what)


def quoted(text: str) -> str:
    """Return a text as a string of Graphviz's language, in which backslashes stand for themselves."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _around_both(one: int | None, other: int | None, parents: Mapping[int, int | None]) -> int | None:
    """Return the innermost frame that holds both ends of an arrow."""
    above = set()
    while one is not None:
        above.add(one)
        one = parents[one]
    while other is not None and other not in above:
        other = parents[other]
    return other


def printable(text: str, longest: int = LONGEST) -> str:
    """Return ``text`` without control characters and no longer than fits a box."""
    clean = UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"


def _add_inside(
    dot: _Lines,
    graph: Graph,
    parent: int | None,
    labels: Mapping[int | None, list[int]],
    texts: Sequence[_Text],
) -> None:
    """Add the nodes directly in a frame, what stands on its arrows, then the frames in it."""
    for node in graph.nodes:
        if node.cluster == parent:
            _add_node(dot, node, graph.dashed(node))
    for number in labels.get(parent, ()):
        dot.add(f"e{number}", label=texts[number].html, **LABEL, **texts[number].size(2.0, 1.0))
    for cluster in graph.clusters:
        if cluster.parent == parent:
            dot.add(f"subgraph cluster_{cluster.id} {{")
            dot.add("graph", **_frame(cluster))
            _add_inside(dot, graph, cluster.id, labels, texts)
            dot.add("}")


def _frame(cluster: Cluster) -> dict[str, str]:
    note = " · ".join(text for text in (cluster.subtitle, cluster.alike_text) if text)
    label = f"<<B>{_html(cluster.title)}</B>  {_html(note)}>"
    return {**FRAME, "label": label, **_link(cluster.selector)}


def _add_node(dot: _Lines, node: Node, dashed: bool) -> None:
    plain = node.kind in ("op", "unused", "cut") or dashed
    size = SMALL if node.kind == "op" else TITLE
    text = _Text()
    text.add(_html(node.title) if plain else f"<B>{_html(node.title)}</B>", node.title, size)
    if node.subtitle:
        small = f'<FONT POINT-SIZE="{SMALL:g}" COLOR="{SOFT}">{_html(node.subtitle)}</FONT>'
        text.add(small, node.subtitle, SMALL)
    attributes = {
        "class": f"{node.kind} dashed" if dashed else node.kind,
        "style": "rounded,filled,dashed" if dashed else "rounded,filled",
        "fillcolor": "#ffffff" if dashed else FILL[node.kind],
    }
    if node.kind in LINE:
        attributes["color"] = LINE[node.kind]
    if node.kind == "op":
        attributes |= {"shape": "oval", "fontsize": f"{SMALL:g}"}
    dot.add(f"n{node.id}", label=text.html, **attributes, **text.size(PADDING, 5.0), **_link(node.selector))


class _Text:
    """Lines of a label with the room that they take."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.width = self.height = 0.0

    def add(self, html: str, text: str, size: float) -> None:
        """Add a line, as it is written and as it is read."""
        self.lines.append(html)
        self.width = max(self.width, width_of(printable(text), size))
        self.height += size * LEADING

    @property
    def html(self) -> str:
        """As Graphviz reads it."""
        return f"<{'<BR/>'.join(self.lines)}>"

    def size(self, beside: float, above: float) -> dict[str, str]:
        """Return the size of a box around it, with so many points around."""
        width, height = self.width + 2 * beside, self.height + 2 * above
        return {"width": f"{width / POINTS:.3f}", "height": f"{height / POINTS:.3f}"}


@lru_cache(maxsize=1 << 14)
def width_of(text: str, size: float) -> float:
    """Return how wide a text is in a font of a size: a letter of an Asian script is as wide as high."""
    return size * sum(1.0 if east_asian_width(one) in "WF" else LETTER for one in text)


def _label(edge: Edge, colours: Mapping[int, str], more: str) -> _Text:
    """Return what stands on an arrow: the ops, softer, between the shapes before and after."""
    text = _Text()
    for flow in edge.shown:
        before, *rest = flow.lines
        text.add(_coloured(before, colours), before, SMALL)
        if rest:
            via, after = rest
            for line in _way(via):
                text.add(f'<FONT COLOR="{SOFT}">{_html(line)}</FONT>', line, SMALL)
            text.add(_coloured(after, colours), after, SMALL)
    if edge.more:
        line = more.replace("{n}", str(edge.more))
        text.add(_html(line), line, SMALL)
    return text


def _way(via: str) -> list[str]:
    """Return the names of ops in lines that are not much wider than a shape."""
    lines: list[str] = []
    for name in via.split(" · "):
        if lines and len(lines[-1]) + len(name) < WIDEST_WAY:
            lines[-1] += f" · {name}"
        else:
            lines.append(name)
    return [*(f"{line} ·" for line in lines[:-1]), lines[-1]]


def _coloured(shape: str, colours: Mapping[int, str]) -> str:
    """Return the text of a shape with its named dims coloured; a dtype's digits are not a dim."""
    start = shape.find("[")

    def one(match: re.Match[str]) -> str:
        colour = colours.get(int(match[0])) if match.start() > start else None
        return f'<FONT COLOR="{colour}">{match[0]}</FONT>' if colour else match[0]

    # Graphviz drops or misplaces a bare bracket that follows a tag.
    return DIM.sub(one, _html(shape)).replace("]", "&#93;")


def _link(selector: str) -> dict[str, str]:
    if not selector:
        return {}
    text = printable(selector, 400)
    address = "#at=" + quote(text, safe="/:@.*,-_~!")
    return {"URL": address, "tooltip": text}


def _html(text: str) -> str:
    return escape(printable(text), quote=True)
