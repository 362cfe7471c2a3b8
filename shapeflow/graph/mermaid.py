"""A graph as Mermaid text, which Git hosts draw inside Markdown."""

from __future__ import annotations

from shapeflow.graph.dot import MORE, printable
from shapeflow.graph.model import Graph, Node

OPEN = {"op": "([", "unused": "[", "cut": "[", "input": "[/", "output": "[/"}
CLOSE = {"op": "])", "unused": "]", "cut": "]", "input": "/]", "output": "/]"}


def to_mermaid(graph: Graph, more: str = MORE) -> str:
    """Return ``graph`` as a Mermaid flow chart; ``more`` stands for shapes that an arrow does not show."""
    lines = ["flowchart TB", *_inside(graph, None, "  ")]
    for edge in graph.edges:
        label = "<br>".join(_text(line) for flow in edge.shown for line in flow.lines)
        rest = f"<br>{more.format(n=edge.more)}" if edge.more else ""
        arrow = "-.->" if edge.unused else "-->"
        lines.append(f'  n{edge.source} {arrow}|"{label}{rest}"| n{edge.target}')
    dashed = [f"n{node.id}" for node in graph.nodes if graph.dashed(node)]
    failed = [f"n{node.id}" for node in graph.nodes if node.kind == "failed"]
    if dashed:
        lines += ["  classDef dashed stroke-dasharray: 4 3", f"  class {','.join(dashed)} dashed"]
    if failed:
        lines += ["  classDef failed stroke:#b3261e,stroke-width:2px", f"  class {','.join(failed)} failed"]
    return "\n".join(lines) + "\n"


def _inside(graph: Graph, parent: int | None, indent: str) -> list[str]:
    lines = [f"{indent}{_node(node)}" for node in graph.nodes if node.cluster == parent]
    for cluster in graph.clusters:
        if cluster.parent == parent:
            note = cluster.alike_text or (cluster.subtitle if "·" in cluster.subtitle else "")
            title = _text(f"{cluster.title} · {note}" if note else cluster.title)
            lines.append(f'{indent}subgraph c{cluster.id}["{title}"]')
            lines += _inside(graph, cluster.id, indent + "  ")
            lines.append(f"{indent}end")
    return lines


def _node(node: Node) -> str:
    label = _text(node.title) + (f"<br>{_text(node.subtitle)}" if node.subtitle else "")
    return f'n{node.id}{OPEN.get(node.kind, "(")}"{label}"{CLOSE.get(node.kind, ")")}'


def _text(text: str) -> str:
    """Return ``text`` with everything that Mermaid or HTML would interpret as entities."""
    return "".join(c if c.isalnum() or c in " .,_*+-=×…:@/" else f"#{ord(c)};" for c in printable(text))
