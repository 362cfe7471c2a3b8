"""A graph in Graphviz's language, legible on its own and ready to be coloured by a page's CSS.

The text is built by the ``graphviz`` package, which knows how names, HTML labels and attributes are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import quote

import graphviz

from shapeflow.graph.model import Cluster, Edge, Flow, Graph, Node

FONT = "Helvetica,Arial,sans-serif"
MONO = "DejaVu Sans Mono,Menlo,Consolas,monospace"
GRAPH = {
    "rankdir": "TB",
    "nodesep": "0.28",
    "ranksep": "0.42",
    "pad": "0.15",
    "bgcolor": "white",
    "fontname": FONT,
    "fontsize": "10",
    "fontcolor": "#4a5160",
    "compound": "true",
}
NODE = {
    "shape": "box",
    "style": "rounded,filled",
    "margin": "0.12,0.06",
    "height": "0.3",
    "fontname": FONT,
    "fontsize": "11",
    "fontcolor": "#1c2330",
    "color": "#6f86b3",
    "penwidth": "1",
}
EDGE = {
    "fontname": MONO,
    "fontsize": "9",
    "fontcolor": "#333a46",
    "color": "#79808c",
    "arrowsize": "0.6",
}
FRAME = {"class": "frame", "style": "rounded", "color": "#c3c9d4", "labeljust": "l", "margin": "10"}
FILL = {
    "call": "#eef3fb",
    "repeat": "#e6edf9",
    "op": "#ffffff",
    "input": "#e8f5ec",
    "output": "#e8f5ec",
    "outside": "#ffffff",
    "unused": "#ffffff",
    "failed": "#fdecea",
}
LINE = {
    "failed": "#b3261e",
    "unused": "#8a8f98",
    "outside": "#b6bcc6",
    "input": "#3b8657",
    "output": "#3b8657",
}
SOFT = "#5b6372"
"""Colour of what is less important."""
MORE = "+ {n} more"
LONGEST = 48

DIM = re.compile(r"\d+")
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


def to_dot(graph: Graph, colours: Mapping[int, str] | None = None, more: str = MORE) -> str:
    """Return ``graph`` in Graphviz's language.

    Args:
        graph: what to draw.
        colours: text colour of a dim by its size, for those that have one.
        more: what stands for the shapes of an arrow that are not shown.
    """
    dot = graphviz.Digraph("shapeflow", graph_attr=GRAPH, node_attr=NODE, edge_attr=EDGE)
    _add_inside(dot, graph, None)
    for edge in graph.edges:
        _add_edge(dot, edge, colours or {}, more)
    return str(dot.source)


def printable(text: str, longest: int = LONGEST) -> str:
    """Return ``text`` without control characters and no longer than fits a box."""
    clean = UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"


def _add_inside(dot: Any, graph: Graph, parent: int | None) -> None:
    """Add the nodes directly in a frame, then the frames in it."""
    for node in graph.nodes:
        if node.cluster == parent:
            _add_node(dot, node)
    for cluster in graph.clusters:
        if cluster.parent == parent:
            with dot.subgraph(name=f"cluster_{cluster.id}") as frame:
                frame.attr(**_frame(cluster))
                _add_inside(frame, graph, cluster.id)


def _frame(cluster: Cluster) -> dict[str, str]:
    label = f"<<B>{_html(cluster.title)}</B>  {_html(cluster.subtitle)}>"
    return {**FRAME, "label": label, **_link(cluster.selector)}


def _add_node(dot: Any, node: Node) -> None:
    plain = node.kind in ("op", "unused", "outside")
    label = _html(node.title) if plain else f"<B>{_html(node.title)}</B>"
    if node.subtitle:
        label += f'<BR/><FONT POINT-SIZE="9" COLOR="{SOFT}">{_html(node.subtitle)}</FONT>'
    dashed = node.kind in ("unused", "outside")
    attributes = {
        "class": node.kind,
        "style": "rounded,filled,dashed" if dashed else "rounded,filled",
        "fillcolor": FILL[node.kind],
    }
    if node.kind in LINE:
        attributes["color"] = LINE[node.kind]
    if node.kind == "op":
        attributes |= {"shape": "oval", "height": "0.2", "fontsize": "9"}
    dot.node(f"n{node.id}", f"<{label}>", **attributes, **_link(node.selector))


def _add_edge(dot: Any, edge: Edge, colours: Mapping[int, str], more: str) -> None:
    shown = [line for flow in edge.shown for line in _flow(flow, colours)]
    if edge.more:
        shown.append(_html(more.replace("{n}", str(edge.more))))
    dashed = {"style": "dashed", "class": "unused"} if edge.unused else {}
    dot.edge(f"n{edge.source}", f"n{edge.target}", f"<{'<BR/>'.join(shown)}>", **dashed)


def _flow(flow: Flow, colours: Mapping[int, str]) -> list[str]:
    """Return the lines of a tensor on an arrow: the ops, softer, between the shapes before and after."""
    before, *rest = flow.lines
    lines = [_coloured(before, colours)]
    if rest:
        via, after = rest
        lines += [f'<FONT COLOR="{SOFT}">{_html(via)}</FONT>', _coloured(after, colours)]
    return lines


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
    return {"URL": graphviz.escape(address), "tooltip": graphviz.escape(text)}


def _html(text: str) -> str:
    return escape(printable(text), quote=True)
