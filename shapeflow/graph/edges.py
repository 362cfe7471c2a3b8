"""The edges of a graph: which value goes from which shown call to which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from shapeflow.common.text import counted
from shapeflow.graph.boxes import Boxes
from shapeflow.graph.joins import fold_ops
from shapeflow.graph.model import Edge, Flow, Graph, Kind
from shapeflow.graph.simplify import distinct, drop_isolated
from shapeflow.graph.via import DIRECTLY, Via
from shapeflow.graph.wanted import ALL, Wanted
from shapeflow.model.call_tree import CallTree, tail
from shapeflow.model.containers import values_at
from shapeflow.model.records import Op, Records

Origins = dict[tuple[int, int], Via]
"""Where the data of a value comes from: a node and the value that it gave -> what happened to that since."""
Edges = dict[tuple[int, int], dict[tuple[int, int], Via]]
"""Source and target node -> the values that the one gives and the other gets -> what happens between."""


def draw(tree: CallTree, shown: Sequence[int], *, joins: bool = True, wanted: Wanted = ALL) -> Graph:
    """Return the data flow between the ``shown`` calls, with all that touches it; ``neighbours`` prunes it.

    Shown calls that hold other shown calls become frames around them. Calls that are not shown are closed
    boxes of the kind ``outside``.

    Args:
        tree: the call tree.
        shown: ids of calls.
        joins: draw the ops between calls where several values meet; otherwise they are passed through.
        wanted: what was asked for by name, and what is drawn besides.
    """
    return _Drawing(tree, shown, joins, wanted).graph()


class _Drawing(Boxes):
    """Walks the ops in order and keeps, for every value, from which nodes its data comes."""

    def __init__(self, tree: CallTree, shown: Sequence[int], joins: bool, wanted: Wanted) -> None:
        super().__init__(tree, shown, wanted)
        self.joins = joins
        self.edges: Edges = {}
        self.sources: dict[int, Origins] = {}
        """Value id -> where its data comes from."""
        self.trivial = self.trace.cached(_trivial)
        self.failed = self.trace.run.failure.op if self.trace.run.failure else None

    def graph(self) -> Graph:
        """Walk the run and return what was found."""
        at, ops = 0, self.trace.ops
        while at < len(ops):
            op = ops[at]
            node, closed, frame = self.owner(op.call)
            at += 1
            if op.id in self.wanted.ops:
                self._chosen(op, frame)
            elif node is not None and closed is not None:
                self._through(closed, node)
                at = max(at, self.trace.calls[closed].last_op)
            elif op.parent is None or not ops[op.parent].outputs:  # one in a composite op is told as that
                self._between(op, frame)
        self._outputs()
        self._unused()
        self._loose_ends()
        return self._finished()

    # -- walking ------------------------------------------------------------------------------

    def _through(self, call: int, node: int) -> None:
        """A call that is a box: what it reads arrives there, what leaves it starts there."""
        read, leaving = self.tree.crossing(call)
        for value in read:
            self._arrives(value, node)
        for value in leaving:
            self.sources[value] = {(node, value): DIRECTLY}

    def _between(self, op: Op, frame: int | None) -> None:
        """An op between nodes: data passes through; where several tensors meet it is a small node."""
        given = self.tree.given[op.id]
        inputs = [value for value in given if value not in self.trivial] or given
        merged = self._merged(inputs)
        failed = op.id == self.failed
        node = None
        if failed or (self.joins and len(merged) > 1):
            name = "" if op.call is None else self.trace.calls[op.call].name
            kind: Kind = "failed" if failed else "op"
            node = self.add(kind, op.target, "", f"{name}/{op.target}", ops=(op.id,), cluster=frame)
            for value in inputs:
                self._arrives(value, node)
        elif not self.joins:  # one of those that come from one node speaks for all of them
            merged = {origin: merged[origin] for origin in {origin[0]: origin for origin in merged}.values()}
        for value in self.tree.made[op.id]:
            if node is not None:
                self.sources[value] = {(node, value): DIRECTLY}
            elif value not in given:
                self.sources[value] = {origin: via.then(op.target) for origin, via in merged.items()}

    def _merged(self, values: Sequence[int]) -> Origins:
        """Return where the data of some values comes from."""
        if len(values) == 1:
            return self._from(values[0])
        merged: Origins = {}
        for value in values:
            for origin, via in self._from(value).items():
                merged[origin] = via.beside(merged[origin]) if origin in merged else via
        return merged

    def _chosen(self, op: Op, frame: int | None) -> None:
        """An op that was asked for is a box, wherever it is."""
        name = "" if op.call is None else self.trace.calls[op.call].name
        kind: Kind = "failed" if op.id == self.failed else "op"
        node = self.add(kind, op.target, "", f"{name}/{op.target}", ops=(op.id,), cluster=frame, asked=True)
        for value in self.tree.given[op.id]:
            self._arrives(value, node)
        for value in self.tree.made[op.id]:
            self.sources[value] = {(node, value): DIRECTLY}

    def _from(self, value: int) -> Origins:
        """Return where a value's data comes from; an input of the run gets its node when first read."""
        if value not in self.sources:
            record = self.trace.values[value]
            self.sources[value] = {}
            if record.origin == "input":
                key = ("input", f"{record.name} {record}")
                if key not in self.extra:
                    self.extra[key] = self.add("input", record.name or "input", str(record))
                self.sources[value] = {(self.extra[key], value): DIRECTLY}
        return self.sources[value]

    # -- ends -----------------------------------------------------------------------------------

    def _outputs(self) -> None:
        """Draw what the last of the outermost calls returns as one node."""
        for root in self.tree.roots[-1:]:
            call = self.trace.calls[root]
            given = values_at(call.inputs)
            ports = [port for port in call.outputs if port.value in self.sources and port.value not in given]
            if not ports or root in self.node_of_call:
                continue
            title = "result" if call.name == "." else f"result of {tail(call)}"
            node = self.add("output", title, counted(len(ports), "tensor"))
            self.nodes[node] = replace(self.nodes[node], calls=(root,))
            for port in ports:
                assert port.value is not None
                if all(self.nodes[source].kind != "input" for source, _ in self.sources[port.value]):
                    self._arrives(port.value, node)

    def _unused(self) -> None:
        """Draw the outputs that shown calls made themselves and nobody reads."""
        for call, node in sorted(self.node_of_call.items()):
            if self.tree.unused.isdisjoint(values_at(self.trace.calls[call].outputs)):
                continue
            for port in self.trace.calls[call].outputs:
                if port.value in self.tree.unused and self.sources.get(port.value) == {
                    (node, port.value): DIRECTLY
                }:
                    key = ("unused", node)
                    if key not in self.extra:
                        self.extra[key] = self.add("unused", "unused")
                        stub = self.nodes[self.extra[key]]
                        self.nodes[stub.id] = replace(stub, cluster=self.nodes[node].cluster)
                    self._arrives(port.value, self.extra[key])

    def _loose_ends(self) -> None:
        """Draw where data ends that was asked for: nobody reads it, or it never gets to some place."""
        for value in self.wanted.loose:
            for source, _ in self._from(value):
                given = [
                    v for call in self.nodes[source].calls for v in values_at(self.trace.calls[call].outputs)
                ]
                if self.nodes[source].calls and value not in given:
                    continue  # it never leaves the box, so the box does not give it
                key = ("unused", source)
                if key not in self.extra:
                    self.extra[key] = self.add("unused", "unused")
                    around = self.nodes[source].cluster
                    self.nodes[self.extra[key]] = replace(self.nodes[self.extra[key]], cluster=around)
                self._arrives(value, self.extra[key])
        for value, place in self.wanted.cuts:
            if ("cut", place) not in self.extra:
                self.extra["cut", place] = self.add("cut", place, "never gets there", _linkable(place))
            self._arrives(value, self.extra["cut", place])

    def _arrives(self, value: int, target: int) -> None:
        """Add the arrows to a node that gets ``value``."""
        for (source, first), via in self._from(value).items():
            if source != target and value not in self.trivial:
                self.edges.setdefault((source, target), {})[first, value] = via

    def _finished(self) -> Graph:
        edges = []
        for (source, target), found in self.edges.items():
            flows = [self._flow(first, last, via) for (first, last), via in found.items()]
            edges.append(Edge(source, target, distinct(flows), self.nodes[target].kind in ("unused", "cut")))
        graph = Graph(tuple(self.nodes), tuple(edges), tuple(self.clusters))
        return drop_isolated(fold_ops(graph, self.trace))

    def _flow(self, first: int, last: int, via: Via) -> Flow:
        return Flow(first, last, str(self.trace.values[first]), str(self.trace.values[last]), via)


def _linkable(selector: str) -> str:
    return "" if "*" in selector else selector


def _trivial(trace: Records) -> frozenset[int]:
    """Return the tensors that are only an index, a flag or empty, and would draw arrows from everywhere."""
    counts = ((value, prod(value.shape)) for value in trace.values)
    return frozenset(
        value.id
        for value, count in counts
        if count == 0 or (count == 1 and not value.dtype.startswith(("f", "bf", "c")))
    )
