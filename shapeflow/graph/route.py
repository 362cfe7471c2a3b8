"""The shortest path of data from one place to another, as a chain of calls."""

from __future__ import annotations

from shapeflow.errors import InputError
from shapeflow.graph.model import Edge, Flow, Graph, Node
from shapeflow.model.call_tree import tail
from shapeflow.model.trace import Trace

MOST_STEPS = 60


def route(trace: Trace, source: str, destination: str) -> Graph:
    """Return the calls that a shortest path goes through, one after another, with what goes between them.

    Raises:
        InputError: ``no-path`` if no data flows there.
        SelectorError: a selector names nothing.
    """
    from shapeflow.model.flow import reaches

    reach = reaches(trace, source, destination)
    if not reach:
        doubts = "; ".join(doubt.text for doubt in reach.doubts[:2])
        raise InputError(
            "no-path",
            f"no data flows from '{source}' to '{destination}' in this trace",
            where="option --path",
            because=doubts
            or (f"the last op it reaches is '{trace.ops[reach.last].target}'" if reach.last else ""),
            hint=f"shapeflow show TRACE '{source}' --users",
        )
    nodes = [Node(0, "input", source, str(trace.values[reach.values[0]]), _linkable(source))]
    edges: list[Edge] = []
    steps = _by_call(trace, reach.path)
    end = reach.values[-1]
    for ops in steps:
        value = reach.values[reach.path.index(ops[0])]
        call = trace.ops[ops[0]].call
        names = list(dict.fromkeys(trace.ops[op].target for op in ops))
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        if call is None:
            nodes.append(Node(len(nodes), "op", shown, ops=tuple(ops)))
        else:
            record = trace.calls[call]
            title = tail(record) if record.name != "." else record.class_name
            nodes.append(Node(len(nodes), "call", title, shown, record.exact_name, (call,), tuple(ops)))
        edges.append(_step(trace, len(nodes) - 1, value))
    nodes.append(Node(len(nodes), "output", destination, str(trace.values[end]), _linkable(destination)))
    edges.append(_step(trace, len(nodes) - 1, end))
    return Graph(tuple(nodes), tuple(edges), title=f"{source} → {destination}")


def _step(trace: Trace, target: int, value: int) -> Edge:
    """Return the arrow to a box from the one before it: what that one gives is what this one gets."""
    text = str(trace.values[value])
    return Edge(target - 1, target, (Flow(value, value, text, text),))


def _linkable(selector: str) -> str:
    return "" if "*" in selector else selector


def _by_call(trace: Trace, path: tuple[int, ...]) -> list[list[int]]:
    """Return the ops of a path, those that follow each other in one call together; long paths are thinned."""
    steps: list[list[int]] = []
    for op in path:
        if steps and trace.ops[steps[-1][-1]].call == trace.ops[op].call:
            steps[-1].append(op)
        else:
            steps.append([op])
    while len(steps) > MOST_STEPS:
        steps = [[op for step in steps[i : i + 2] for op in step] for i in range(0, len(steps), 2)]
    return steps
