"""A graph as plain data, for other programs; docs/graph.schema.json describes it."""

from __future__ import annotations

from typing import Any

from shapeflow.graph.model import Edge, Flow, Graph

SCHEMA = "shapeflow.graph/1"


def data_of(graph: Graph) -> dict[str, Any]:
    """Return boxes, arrows and frames; the numbers are those of the boxes and frames of this graph."""
    return {
        "schema": SCHEMA,
        "title": graph.title,
        "left_out": graph.left_out or None,
        "boxes": [
            {
                "id": node.id,
                "kind": node.kind,
                "title": node.title,
                "subtitle": node.subtitle or None,
                "selector": node.selector or None,
                "frame": node.cluster,
            }
            for node in graph.nodes
        ],
        "arrows": [_arrow(edge) for edge in graph.edges],
        "frames": [
            {
                "id": cluster.id,
                "title": cluster.title,
                "subtitle": cluster.subtitle or None,
                "selector": cluster.selector or None,
                "frame": cluster.parent,
                "alike": cluster.alike_text or None,
            }
            for cluster in graph.clusters
        ],
    }


def _arrow(edge: Edge) -> dict[str, Any]:
    tensors = [_tensor(flow) for flow in edge.told]
    return {"from": edge.source, "to": edge.target, "unused": edge.unused, "tensors": tensors}


def _tensor(flow: Flow) -> dict[str, Any]:
    changed = bool(flow.via.names)
    return {
        "leaves": flow.before,
        "arrives": flow.after if changed else flow.before,
        "through": str(flow.via) if changed else None,
    }
