"""The figure of calls and ops by name: they, one step around them, and of repeats one that stands for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from shapeflow.graph.edges import draw
from shapeflow.graph.joins import fewer_ops, without_index_ops
from shapeflow.graph.model import Graph
from shapeflow.graph.prune import fewer_ends, prune
from shapeflow.graph.simplify import connected, flatten_wrappers
from shapeflow.graph.wanted import Wanted
from shapeflow.graph.ways import Ways
from shapeflow.model.call_tree import LEAST, CallTree

SIDE = 3
"""Most neighbours on either side."""
KINDS = 2
"""Of repeats that are unlike each other, so many kinds are drawn; of more, the first stands for all."""


def focused(tree: CallTree, wanted: Wanted, limit: int, ways: Ways) -> Iterator[Graph]:
    """Yield figures of what was asked for, from the most detailed to the least, none above ``limit`` boxes.

    Args:
        tree: the calls of the run.
        wanted: what was asked for by name.
        limit: most boxes.
        ways: knows where data goes.
    """
    for shown, asked in _levels(tree, wanted):
        whole = without_index_ops(draw(tree, shown, wanted=asked), ways)
        before: Graph | None = None
        for side, ops in ((SIDE, limit), (1, 0), (0, 0)):
            graph = prune(whole, limit, ways, side)
            graph = fewer_ops(graph, ops or len(graph.nodes) - _unasked_ops(graph), ways)
            graph = flatten_wrappers(connected(fewer_ops(fewer_ends(graph, limit), limit, ways)))
            known, before = before, graph
            if graph != known and _worth_it(graph, limit):
                yield replace(graph, pointed=True)


def _unasked_ops(graph: Graph) -> int:
    return sum(node.kind == "op" and not node.asked for node in graph.nodes)


def _asked(graph: Graph) -> bool:
    """Return whether a box or a frame was asked for."""
    return any(node.asked for node in graph.nodes) or any(frame.asked for frame in graph.clusters)


def _worth_it(graph: Graph, limit: int) -> bool:
    """Return whether a graph has arrows and something that was asked for, and is small enough."""
    return not graph.empty and len(graph.nodes) <= limit and _asked(graph)


def _levels(tree: CallTree, wanted: Wanted) -> Iterator[tuple[list[int], Wanted]]:
    """Yield the calls to draw: all that was asked for, then with the innermost closed, again and again."""
    trace = tree.trace
    calls = sorted(wanted.calls or ())
    inner = [call for call in calls if trace.calls[call].parent is not None]
    if len(inner) > 1 or (inner and (len(calls) > len(inner) or wanted.ops)):
        calls = inner  # a frame around everything says nothing
    places = {op: trace.ops[op].call for op in wanted.ops}
    deepest = max(
        (
            *(len(tree.ancestors(call)) for call in calls),
            *(len(tree.ancestors(call)) + 1 for call in places.values()),
        ),
        default=0,
    )
    seen: set[tuple[tuple[int, ...], frozenset[int]]] = set()
    for level in range(deepest + 1, 0, -1):
        ops = {op for op, call in places.items() if len(tree.ancestors(call)) < level}
        closed = {_outer(tree, call, level) for call in (*calls, *(places[op] for op in wanted.ops - ops))}
        named = sorted(call for call in closed if call is not None)
        shown, ops, alike = _representatives(tree, named, ops)
        if level > deepest:
            opened = _opened(tree, shown, ops, named)
            if opened is None:
                continue
            shown, alike = opened
        key = (tuple(shown), frozenset(ops))
        if key not in seen:
            seen.add(key)
            yield (
                shown,
                Wanted(
                    frozenset(calls),
                    frozenset(ops),
                    tuple(value for value in wanted.loose if _made_inside(tree, value, alike)),
                    tuple(cut for cut in wanted.cuts if _made_inside(tree, cut[0], alike)),
                    alike,
                ),
            )


def _outer(tree: CallTree, call: int | None, level: int) -> int | None:
    """Return a call, or the one around it that lies as deep as ``level``."""
    line = tree.ancestors(call)
    return line[-level] if len(line) > level else call


def _opened(
    tree: CallTree, shown: Sequence[int], ops: set[int], named: Sequence[int]
) -> tuple[list[int], dict[int, tuple[int, int]]] | None:
    """Return the inside of what stands alone: of a call, or of one of repeats; None if there is more."""
    items = tree.fold(shown)
    if len(items) != 1 or ops:
        return None
    item = items[0]
    alike: dict[int, tuple[int, int]] = {}
    if isinstance(item, int):
        call = item
    else:
        call = item.typical
        alike = {call: (len(item.calls) - len(item.outliers), len(item.calls))}
    inside = [call]
    while tree.hands_on(inside[-1]):
        inside.append(tree.children[inside[-1]][0])
    children = tree.children[inside[-1]]
    return ([*inside, *children], alike) if children else None


def _representatives(
    tree: CallTree, named: Sequence[int], ops: Iterable[int]
) -> tuple[list[int], set[int], dict[int, tuple[int, int]]]:
    """Return calls and ops of which one stands for its like, and for how many each of those stands."""
    trace = tree.trace
    holders = {up for call in named for up in tree.ancestors(call)[1:]}
    holders |= {up for op in ops for up in tree.ancestors(trace.ops[op].call)}
    wanted = holders | set(named)
    shown: list[int] = []
    alike: dict[int, tuple[int, int]] = {}

    def visit(calls: Sequence[int]) -> None:
        groups: dict[tuple[str, str], list[int]] = {}
        for call in calls:
            groups.setdefault(tree.kind(call), []).append(call)
        for group in groups.values():
            here = [call for call in group if call in wanted]
            if len(group) >= LEAST and any(call in holders for call in here):
                here = _typical(tree, group, here, holders)
                counts = Counter(tree.signature[call] for call in group)
                alike.update({call: (counts[tree.signature[call]], len(group)) for call in here})
                shown.extend(call for call in here if call not in named)
            for call in here:
                if call in named:
                    shown.append(call)
                if call in holders:
                    visit(tree.children[call])

    visit(tree.roots)
    places = {call: _inside(tree, call, alike) for call in {trace.ops[op].call for op in ops}}
    kept = {op for op in ops if places[trace.ops[op].call]}
    return sorted(set(shown)), kept, alike


def _typical(tree: CallTree, group: Sequence[int], here: Sequence[int], holders: set[int]) -> list[int]:
    """Return one of each kind of some repeats, the kinds that are most common first."""
    counts = Counter(tree.signature[call] for call in group)
    first: dict[int, int] = {}
    for call in here:
        if call in holders:
            first.setdefault(tree.signature[call], call)
    kinds = sorted(first, key=lambda kind: (-counts[kind], first[kind]))
    return sorted(first[kind] for kind in (kinds if len(kinds) <= KINDS else kinds[:1]))


def _made_inside(tree: CallTree, value: int, alike: dict[int, tuple[int, int]]) -> bool:
    """Return whether a value was not made in a repeat of which another stands for it."""
    producer = tree.trace.values[value].producer
    return producer is None or _inside(tree, tree.trace.ops[producer].call, alike)


def _inside(tree: CallTree, call: int | None, alike: dict[int, tuple[int, int]]) -> bool:
    """Return whether a call lies in no repeat of which another stands for it."""
    trace = tree.trace
    for up in tree.ancestors(call):
        record = trace.calls[up]
        siblings = tree.roots if record.parent is None else tree.children[record.parent]
        like = [other for other in siblings if tree.kind(other) == tree.kind(up)]
        if len(like) >= LEAST and any(other in alike for other in like) and up not in alike:
            return False
    return True
