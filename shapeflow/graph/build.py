"""Fold a trace into a graph: choose the calls to draw, and keep it small enough to look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from shapeflow.graph.edges import draw
from shapeflow.graph.joins import fewer_ops, with_note, without_index_ops
from shapeflow.graph.model import Graph
from shapeflow.graph.prune import fewer_ends, prune
from shapeflow.graph.simplify import connected, flatten_wrappers
from shapeflow.graph.ways import Ways
from shapeflow.model.call_tree import CallTree
from shapeflow.model.trace import Trace

READABLE = 18
"""Most boxes that are taken in at a glance: what is drawn unless more is asked for."""
LIMIT = 80
"""Most nodes of one drawing: layout takes minutes where it is much more, and nobody can read it."""


def graph_of(
    trace: Trace,
    calls: Iterable[int] | None = None,
    *,
    depth: int | None = None,
    limit: int = LIMIT,
    structure: CallTree | None = None,
) -> Graph:
    """Return the data flow between calls.

    Args:
        trace: the run.
        calls: which calls to draw; one alone is opened, several are drawn with what lies between them.
            None draws the whole run.
        depth: how many levels of calls to open; None opens the largest ones while ``limit`` allows.
        limit: most nodes.
        structure: the call tree, if it is at hand.
    """
    tree = structure or CallTree(trace)
    chosen = sorted(set(tree.roots if calls is None else calls))
    alone = calls is not None and len(chosen) == 1 and bool(tree.children[chosen[0]])
    if calls is None or alone or depth is not None:
        opened = tree.children[chosen[0]] if alone else chosen
        shown, left_out = unfold(tree, opened, depth, limit)
        shown = sorted({*shown, *(chosen if alone else ())})
    else:
        shown, left_out = lift(tree, chosen, limit)
    ways = Ways(tree)
    graph = without_index_ops(draw(tree, shown), ways)
    graph = connected(graph) if calls is None else prune(graph, limit, ways)
    graph = fewer_ops(fewer_ends(graph, limit), limit, ways)
    if len(graph.nodes) > limit:
        plain = prune(draw(tree, shown, joins=False), limit, ways)
        graph = replace(fewer_ends(plain, limit), left_out=graph.left_out)
    return with_note(flatten_wrappers(graph), left_out)


def unfold(tree: CallTree, calls: Sequence[int], depth: int | None, limit: int) -> tuple[list[int], str]:
    """Return the calls to draw: ``calls`` with the outermost opened again and again; and what stayed closed.

    Wrappers are opened first, then level by level the widest; of two that are alike both or none.
    """
    shown = list(calls)
    leaves = dict.fromkeys(calls, 1)
    folded = _size(tree, leaves)
    refused: set[int] = set()
    while True:
        candidates = [
            call
            for call, level in leaves.items()
            if call not in refused
            and tree.children[call]
            and (depth is None or level < depth)
            and not _repeated(tree, call, leaves)
        ]
        if not candidates:
            break
        call = min(candidates, key=lambda c: (not tree.hands_on(c), leaves[c], -_width(tree, c), c))
        opened = [other for other in candidates if _like(tree, other) == _like(tree, call)]
        inner = [child for one in opened for child in tree.children[one]]
        trial = {other: level for other, level in leaves.items() if other not in opened}
        trial |= dict.fromkeys(inner, leaves[call] + 1)
        size = _size(tree, trial)
        if size > limit * 3 // 4:
            refused.update(opened)
            continue
        leaves, folded = trial, size
        shown += inner
    text = ""
    if depth is not None and refused:
        text = f"{len(refused)} calls stay closed: {folded} of at most {limit} nodes are drawn"
    return shown, text


def _like(tree: CallTree, call: int) -> tuple[int | None, tuple[str, str]]:
    """Return what calls beside each other have in common that are alike."""
    return tree.trace.calls[call].parent, tree.kind(call)


def _width(tree: CallTree, call: int) -> int:
    """Return how many ops run in a call."""
    record = tree.trace.calls[call]
    return record.last_op - record.first_op


def lift(tree: CallTree, calls: Sequence[int], limit: int) -> tuple[list[int], str]:
    """Return ``calls`` with the innermost replaced by the calls around them until they are few enough."""
    shown = set(calls)
    lifted = 0
    while _size(tree, dict.fromkeys(shown, 1)) > limit * 3 // 4:
        depths = {call: len(tree.ancestors(call)) for call in shown}
        deepest = max(depths.values())
        if deepest == 1:
            break
        for call, level in depths.items():
            if level == deepest:
                shown.discard(call)
                parent = tree.trace.calls[call].parent
                assert parent is not None
                shown.add(parent)
                lifted += 1
    text = f"{lifted} inner calls are folded into the calls around them" if lifted else ""
    return sorted(shown), text


def _size(tree: CallTree, leaves: Iterable[int]) -> int:
    """Return how many nodes the leaves make when repeats are folded."""
    by_parent: dict[int | None, list[int]] = {}
    for call in leaves:
        by_parent.setdefault(tree.trace.calls[call].parent, []).append(call)
    return sum(len(tree.fold(group)) for group in by_parent.values())


def _repeated(tree: CallTree, call: int, leaves: Iterable[int]) -> bool:
    """Return whether ``call`` is drawn as one of many and so cannot be opened alone."""
    parent = tree.trace.calls[call].parent
    siblings = [other for other in leaves if tree.trace.calls[other].parent == parent]
    return all(call != item for item in tree.fold(siblings))
