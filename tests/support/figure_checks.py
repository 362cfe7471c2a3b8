"""What is false in a figure: labels that its boxes did not give or get, boxes that are not in the trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapeflow.graph.model import Edge, Graph, Node
from shapeflow.graph.via import SHOWN_NAMES
from shapeflow.model.call_tree import CallTree, tail
from shapeflow.model.containers import values_at
from shapeflow.model.flow import values_at as places_of
from shapeflow.model.records import Port
from shapeflow.model.trace import Trace


class FigureCheck:
    """Holds a trace's figures against its records.

    Args:
        trace: the run that the figures show.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.tree = CallTree(trace)
        self.ends = {v for root in self.tree.roots for v in values_at(trace.calls[root].outputs)}

    def faults(self, graph: Graph) -> list[str]:
        """Return what is false in a figure, in words."""
        nodes = {node.id: node for node in graph.nodes}
        assert len(nodes) == len(graph.nodes)
        found = [fault for node in graph.nodes for fault in self._box(node)]
        for edge in graph.edges:
            found += self._arrow(edge, nodes[edge.source], nodes[edge.target])
        return found

    def _box(self, node: Node) -> Iterator[str]:
        """Yield what is false in a box."""
        calls = [self.trace.calls[call] for call in node.calls]
        ops = [self.trace.ops[op] for op in node.ops]
        if node.kind == "input":
            known = {(v.name or "input", str(v)) for v in self.trace.values if v.origin == "input"}
            if (node.title, node.subtitle) not in known:
                yield f"{node.title}: no input of the run"
        elif node.kind in ("unused", "cut"):
            pass  # an end of an arrow; the arrow is checked
        elif node.kind == "op" or (node.kind == "failed" and ops):
            times = f" × {len(ops)}" if len(ops) > 1 else ""
            if {f"{op.target}{times}" for op in ops} != {node.title}:
                yield f"{node.title}: not one op of the trace"
        elif node.kind == "output":
            if len(calls) != 1 or calls[0].parent is not None:
                yield f"{node.title}: no outermost call"
        elif len(calls) > 1:
            if f"{calls[0].class_name} × {len(calls)}" not in node.subtitle:
                yield f"{node.title}: does not say that it is {len(calls)} calls"
            if node.title != self.tree.repeat(node.calls).label:
                yield f"{node.title}: not the calls of the trace that it stands for"
        elif not calls or node.title != (tail(calls[0]) if calls[0].name != "." else calls[0].class_name):
            yield f"{node.title}: no call of the trace"

    def _arrow(self, edge: Edge, tail_box: Node, head: Node) -> Iterator[str]:
        """Yield what is false on an arrow."""
        name = f"{tail_box.title} -> {head.title}"
        lines = [line for flow in edge.shown for line in flow.lines]
        given, got = self._given(tail_box), self._got(head)
        if head.kind == "cut":
            yield from self._cut(edge, name, head.title)
            got = {flow.last for flow in edge.flows}
        if lines[0] not in self._texts(given):
            yield f"{name}: its tail never gave {lines[0]}"
        if lines[-1] not in self._texts(got):
            yield f"{name}: its head never got {lines[-1]}"
        for flow in edge.flows:
            if flow.first not in given or flow.before != str(self.trace.values[flow.first]):
                yield f"{name}: its tail never gave value {flow.first}, {flow.before}"
            if flow.last not in got or flow.after != str(self.trace.values[flow.last]):
                yield f"{name}: its head never got value {flow.last}, {flow.after}"
            if flow.first != flow.last and not flow.via.names:
                yield f"{name}: another value arrives than left, and no op stands between"
            if not self._leads(flow.first, flow.last):
                yield f"{name}: {flow.before} does not lead to {flow.after}"
            if str(flow.via).count(" · ") > SHOWN_NAMES:
                yield f"{name}: too many names on the arrow"

    def _cut(self, edge: Edge, name: str, place: str) -> Iterator[str]:
        """Yield what gets to a place of which a figure says that it never does."""
        goals = places_of(self.trace, place, "both")
        for flow in edge.flows:
            if any(self._leads(flow.first, goal) for goal in goals):
                yield f"{name}: {flow.before} gets to {place}"

    def _given(self, node: Node) -> set[int]:
        """Return the values at out ports of a box, of what it returns and of what is in it."""
        if node.kind == "input":
            inputs = [value for value in self.trace.values if value.origin == "input"]
            told = (node.title, node.subtitle)
            return {value.id for value in inputs if (value.name or "input", str(value)) == told}
        if node.kind == "op":
            return _values(port for op in node.ops for port in self.trace.ops[op].outputs)
        found = {value for call in node.calls for value in values_at(self.trace.calls[call].outputs)}
        inside = self._inside(node)
        for op in inside:  # what leaves without being returned, such as an attribute
            made = _values(self.trace.ops[op].outputs) - found
            found |= {v for v in made if v in self.ends or not inside.issuperset(self.trace.users.get(v, ()))}
        return found

    def _got(self, node: Node) -> set[int]:
        """Return the values that came into a box from outside: at its in ports, or read by what is in it."""
        if node.kind == "output":
            return set(values_at(self.trace.calls[node.calls[0]].outputs))
        if node.kind == "unused":
            return {value.id for value in self.trace.unused()}
        found = {value for call in node.calls for value in values_at(self.trace.calls[call].inputs)}
        inside = self._inside(node)
        for op in inside:
            found |= _values(self.trace.ops[op].inputs)
        return {value for value in found if self.trace.values[value].producer not in inside}

    def _inside(self, node: Node) -> set[int]:
        """Return the ops that a box stands for."""
        calls = [self.trace.calls[call] for call in node.calls]
        return {*node.ops, *(op for call in calls for op in range(call.first_op, call.last_op))}

    def _leads(self, first: int, last: int) -> bool:
        """Return whether one value was made from another, going back from op to op."""
        seen, waiting = {last}, [last]
        while waiting:
            value = waiting.pop()
            if value == first:
                return True
            producer = self.trace.values[value].producer
            if producer is not None:
                made = _values(self.trace.ops[producer].inputs) - seen
                seen |= made
                waiting += made
        return False

    def _texts(self, values: set[int]) -> set[str]:
        return {str(self.trace.values[value]) for value in values}


def _values(ports: Iterable[Port]) -> set[int]:
    return {port.value for port in ports if port.value is not None}
