"""Limit a graph to the selected calls, the paths between them and their nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shapeflow.graph.model import Graph
from shapeflow.graph.simplify import SHOWN, remove_nodes

SIDE = 6
"""Most neighbours on either side."""


def prune(graph: Graph, limit: int) -> Graph:
    """Return ``graph`` with the shown calls, what lies between them, and their nearest neighbours.

    Closed calls and joining ops that lie elsewhere are dropped; those between are bridged where they make the
    graph larger than ``limit``.
    """
    shown = {node.id for node in graph.nodes if node.kind in SHOWN}
    ahead: dict[int, list[int]] = {}
    behind: dict[int, list[int]] = {}
    for edge in graph.edges:
        ahead.setdefault(edge.source, []).append(edge.target)
        behind.setdefault(edge.target, []).append(edge.source)
    between = _reach(shown, ahead) & _reach(shown, behind) - shown
    ends = {node.id for node in graph.nodes if node.kind == "unused"}
    ops = {node.id for node in graph.nodes if node.kind == "op"}
    keep = shown | between | ends
    far_ops = ops - between
    reduced = (
        remove_nodes(graph, far_ops - keep, bridge=True)
        if len(far_ops) <= limit
        else _cut(graph, keep, far_ops)
    )
    core = keep & (shown | between | ends)
    keep |= set(sorted(_beside(reduced, core, "source"))[-SIDE:])
    keep |= set(sorted(_beside(reduced, core, "target"))[:SIDE])
    edges = tuple(edge for edge in reduced.edges if edge.source in core or edge.target in core)
    reduced = replace(reduced, edges=edges)
    reduced = remove_nodes(reduced, {node.id for node in reduced.nodes} - keep, bridge=False)
    if len(reduced.nodes) > limit:
        reduced = remove_nodes(reduced, between & ops, bridge=True)
    if len(reduced.nodes) > limit:
        reduced = remove_nodes(reduced, between, bridge=True)
    return reduced


def _cut(graph: Graph, keep: set[int], ops: set[int]) -> Graph:
    """Drop the ops that lead nowhere near ``keep``; bridge the few that touch it."""
    near = {edge.source for edge in graph.edges if edge.target in keep}
    near |= {edge.target for edge in graph.edges if edge.source in keep}
    return remove_nodes(remove_nodes(graph, ops - near, bridge=False), ops & near, bridge=True)


def _reach(start: Iterable[int], steps: dict[int, list[int]]) -> set[int]:
    """Return the nodes reached from ``start`` in one step or more."""
    found: set[int] = set()
    waiting = list(start)
    while waiting:
        for node in steps.get(waiting.pop(), ()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found


def _beside(graph: Graph, keep: set[int], end: str) -> set[int]:
    """Return the nodes outside ``keep`` at one end of an edge whose other end is in it."""
    if end == "source":
        return {edge.source for edge in graph.edges if edge.target in keep} - keep
    return {edge.target for edge in graph.edges if edge.source in keep} - keep
