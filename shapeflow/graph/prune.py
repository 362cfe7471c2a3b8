"""Limit a graph to the selected calls, the paths between them and their nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shapeflow.common.text import counted
from shapeflow.graph.joins import fewer_ops, with_note
from shapeflow.graph.model import Graph
from shapeflow.graph.simplify import SHOWN, remove_nodes
from shapeflow.graph.ways import Ways

SIDE = 6
"""Most neighbours on either side."""


def prune(graph: Graph, limit: int, ways: Ways, side: int = SIDE) -> Graph:
    """Return ``graph`` with the shown calls, what lies between them, and their nearest neighbours.

    Closed calls and joining ops that lie elsewhere are dropped, but a few ops that touch a shown call: where
    its residual is added, say. Those between are named on the arrows where they make the graph larger than
    ``limit``.
    """
    shown = {node.id for node in graph.nodes if node.kind in SHOWN or node.asked}
    ahead: dict[int, list[int]] = {}
    behind: dict[int, list[int]] = {}
    # What goes into one of many closed calls comes out of another: that is no way through.
    many = {node.id for node in graph.nodes if node.kind == "outside" and len(node.calls) > 1}
    for edge in graph.edges:
        if edge.source not in many:
            ahead.setdefault(edge.source, []).append(edge.target)
        if edge.target not in many:
            behind.setdefault(edge.target, []).append(edge.source)
    between = _reach(shown, ahead) & _reach(shown, behind) - shown
    ends = {node.id for node in graph.nodes if node.kind in ("unused", "cut")}
    ops = {node.id for node in graph.nodes if node.kind == "op" and not node.asked}
    beside = _beside(graph, shown, "source") | _beside(graph, shown, "target")
    near = set(sorted(beside & ops - between)[: max(0, min(side, limit - len(shown)))])
    keep = shown | between | ends | near
    far_ops = ops - between - near
    reduced = (
        remove_nodes(graph, far_ops - keep, ways)
        if len(far_ops) <= limit
        else _cut(graph, keep, far_ops, ways)
    )
    core = set(keep)
    keep |= set(sorted(_beside(reduced, core, "source"))[-side:] if side else ())
    keep |= set(sorted(_beside(reduced, core, "target"))[:side])
    edges = tuple(edge for edge in reduced.edges if edge.source in core or edge.target in core)
    reduced = replace(reduced, edges=edges)
    reduced = remove_nodes(reduced, {node.id for node in reduced.nodes} - keep, None)
    reduced = fewer_ops(reduced, limit, ways)
    if len(reduced.nodes) > limit:
        named = [node.id for node in reduced.nodes if node.id in between]
        note = f"+ {counted(len(named), 'call')} on the arrows, without a box" if named else ""
        reduced = with_note(remove_nodes(reduced, named, ways), note)
    return reduced


def fewer_ends(graph: Graph, limit: int) -> Graph:
    """Return ``graph`` with few unused ends and inputs if the limit is exceeded even without ops."""
    for kind, noun in (("unused", "unused end"), ("input", "input")):
        ends = [node.id for node in graph.nodes if node.kind == kind]
        others = sum(node.kind != "op" for node in graph.nodes)
        if others > limit and len(ends) > SIDE:
            graph = remove_nodes(graph, ends[SIDE:], None)
            graph = with_note(graph, f"{counted(len(ends) - SIDE, noun)} left out")
    return graph


def _cut(graph: Graph, keep: set[int], ops: set[int], ways: Ways) -> Graph:
    """Drop the ops that lead nowhere near ``keep``; bridge the few that touch it."""
    near = {edge.source for edge in graph.edges if edge.target in keep}
    near |= {edge.target for edge in graph.edges if edge.source in keep}
    return remove_nodes(remove_nodes(graph, ops - near, None), ops & near, ways)


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
