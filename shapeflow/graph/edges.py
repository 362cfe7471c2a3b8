"""The edges of a graph: which value goes from which shown call to which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from shapeflow.common.text import counted
from shapeflow.graph.joins import fold_ops
from shapeflow.graph.model import Cluster, Edge, Flow, Graph, Kind, Node
from shapeflow.graph.simplify import distinct, drop_isolated
from shapeflow.graph.via import DIRECTLY, Via
from shapeflow.graph.wanted import ALL, Wanted
from shapeflow.model.call_tree import LEAST, CallTree, Repeat, tail
from shapeflow.model.containers import values_at
from shapeflow.model.records import Call, Op, Value

Origins = dict[tuple[int, int], Via]
"""Where the data of a value comes from: a node and the value that it gave -> what happened to that since."""
Edges = dict[tuple[int, int], dict[tuple[int, int], Via]]
"""Source and target node -> the values that the one gives and the other gets -> what happens between."""


PASSING = ("dropout", "feature_dropout", "alpha_dropout", "dropout1d", "dropout2d", "dropout3d", "identity")
"""Ops that leave a tensor what it is in evaluation."""


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


class _Drawing:
    """Walks the ops in order and keeps, for every value, from which nodes its data comes."""

    def __init__(self, tree: CallTree, shown: Sequence[int], joins: bool, wanted: Wanted) -> None:
        self.tree = tree
        self.trace = tree.trace
        self.joins = joins
        self.wanted = wanted
        self.nodes: list[Node] = []
        self.clusters: list[Cluster] = []
        self.edges: Edges = {}
        self.sources: dict[int, Origins] = {}
        """Value id -> where its data comes from."""
        self.node_of_call: dict[int, int] = {}
        self.cluster_of_call: dict[int, int] = {}
        self.extra: dict[tuple[str, object], int] = {}
        """Nodes for inputs, closed calls and unused outputs, by what they stand for."""
        self.failed = self.trace.run.failure.op if self.trace.run.failure else None
        self.owners: dict[int | None, tuple[int | None, int | None, int | None]] = {}
        self.holders = {up for call in shown for up in tree.ancestors(call)[1:]}
        self.holders |= {up for op in wanted.ops for up in tree.ancestors(self.trace.ops[op].call)}
        self._place(sorted(shown))

    def graph(self) -> Graph:
        """Walk the run and return what was found."""
        at, ops = 0, self.trace.ops
        while at < len(ops):
            op = ops[at]
            node, closed, frame = self._owner(op.call)
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

    # -- which call is which node -------------------------------------------------------------

    def _place(self, shown: Sequence[int]) -> None:
        """Make a node or frame of each shown call."""
        for call in shown:
            if call in self.holders:
                self._frame(call)
        by_parent: dict[int | None, list[int]] = {}
        for call in shown:
            if call not in self.holders and (self._asked(call) or not self._passes(call)):
                by_parent.setdefault(self.trace.calls[call].parent, []).append(call)
        for group in by_parent.values():
            for item in self.tree.fold(group):
                self._leaf(item)

    def _frame(self, call: int) -> None:
        record = self.trace.calls[call]
        title = tail(record) if record.name != "." else record.class_name
        subtitle = record.class_name if title != record.class_name else ""
        self.cluster_of_call[call] = len(self.clusters)
        around = self._around(record.parent)
        alike, of = self.wanted.alike.get(call, (0, 0))
        wrapper = self.tree.hands_on(call) and not alike
        number = len(self.clusters)
        self.clusters.append(
            Cluster(
                number,
                title,
                subtitle,
                record.exact_name,
                around,
                wrapper,
                self.wanted.asks_for([call]),
                alike,
                of,
            )
        )

    def _leaf(self, item: int | Repeat) -> None:
        calls = item.calls if isinstance(item, Repeat) else (item,)
        first = self.trace.calls[calls[0]]
        failed = any(self.trace.calls[call].raised for call in calls)
        if isinstance(item, Repeat):
            odd = f", {len(item.outliers)} differ" if item.outliers else ""
            subtitle = f"{first.class_name} × {len(calls)}{odd}"
            node = self._add("repeat", item.label, subtitle, item.selector)
        else:
            node = self._call_node("call", first)
        kind = "failed" if failed else self.nodes[node].kind
        self.nodes[node] = replace(
            self.nodes[node],
            kind=kind,
            calls=calls,
            cluster=self._around(first.parent),
            asked=self.wanted.asks_for(calls),
        )
        self.node_of_call |= dict.fromkeys(calls, node)

    def _around(self, call: int | None) -> int | None:
        """Return the innermost frame around ``call``, itself included."""
        line = self.tree.ancestors(call)
        return next((self.cluster_of_call[up] for up in line if up in self.cluster_of_call), None)

    def _add(self, kind: Kind, title: str, subtitle: str = "", selector: str = "") -> int:
        self.nodes.append(Node(len(self.nodes), kind, title, subtitle, selector))
        return len(self.nodes) - 1

    def _call_node(self, kind: Kind, call: Call) -> int:
        title = tail(call) if call.name != "." else call.class_name
        return self._add(kind, title, call.class_name, call.exact_name)

    def _owner(self, call: int | None) -> tuple[int | None, int | None, int | None]:
        """Return of what runs in ``call`` the node, the call that this stands for, and the frame around.

        There is no node for what runs between nodes.
        """
        if call not in self.owners:
            line = self.tree.ancestors(call)
            closed = next((up for up in line if up in self.node_of_call), None)
            if closed is not None:
                node: int | None = self.node_of_call[closed]
            else:
                closed = next((up for up in reversed(line) if up not in self.holders), None)
                passed = closed is None or self._passes(closed)
                node = None if passed or closed is None else self._closed(closed)
            self.owners[call] = (node, closed, self._around(call))
        return self.owners[call]

    def _asked(self, call: int) -> bool:
        return self.wanted.calls is not None and call in self.wanted.calls

    def _passes(self, call: int) -> bool:
        """Return whether a call hands on what it gets, as dropout does in evaluation: not worth a box."""
        if self.tree.children[call] or self.trace.calls[call].raised:
            return False
        ops = self.tree.own_ops[call]
        if not ops:
            given = set(values_at(self.trace.calls[call].inputs))
            return given.issuperset(values_at(self.trace.calls[call].outputs))
        return all(self.trace.ops[op].target.rstrip("_") in PASSING for op in ops)

    def _closed(self, call: int) -> int:
        """Return the node of a call that was not asked for."""
        key = ("closed", call)
        if key not in self.extra:
            record = self.trace.calls[call]
            alike = self._alike(call)
            node = self._call_node("outside", record)
            if len(alike) > 1:
                title, subtitle = self.tree.repeat(alike).label, f"{record.class_name} × {len(alike)}"
                self.nodes[node] = replace(self.nodes[node], title=title, subtitle=subtitle)
            self.nodes[node] = replace(
                self.nodes[node], calls=tuple(alike), cluster=self._around(record.parent)
            )
            self.extra |= {("closed", one): node for one in alike}
        return self.extra[key]

    def _alike(self, call: int) -> list[int]:
        """Return a closed call and its like beside it, up to the next that is drawn; itself alone if they are few."""
        record = self.trace.calls[call]
        beside = self.tree.roots if record.parent is None else self.tree.children[record.parent]
        run: list[int] = []
        for other in beside:
            if self.tree.kind(other) != self.tree.kind(call):
                continue
            if other in self.holders or other in self.node_of_call:
                if call in run:
                    break
                run = []
            else:
                run.append(other)
        return run if len(run) >= LEAST else [call]

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
        inputs = [value for value in given if not _trivial(self.trace.values[value])] or given
        merged: Origins = {}
        for value in inputs:
            for origin, via in self._from(value).items():
                merged[origin] = via.beside(merged[origin]) if origin in merged else via
        failed = op.id == self.failed
        node = None
        if failed or (self.joins and len(merged) > 1):
            name = "" if op.call is None else self.trace.calls[op.call].name
            node = self._add("failed" if failed else "op", op.target, "", f"{name}/{op.target}")
            self.nodes[node] = replace(self.nodes[node], ops=(op.id,), cluster=frame)
            for value in inputs:
                self._arrives(value, node)
        elif not self.joins:  # one of those that come from one node speaks for all of them
            merged = {origin: merged[origin] for origin in {origin[0]: origin for origin in merged}.values()}
        for value in self.tree.made[op.id]:
            if node is not None:
                self.sources[value] = {(node, value): DIRECTLY}
            elif value not in given:
                self.sources[value] = {origin: via.then(op.target) for origin, via in merged.items()}

    def _chosen(self, op: Op, frame: int | None) -> None:
        """An op that was asked for is a box, wherever it is."""
        name = "" if op.call is None else self.trace.calls[op.call].name
        node = self._add("failed" if op.id == self.failed else "op", op.target, "", f"{name}/{op.target}")
        self.nodes[node] = replace(self.nodes[node], ops=(op.id,), cluster=frame, asked=True)
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
                    self.extra[key] = self._add("input", record.name or "input", str(record))
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
            node = self._add("output", title, counted(len(ports), "tensor"))
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
                        self.extra[key] = self._add("unused", "unused")
                        stub = self.nodes[self.extra[key]]
                        self.nodes[stub.id] = replace(stub, cluster=self.nodes[node].cluster)
                    self._arrives(port.value, self.extra[key])

    def _loose_ends(self) -> None:
        """Draw where data ends that was asked for: nobody reads it, or it never gets to some place."""
        for value in self.wanted.loose:
            for source, _ in self._from(value):
                given = [v for call in self.nodes[source].calls for v in values_at(self.trace.calls[call].outputs)]
                if self.nodes[source].calls and value not in given:
                    continue  # it never leaves the box, so the box does not give it
                key = ("unused", source)
                if key not in self.extra:
                    self.extra[key] = self._add("unused", "unused")
                    around = self.nodes[source].cluster
                    self.nodes[self.extra[key]] = replace(self.nodes[self.extra[key]], cluster=around)
                self._arrives(value, self.extra[key])
        for value, place in self.wanted.cuts:
            if ("cut", place) not in self.extra:
                self.extra["cut", place] = self._add("cut", place, "never gets there", _linkable(place))
            self._arrives(value, self.extra["cut", place])

    def _arrives(self, value: int, target: int) -> None:
        """Add the arrows to a node that gets ``value``."""
        for (source, first), via in self._from(value).items():
            if source != target and not _trivial(self.trace.values[value]):
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


def _trivial(value: Value) -> bool:
    """Return whether a tensor is only an index, a flag or empty, which would draw arrows from everywhere."""
    count = prod(value.shape)
    return count == 0 or (count == 1 and not value.dtype.startswith(("f", "bf", "c")))
