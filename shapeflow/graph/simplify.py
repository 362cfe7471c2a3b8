"""Remove nodes and frames that say nothing from a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from shapeflow.graph.model import Graph

SHOWN = ("call", "repeat", "failed")
"""Kinds of the nodes that were asked for; the others are drawn where they connect these."""


def connected(graph: Graph) -> Graph:
    """Return ``graph`` without calls that no arrow touches."""
    touched = {end for edge in graph.edges for end in (edge.source, edge.target)}
    nodes = tuple(node for node in graph.nodes if node.id in touched or node.kind == "failed")
    return drop_isolated(replace(graph, nodes=nodes))


def drop_isolated(graph: Graph) -> Graph:
    """Return ``graph`` without nodes that nothing touches (shown calls stay) and without empty frames."""
    touched = {end for edge in graph.edges for end in (edge.source, edge.target)}
    nodes = tuple(node for node in graph.nodes if node.id in touched or node.kind in SHOWN)
    used = {node.cluster for node in nodes}
    for cluster in reversed(graph.clusters):
        if cluster.id in used:
            used.add(cluster.parent)
    return replace(graph, nodes=nodes, clusters=tuple(c for c in graph.clusters if c.id in used))


def flatten_wrappers(graph: Graph) -> Graph:
    """Return ``graph`` without frames of mere wrappers around one thing."""
    clusters = {cluster.id: cluster for cluster in graph.clusters}
    nodes = {node.id: node for node in graph.nodes}
    for number in [cluster.id for cluster in graph.clusters if cluster.wrapper]:
        inner = [node for node in nodes.values() if node.cluster == number]
        frames = [other for other in clusters.values() if other.parent == number]
        if len(inner) + len(frames) > 1:
            continue
        around = clusters.pop(number).parent
        nodes |= {node.id: replace(node, cluster=around) for node in inner}
        clusters |= {frame.id: replace(frame, parent=around) for frame in frames}
    return replace(graph, nodes=tuple(nodes.values()), clusters=tuple(clusters.values()))


def inline_ops(graph: Graph) -> Graph:
    """Return ``graph`` with joining ops only where they save arrows; elsewhere the arrows go straight on."""
    while True:
        arriving = Counter(edge.target for edge in graph.edges)
        leaving = Counter(edge.source for edge in graph.edges)
        wasteful = [
            node.id
            for node in graph.nodes
            if node.kind == "op"
            and arriving[node.id] * leaving[node.id] <= arriving[node.id] + leaving[node.id]
        ]
        if not wasteful:
            return graph
        graph = remove_nodes(graph, wasteful[:1], bridge=True)


def remove_nodes(graph: Graph, dropped: Iterable[int], *, bridge: bool) -> Graph:
    """Return ``graph`` without some nodes.

    Args:
        graph: the graph.
        dropped: ids of nodes.
        bridge: connect what fed a dropped node with what read it.
    """
    gone = set(dropped)
    edges = {(edge.source, edge.target): edge for edge in graph.edges}
    for node in sorted(gone):
        arriving = [edge for edge in edges.values() if edge.target == node]
        leaving = [edge for edge in edges.values() if edge.source == node]
        for edge in (*arriving, *leaving):
            edges.pop((edge.source, edge.target), None)
        if bridge:
            for first in arriving:
                for second in leaving:
                    if first.source != second.target:
                        edges.setdefault((first.source, second.target), replace(second, source=first.source))
    nodes = tuple(node for node in graph.nodes if node.id not in gone)
    return drop_isolated(replace(graph, nodes=nodes, edges=tuple(edges.values())))
