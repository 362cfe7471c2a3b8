"""The ops between calls where several tensors meet, such as the addition of a residual."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from shapeflow.common.text import counted
from shapeflow.graph.model import Edge, Flow, Graph, Node
from shapeflow.graph.simplify import distinct, drop_isolated, remove_nodes
from shapeflow.graph.ways import Ways
from shapeflow.model.call_tree import LEAST, pattern
from shapeflow.model.records import Records

DATA = ("f", "bf", "c")
"""How the dtypes of numbers begin: what is no mask and no index."""


def fold_ops(graph: Graph, trace: Records) -> Graph:
    """Return ``graph`` with the ops that one line makes again and again as one, such as ``add × 32``."""
    groups: dict[object, list[Node]] = {}
    for node in graph.nodes:
        line = trace.ops[node.ops[0]].source if node.kind == "op" else None
        if line is not None:
            groups.setdefault(
                (node.cluster, node.title, node.asked, pattern(node.selector), line), []
            ).append(node)
    place = {node.id: node.id for node in graph.nodes}
    folded: dict[int, Node] = {}
    for group in groups.values():
        if len(group) < LEAST:
            continue
        first = group[0]
        ops = tuple(op for node in group for op in node.ops)
        alike = all(node.selector == first.selector for node in group)
        selector = first.selector if alike else pattern(first.selector)
        title = f"{first.title} × {len(ops)}"
        folded[first.id] = replace(first, title=title, selector=selector, ops=ops)
        place |= {node.id: first.id for node in group}
    edges: dict[tuple[int, int], list[Edge]] = {}
    for edge in graph.edges:
        source, target = place[edge.source], place[edge.target]
        if source != target:
            edges.setdefault((source, target), []).append(edge)
    return replace(
        graph,
        nodes=tuple(folded.get(node.id, node) for node in graph.nodes if place[node.id] == node.id),
        edges=tuple(
            Edge(*ends, distinct(flow for edge in alike for flow in edge.flows), alike[0].unused)
            for ends, alike in edges.items()
        ),
    )


def fewer_ops(graph: Graph, limit: int, ways: Ways) -> Graph:
    """Return ``graph`` with at most ``limit`` nodes if leaving out ops can do that.

    Masks and indices go first, then what spares the fewest arrows; their names stay on the arrows.
    """
    left = 0
    while len(graph.nodes) > limit:
        into = Counter(edge.target for edge in graph.edges)
        out = Counter(edge.source for edge in graph.edges)
        data = data_ops(graph)
        ops = [node.id for node in graph.nodes if node.kind == "op" and not node.asked]
        spares = {op: (op in data, into[op] * out[op] - into[op] - out[op]) for op in ops}
        if not spares:
            break
        excess = len(graph.nodes) - limit
        least = sorted(spares, key=lambda node: (spares[node], node))[: (excess + 1) // 2]
        graph = remove_nodes(graph, least, ways)
        left += len(least)
    return with_note(graph, f"+ {counted(left, 'op')} on the arrows, without a box" if left else "")


def without_index_ops(graph: Graph, ways: Ways) -> Graph:
    """Return ``graph`` without boxes of ops that make masks and indices; their names stay on the arrows."""
    data = data_ops(graph)
    dropped = [
        node.id for node in graph.nodes if node.kind == "op" and not node.asked and node.id not in data
    ]
    return drop_isolated(remove_nodes(graph, dropped, ways))


def data_ops(graph: Graph) -> set[int]:
    """Return the nodes that give numbers, not masks or indices."""
    return {edge.source for edge in graph.edges if any(_is_data(flow) for flow in edge.flows)}


def with_note(graph: Graph, note: str) -> Graph:
    """Return ``graph`` with one more sentence on what it leaves out."""
    return replace(graph, left_out="; ".join(text for text in (graph.left_out, note) if text))


def _is_data(flow: Flow) -> bool:
    return flow.before.startswith(DATA)
