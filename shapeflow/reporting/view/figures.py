"""Graphs laid out for a page, several at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from shapeflow.errors import ShapeflowError
from shapeflow.graph.dot import to_dot
from shapeflow.graph.engine import render
from shapeflow.graph.mermaid import to_mermaid
from shapeflow.graph.model import Graph
from shapeflow.graph.svg import clean, marks
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.figure_model import Drawing

AT_ONCE = 2


def draw_all(graphs: Sequence[Graph], sizes: Mapping[int, int], words: Translator) -> list[Drawing]:
    """Return the drawings of ``graphs``.

    Args:
        graphs: what to draw; an empty one gives an empty drawing.
        sizes: position in the palette by size, for dims that have a colour.
        words: of the language for what is not a name.
    """
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(
            pool.map(lambda graph: _draw(_in_words(graph, words), sizes, words("more-shapes")), graphs)
        )


def _draw(graph: Graph, sizes: Mapping[int, int], more: str) -> Drawing:
    if graph.empty:
        return Drawing(graph.title, "", "")
    mermaid = to_mermaid(graph)
    try:
        svg = clean(render(to_dot(graph, marks(sizes.items()), more)).decode("utf-8", errors="replace"))
    except ShapeflowError as error:
        why = f"{error.what}; {error.because}" if error.because else error.what
        return Drawing(graph.title, "", mermaid, why)
    return Drawing(graph.title, svg, mermaid, graph.left_out)


def _in_words(graph: Graph, words: Translator) -> Graph:
    """Return ``graph`` with the titles of nodes that stand for no call in the language of the report."""
    nodes = (replace(node, title=words("unused")) if node.kind == "unused" else node for node in graph.nodes)
    return replace(graph, nodes=tuple(nodes))
