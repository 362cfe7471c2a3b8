"""Graphs laid out for a page: each as detailed as fits, in the better direction, all by one process."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from shapeflow.errors import InputError
from shapeflow.graph.dot import to_dots
from shapeflow.graph.drawer import Drawer
from shapeflow.graph.engine import drawer
from shapeflow.graph.mermaid import to_mermaid
from shapeflow.graph.model import Cluster, Graph, Node
from shapeflow.graph.reckon import least_widths
from shapeflow.graph.svg import SCALE, clean, marks, size_of
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.figure_model import Drawing

WIDEST = 690.0
"""Pixels of the page: a figure is never wider than the column that it stands in."""
HIGHEST = 1500.0
"""A higher figure says less than a simpler one."""
ALONE = 300.0
"""So much wider does a figure count: high ones are longer than the text beside them."""


def draw_all(
    figures: Sequence[Iterator[Graph]], sizes: Mapping[int, int], words: Translator, *, kept: bool = False
) -> list[Drawing]:
    """Return a drawing for each of some figures: of their graphs the first that fits the page.

    Args:
        figures: graphs from the most detailed to the least; one without any gives an empty drawing.
        sizes: position in the palette by size, for dims that have a colour.
        words: of the language for what is not a name.
        kept: use the drawings in the user's cache folder; see ``drawer``.
    """
    try:
        drawing = drawer(kept=kept)
    except InputError as error:
        return _Figures(figures, sizes, words, _Undrawn(error)).all()
    with drawing:
        return _Figures(figures, sizes, words, drawing).all()


class _Undrawn:
    """Stands for the program that is not here."""

    def __init__(self, why: InputError) -> None:
        self.why = why

    def ask(self, dot: str) -> None:
        """Do nothing."""

    def answer(self) -> InputError:
        """Return why nothing is drawn."""
        return self.why


class _Figures:
    """Has the graphs of some figures laid out: the next of a figure when the one before does not fit."""

    def __init__(
        self,
        figures: Sequence[Iterator[Graph]],
        sizes: Mapping[int, int],
        words: Translator,
        program: Drawer | _Undrawn,
    ) -> None:
        self.figures, self.words, self.program = figures, words, program
        self.colours, self.more = marks(sizes.items()), words("more-shapes")
        self.first: dict[int, Graph] = {}
        """Figure -> its most detailed graph."""
        self.asked: deque[tuple[int, Graph, int]] = deque()
        """Figure, graph, and the number of pictures of it that the program was asked for."""

    def all(self) -> list[Drawing]:
        """Return a drawing for each; all are begun before the first answer is waited for."""
        found: dict[int, Drawing] = {}
        for number in range(len(self.figures)):
            self.ask(number)
        while self.asked:
            number, graph, count = self.asked.popleft()
            drawing = _better([self.program.answer() for _ in range(count)], graph, self.words)
            if drawing is None:
                self.ask(number)
            else:
                found[number] = drawing
        return [
            found.get(number) or _without(self.first.get(number), self.words)
            for number in range(len(self.figures))
        ]

    def ask(self, number: int) -> None:
        """Ask for the next graph of a figure in the directions in which it may fit, if there is one more."""
        for graph in self.figures[number]:
            told = _in_words(graph, self.words)
            self.first.setdefault(number, told)
            ways = [way for way, width in least_widths(told).items() if width * SCALE <= WIDEST]
            for text in to_dots(told, ways, self.colours, self.more):
                self.program.ask(text)
            if ways:
                self.asked.append((number, told, len(ways)))
                return


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
