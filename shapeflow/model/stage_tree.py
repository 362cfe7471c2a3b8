"""The parts of a model that are worth a heading: its children, and theirs where these are large.

Parts that are alike are one, and those of one class beside each other are opened together or not at all: of
two equal layers none is told in full while the other is a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shapeflow.model.call_tree import CallTree
from shapeflow.model.costs import Stage, inner_calls, path_of, stages, stages_of
from shapeflow.model.records import Records

MOST_NODES = 24
"""Most headings, as long as there is a choice."""
DEEPEST = 4
CARRIES = 0.8
"""A part that has such a share of the ops of what is around it is what that is about."""


@dataclass(slots=True)
class Node:
    """A stage, what is in it, and the parts of it that have parts themselves and a heading of their own."""

    stage: Stage
    parts: list[Stage]
    nodes: list[Node]

    @property
    def alone(self) -> bool:
        """True if nothing in it is a call."""
        return not self.parts

    def walk(self) -> Iterator[Node]:
        """Yield it and all that are in it, in the order of the run."""
        yield self
        for node in self.nodes:
            yield from node.walk()


def parts_of(tree: CallTree, stage: Stage) -> list[Stage]:
    """Return the stages directly in a stage, in the order of the run."""
    inner = [child for call in stage.calls for child in inner_calls(tree, call)]
    return stages_of(tree, inner, path_of(tree.trace, stage.calls), stage.level + 1)


def stage_tree(trace: Records) -> list[Node]:
    """Return the outermost stages of a run, each with those in it."""
    tree = trace.cached(CallTree)
    roots = [Node(stage, parts_of(tree, stage), []) for stage in stages(trace, 0)]
    for root in roots:
        root.nodes = _with_parts(tree, root)
    level = [node for root in roots for node in root.nodes]
    count = len(roots) + len(level)
    for _ in range(DEEPEST - 1):
        opened: list[Node] = []
        for alike in _by_class(level):
            inner = {id(node): _with_parts(tree, node) for node in alike}
            added = sum(map(len, inner.values()))
            wanted = any(_is_worth_opening(tree, node, inner[id(node)]) for node in alike)
            if wanted and count + added <= MOST_NODES:
                count += added
                for node in alike:
                    node.nodes = inner[id(node)]
                    opened += node.nodes
        level = opened
    return roots


def leaves(trace: Records) -> list[Stage]:
    """Return the stages without parts that have a heading of their own: together nearly all of a run."""
    found: list[Stage] = []

    def visit(node: Node) -> None:
        inner = {one.stage.calls: one for one in node.nodes}
        for part in node.parts if node.nodes else []:
            if part.calls in inner:
                visit(inner[part.calls])
            else:
                found.append(part)
        if not node.nodes:
            found.append(node.stage)

    for root in stage_tree(trace):
        visit(root)
    return found


def _with_parts(tree: CallTree, node: Node) -> list[Node]:
    """Return the parts of a node that have parts themselves."""
    found = ((part, parts_of(tree, part)) for part in node.parts)
    return [Node(part, inner, []) for part, inner in found if inner]


def _by_class(nodes: Iterable[Node]) -> list[list[Node]]:
    """Return nodes by what they are."""
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        groups.setdefault(node.stage.class_name, []).append(node)
    return list(groups.values())


def _is_worth_opening(tree: CallTree, node: Node, inner: list[Node]) -> bool:
    """Return whether a node has several large parts, or one that is nearly all of it."""
    if len(inner) != 1:
        return len(inner) > 1
    whole, part = _ops(tree, node.stage), _ops(tree, inner[0].stage)
    return part >= CARRIES * whole


def _ops(tree: CallTree, stage: Stage) -> int:
    calls = (tree.trace.calls[number] for number in stage.calls)
    return sum(call.last_op - call.first_op for call in calls)
