"""Graphs laid out for a page: each as detailed as fits, in the better direction, all by one process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Literal

from shapeflow.errors import InputError
from shapeflow.graph.dot import to_dot
from shapeflow.graph.engine import render_all
from shapeflow.graph.mermaid import to_mermaid
from shapeflow.graph.model import Cluster, Graph, Node
from shapeflow.graph.reckon import least_width
from shapeflow.graph.svg import SCALE, clean, marks, size_of
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.figure_model import Drawing

WIDEST = 690.0
"""Pixels of the page: a figure is never wider than the column that it stands in."""
HIGHEST = 1500.0
"""A higher figure says less than a simpler one."""
ALONE = 300.0
"""So much wider does a figure count: high ones are longer than the text beside them."""
ROUNDS = (1, 2, None)
"""So many graphs of each figure are laid out together; most figures fit at once, few need all."""
WAYS: tuple[Literal["TB", "LR"], ...] = ("TB", "LR")


def draw_all(
    figures: Sequence[Iterator[Graph]], sizes: Mapping[int, int], words: Translator
) -> list[Drawing]:
    """Return a drawing for each of some figures: of their graphs the first that fits the page.

    Args:
        figures: graphs from the most detailed to the least; one without any gives an empty drawing.
        sizes: position in the palette by size, for dims that have a colour.
        words: of the language for what is not a name.
    """
    found: dict[int, Drawing] = {}
    first: dict[int, Graph] = {}
    waiting = dict(enumerate(figures))
    for most in ROUNDS:
        tried: list[tuple[int, Graph]] = []
        for number, graphs in waiting.items():
            some = [_in_words(graph, words) for graph in islice(graphs, most)]
            first.update((number, graph) for graph in some[:1] if number not in first)
            tried += [(number, graph) for graph in some]
        for (number, graph), results in zip(tried, _laid_out(tried, sizes, words), strict=True):
            drawing = None if number in found else _better(results, graph, words)
            if drawing is not None:
                found[number] = drawing
        waiting = {n: graphs for n, graphs in waiting.items() if n not in found and n in first}
    return [found.get(number) or _without(first.get(number), words) for number in range(len(figures))]


def _laid_out(
    tried: Sequence[tuple[int, Graph]], sizes: Mapping[int, int], words: Translator
) -> Iterator[list[bytes | InputError]]:
    """Yield the pictures of each graph, in the directions in which it may fit."""
    colours, more = marks(sizes.items()), words("more-shapes")
    ways = [[way for way in WAYS if least_width(graph, way) * SCALE <= WIDEST] for _, graph in tried]
    texts = [
        to_dot(graph, colours, more, way)
        for (_, graph), some in zip(tried, ways, strict=True)
        for way in some
    ]
    try:
        results = iter(render_all(texts))
    except InputError as error:
        results = iter([error] * len(texts))
    for some in ways:
        yield [next(results) for _ in some]


def _better(results: Sequence[bytes | InputError], graph: Graph, words: Translator) -> Drawing | None:
    """Return the drawing in the better direction; None where neither fits."""
    pictures = [one.decode("utf-8", errors="replace") for one in results if isinstance(one, bytes)]
    failed = [one for one in results if isinstance(one, InputError)]
    if failed and not pictures:
        why = "; ".join(filter(None, map(words.sentence, (failed[0].what, failed[0].because))))
        return Drawing(graph.title, "", to_mermaid(graph, words("more-shapes")), why)
    best = _best(pictures)
    if not best:
        return None
    return Drawing(graph.title, clean(best), to_mermaid(graph, words("more-shapes")), graph.left_out)


def _best(pictures: Sequence[str]) -> str | None:
    """Return the picture that takes the least room, beside the text and by itself, of those that fit."""
    sizes = [(*size_of(picture), picture) for picture in pictures]
    fitting = [
        (high * (wide + ALONE), wide, picture)
        for wide, high, picture in sizes
        if wide <= WIDEST and high <= HIGHEST
    ]
    return min(fitting)[2] if fitting else None


def _without(graph: Graph | None, words: Translator) -> Drawing:
    """Return what stands in place of a figure that fits in no way, or that there is none of."""
    return Drawing(graph.title if graph else "", "", "", words("figure-too-large") if graph else "")


def _in_words(graph: Graph, words: Translator) -> Graph:
    """Return ``graph`` with what is no name in the language of the report."""
    return replace(
        graph,
        nodes=tuple(_node(node, words) for node in graph.nodes),
        clusters=tuple(_frame(frame, words) for frame in graph.clusters),
        left_out="; ".join(map(words.sentence, graph.left_out.split("; "))),
    )


def _node(node: Node, words: Translator) -> Node:
    if node.kind == "unused":
        return replace(node, title=words("read-by-nobody"))
    if node.kind == "cut":
        return replace(node, subtitle=words("never-there"))
    if node.kind == "input" and node.title == "input":
        return replace(node, title=words("input"))
    if node.kind == "output":
        title = words("result") if node.title == "result" else words.sentence(node.title)
        return replace(node, title=title, subtitle=words.sentence(node.subtitle))
    return replace(node, subtitle=words.sentence(node.subtitle)) if node.kind == "repeat" else node


def _frame(frame: Cluster, words: Translator) -> Cluster:
    if not frame.alike:
        return frame
    key = "one-of-alike" if frame.alike == frame.of else "one-of-some"
    note = words(key, alike=frame.alike, of=frame.of)
    return replace(frame, subtitle=f"{frame.subtitle} · {note}" if frame.subtitle else note, alike=0)
