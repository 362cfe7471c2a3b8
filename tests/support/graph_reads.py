"""What a graph shows, by the titles of its boxes."""

from __future__ import annotations

from shapeflow.graph.model import Graph
from shapeflow.model.trace import Trace


def titles(graph: Graph) -> list[str]:
    """Return the titles of the boxes."""
    return [node.title for node in graph.nodes]


def arrows(graph: Graph) -> set[tuple[str, str]]:
    """Return the titles at both ends of each arrow."""
    names = {node.id: node.title for node in graph.nodes}
    return {(names[edge.source], names[edge.target]) for edge in graph.edges}


def label(graph: Graph, source: str, target: str) -> tuple[str, ...]:
    """Return what stands on the one arrow between two boxes."""
    names = {node.id: node.title for node in graph.nodes}
    (edge,) = [edge for edge in graph.edges if (names[edge.source], names[edge.target]) == (source, target)]
    return tuple(line for flow in edge.shown for line in flow.lines)


def calls(trace: Trace, selector: str) -> list[int]:
    """Return the calls that a selector names."""
    return [match.call.id for match in trace.select(selector) if match.call]
