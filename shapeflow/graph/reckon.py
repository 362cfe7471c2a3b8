"""How wide a drawing gets at least, told before it is laid out."""

from __future__ import annotations

from collections.abc import Mapping

from shapeflow.graph.dot import SMALL, TITLE, Direction, width_of
from shapeflow.graph.model import Edge, Graph, Node

BETWEEN = 14.0
"""Points between two boxes."""


def least_widths(graph: Graph) -> dict[Direction, float]:
    """Return about how many points wide a drawing is at least, by its direction; most are wider.

    From left to right all boxes and labels of the longest way stand beside each other, from the top down
    those on all arrows that leave one box, or arrive at it.
    """
    labels = {(edge.source, edge.target): _label_width(edge) for edge in graph.edges}
    sums: dict[tuple[str, int], float] = {}
    for (source, target), width in labels.items():
        for end in (("out", source), ("in", target)):
            sums[end] = sums.get(end, -BETWEEN) + width + BETWEEN
    across = _longest({node.id: _box_width(node) for node in graph.nodes}, labels)
    return {"TB": max(sums.values(), default=0.0), "LR": across}


def _longest(boxes: Mapping[int, float], labels: Mapping[tuple[int, int], float]) -> float:
    """Return the length of the longest way; a way back is not taken."""
    ahead: dict[int, list[int]] = {}
    for source, target in labels:
        ahead.setdefault(source, []).append(target)
    known: dict[int, float] = {}

    def reach(node: int, above: frozenset[int]) -> float:
        if node not in known:
            inside = above | {node}
            known[node] = boxes[node] + max(
                (
                    labels[node, after] + 2 * BETWEEN + reach(after, inside)
                    for after in ahead.get(node, ())
                    if after not in inside
                ),
                default=0.0,
            )
        return known[node]

    return max((reach(node, frozenset()) for node in boxes), default=0.0)


def _box_width(node: Node) -> float:
    return max(width_of(node.title, TITLE), width_of(node.subtitle, SMALL))


def _label_width(edge: Edge) -> float:
    shapes = [text for flow in edge.shown for text in (flow.before, flow.after)]
    return max((width_of(text, SMALL) for text in shapes), default=0.0)
