"""A graph as text in Graphviz's language, legible on its own and ready to be coloured by a page's CSS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from shapeflow.graph.model import Cluster, Edge, Graph, Node

FONT = "Helvetica,Arial,sans-serif"
MONO = "DejaVu Sans Mono,Menlo,Consolas,monospace"

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
SHAPES_OF_EDGE = 2
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
    lines = [
        "digraph shapeflow {",
        '  graph [rankdir=TB, nodesep=0.28, ranksep=0.42, pad=0.15, bgcolor="white",'
        f' fontname="{FONT}", fontsize=10, fontcolor="#4a5160", compound=true];',
        f'  node [shape=box, style="rounded,filled", margin="0.12,0.06", height=0.3, fontname="{FONT}",'
        ' fontsize=11, fontcolor="#1c2330", color="#6f86b3", penwidth=1];',
        f'  edge [fontname="{MONO}", fontsize=9, fontcolor="#333a46", color="#79808c", arrowsize=0.6];',
    ]
    lines += _clusters(graph, None, "  ")
    lines += [f"  {_edge(edge, colours or {}, more)}" for edge in graph.edges]
    return "\n".join([*lines, "}"]) + "\n"


def printable(text: str, longest: int = LONGEST) -> str:
    """Return ``text`` without control characters and no longer than fits a box."""
    clean = UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"


def _clusters(graph: Graph, parent: int | None, indent: str) -> list[str]:
    lines = [f"{indent}{_node(node)}" for node in graph.nodes if node.cluster == parent]
    for cluster in graph.clusters:
        if cluster.parent == parent:
            lines += [
                f"{indent}subgraph cluster_{cluster.id} {{",
                f"{indent}  {_frame(cluster)}",
                *_clusters(graph, cluster.id, indent + "  "),
                f"{indent}}}",
            ]
    return lines


def _frame(cluster: Cluster) -> str:
    label = f"<<B>{_html(cluster.title)}</B>  {_html(cluster.subtitle)}>"
    return (
        f'graph [label={label}, class="frame", style="rounded", color="#c3c9d4", labeljust=l, margin=10'
        f"{_link(cluster.selector)}];"
    )


def _node(node: Node) -> str:
    style = "rounded,filled,dashed" if node.kind in ("unused", "outside") else "rounded,filled"
    line = f', color="{LINE[node.kind]}"' if node.kind in LINE else ""
    extra = ", shape=oval, height=0.2, fontsize=9" if node.kind == "op" else ""
    label = (
        f"<B>{_html(node.title)}</B>" if node.kind not in ("op", "unused", "outside") else _html(node.title)
    )
    if node.subtitle:
        label += f'<BR/><FONT POINT-SIZE="9" COLOR="#5b6372">{_html(node.subtitle)}</FONT>'
    return (
        f'n{node.id} [label=<{label}>, class="{node.kind}", style="{style}", fillcolor="{FILL[node.kind]}"'
        f"{line}{extra}{_link(node.selector)}];"
    )


def _edge(edge: Edge, colours: Mapping[int, str], more: str) -> str:
    shown = [_coloured(text, colours) for text in edge.shapes[:SHAPES_OF_EDGE]]
    if len(edge.shapes) > SHAPES_OF_EDGE:
        shown.append(_html(more.replace("{n}", str(len(edge.shapes) - SHAPES_OF_EDGE))))
    dashed = ', style=dashed, class="unused"' if edge.unused else ""
    return f"n{edge.source} -> n{edge.target} [label=<{'<BR/>'.join(shown)}>{dashed}];"


def _coloured(shape: str, colours: Mapping[int, str]) -> str:
    """Return the text of a shape with its named dims coloured; a dtype's digits are no dim."""
    start = shape.find("[")

    def one(match: re.Match[str]) -> str:
        colour = colours.get(int(match[0])) if match.start() > start else None
        return f'<FONT COLOR="{colour}">{match[0]}</FONT>' if colour else match[0]

    # Graphviz drops or misplaces a bare bracket that follows a tag.
    return DIM.sub(one, _html(shape)).replace("]", "&#93;")


def _link(selector: str) -> str:
    if not selector:
        return ""
    text = printable(selector, 400)
    return f", URL={_quoted('#at=' + _address(text))}, tooltip={_quoted(text)}"


def _address(selector: str) -> str:
    """Return a selector as a part of a link."""
    from urllib.parse import quote

    return quote(selector, safe="/:@.*,-_~!")


def _html(text: str) -> str:
    return escape(printable(text), quote=True)


def _quoted(text: str) -> str:
    """Return ``text`` as a quoted string of Graphviz's language, with nothing left to interpret."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
