"""Remove nodes and frames that say nothing from a graph."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from itertools import product
from math import prod

from shapeflow.graph.model import Edge, Flow, Graph
from shapeflow.graph.ways import Ways

SHOWN = ("call", "repeat", "failed")
"""Kinds of the nodes that were asked for; the others are drawn where they connect these."""

ALIKE = 4
"""So many of the first and of the last flows that read alike are kept."""

DIM = re.compile(r"\d+")


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


def distinct(flows: Iterable[Flow]) -> tuple[Flow, ...]:
    """Return the flows of an arrow without doubles, the largest first, of many that read alike a few.

    Those that read alike are told once, but where a box is left out one of them may lead on and another not.
    """
    once = dict.fromkeys(flows)
    if len(once) < 2:
        return tuple(once)
    alike: dict[tuple[str, ...], list[Flow]] = {}
    for flow in once:
        alike.setdefault(flow.lines, []).append(flow)
    groups = sorted(alike.values(), key=lambda group: -size_of(group[0].after))
    few = (group if len(group) <= 2 * ALIKE else group[:ALIKE] + group[-ALIKE:] for group in groups)
    return tuple(flow for group in few for flow in group)


@lru_cache(maxsize=1 << 14)
def size_of(shape: str) -> int:
    """Return the number of elements of ``f32[1, 256]``."""
    return prod(map(int, DIM.findall(shape[shape.find("[") :])))


def remove_nodes(graph: Graph, dropped: Iterable[int], ways: Ways | None) -> Graph:
    """Return ``graph`` without some nodes.

    Args:
        graph: the graph.
        dropped: ids of nodes.
        ways: connect what fed a dropped node with what read it, where these say that data goes through, and
            name the node on the arrow; None: do not.
    """
    titles = {node.id: node.title for node in graph.nodes}
    gone = set(dropped)
    edges: dict[tuple[int, int], Edge] = {}
    arriving: dict[int, dict[int, None]] = defaultdict(dict)
    leaving: dict[int, dict[int, None]] = defaultdict(dict)

    def add(edge: Edge) -> None:
        edges[edge.source, edge.target] = edge
        arriving[edge.target][edge.source] = leaving[edge.source][edge.target] = None

    for edge in graph.edges:
        add(edge)
    for node in sorted(gone):
        before = [edges.pop((source, node)) for source in arriving.pop(node, ())]
        after = [edges.pop((node, target)) for target in leaving.pop(node, ())]
        for edge in before:
            del leaving[edge.source][node]
        for edge in after:
            del arriving[edge.target][node]
        for first, second in product(before, after):
            ends = (first.source, second.target)
            through = _through(first, titles[node], second, ways) if ways and ends[0] != ends[1] else []
            if through:
                known = edges[ends].flows if ends in edges else ()
                add(Edge(*ends, distinct((*known, *through)), second.unused))
    nodes = tuple(node for node in graph.nodes if node.id not in gone)
    return drop_isolated(replace(graph, nodes=nodes, edges=tuple(edges.values())))


def _through(first: Edge, title: str, second: Edge, ways: Ways) -> list[Flow]:
    """Return what goes on where a node is left out, each with the largest tensor that it was made from."""
    found = []
    for flow in second.flows:
        start = next((one for one in first.flows if ways.lead(one.last, flow.first)), None)
        if start:
            via = start.via.then(title, *flow.via.names)
            found.append(Flow(start.first, flow.last, start.before, flow.after, via))
    return found
