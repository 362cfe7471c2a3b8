"""Which value goes from which shown call to which: the edges of a drawing."""

from __future__ import annotations

from collections.abc import Sequence

from shapeflow.graph.folding import Repeat, Structure, tail
from shapeflow.graph.model import Cluster, Edge, Graph, Kind, Node
from shapeflow.text import counted
from shapeflow.trace import Call, Op, Port, Trace

OUTSIDE_LIMIT = 8
"""Most neighbours drawn on either side."""

JOIN_TARGETS_HIDDEN = frozenset({"__get__", "size", "dim", "shape"})


def draw(tree: Structure, shown: Sequence[int], *, outside: bool, joins: bool = True) -> Graph:
    """Return the graph of the ``shown`` calls. Those that hold others become frames around them.

    Args:
        tree: the call tree.
        shown: ids of calls.
        outside: also draw who feeds them and who reads what they make.
        joins: draw the ops between calls where several values meet; otherwise they are passed through.
    """
    return _Drawing(tree, shown, outside, joins).graph()


def call_selector(call: Call) -> str:
    """Return the selector of exactly this call: ``backbone.forward_image()@0``."""
    return f"{call.name}@{call.index}"


class _Drawing:
    """Walks the ops in order and keeps, for every value, from which nodes its data comes."""

    def __init__(self, tree: Structure, shown: Sequence[int], outside: bool, joins: bool) -> None:
        self.tree = tree
        self.trace: Trace = tree.trace
        self.outside = outside
        self.joins = joins
        self.nodes: list[Node] = []
        self.clusters: list[Cluster] = []
        self.edges: dict[tuple[int, int], dict[int, None]] = {}
        self.sources: dict[int, dict[int, None]] = {}
        """Value id -> nodes its data comes from."""
        self.node_of_call: dict[int, int] = {}
        self.cluster_of_call: dict[int, int] = {}
        self.extra: dict[object, int] = {}
        """Nodes for inputs, neighbours and joins, by what they stand for."""
        self.owner: dict[int | None, tuple[int | None, int | None, bool]] = {}
        self._place(shown)
        self.scope = self._scope(shown)

    # -- which call is which node -------------------------------------------------------------

    def _place(self, shown: Sequence[int]) -> None:
        """Make a node or frame of each shown call."""
        holders = {up for call in shown for up in self.tree.ancestors(call)[1:]}
        frames = [call for call in sorted(shown) if call in holders]
        leaves = [call for call in sorted(shown) if call not in holders]
        for call in frames:
            self._frame(call)
        by_parent: dict[int | None, list[int]] = {}
        for call in leaves:
            by_parent.setdefault(self.trace.calls[call].parent, []).append(call)
        for group in by_parent.values():
            for item in self.tree.fold(group):
                self._leaf(item)

    def _frame(self, call: int) -> None:
        record = self.trace.calls[call]
        around = next((up for up in self.tree.ancestors(record.parent) if up in self.cluster_of_call), None)
        parent = None if around is None else self.cluster_of_call[around]
        self.cluster_of_call[call] = len(self.clusters)
        self.clusters.append(
            Cluster(len(self.clusters), tail(record), record.class_name, call_selector(record), parent)
        )

    def _leaf(self, item: int | Repeat) -> None:
        calls = item.calls if isinstance(item, Repeat) else (item,)
        first = self.trace.calls[calls[0]]
        around = next((up for up in self.tree.ancestors(first.parent) if up in self.cluster_of_call), None)
        cluster = None if around is None else self.cluster_of_call[around]
        failed = any(self.trace.calls[call].raised for call in calls)
        if isinstance(item, Repeat):
            odd = f", {len(item.odd)} differ" if item.odd else ""
            node = self._add("repeat", item.label, f"{first.class_name} × {len(calls)}{odd}", item.selector)
        else:
            node = self._add("call", tail(first), first.class_name, call_selector(first))
        self.nodes[node] = Node(
            node,
            "failed" if failed else self.nodes[node].kind,
            self.nodes[node].title,
            self.nodes[node].subtitle,
            self.nodes[node].selector,
            calls,
            cluster,
        )
        for call in calls:
            self.node_of_call[call] = node

    def _scope(self, shown: Sequence[int]) -> int | None:
        """Return the call whose inside is drawn; None: the whole run."""
        scope = self.tree.common(shown)
        if scope is not None and scope in self.node_of_call:
            scope = self.trace.calls[scope].parent
        return scope

    def _add(
        self, kind: Kind, title: str, subtitle: str = "", selector: str = "", cluster: int | None = None
    ) -> int:
        self.nodes.append(Node(len(self.nodes), kind, title, subtitle, selector, (), cluster))
        return len(self.nodes) - 1

    def _owner(self, call: int | None) -> tuple[int | None, int | None, bool]:
        """Return the node of an op in ``call``, else its frame, and whether it lies in the scope."""
        if call not in self.owner:
            line = self.tree.ancestors(call)
            node = next((self.node_of_call[up] for up in line if up in self.node_of_call), None)
            frame = next((self.cluster_of_call[up] for up in line if up in self.cluster_of_call), None)
            self.owner[call] = (node, frame, self.scope is None or self.scope in line)
        return self.owner[call]

    # -- walking ------------------------------------------------------------------------------

    def graph(self) -> Graph:
        """Walk the run and return what was found."""
        for op in self.trace.ops:
            node, frame, inside = self._owner(op.call)
            if node is not None:
                self._through(op, node)
            elif inside:
                self._between(op, frame)
            elif self.outside:
                self._beyond(op)
        if not self.outside:
            self._outputs()
        self._unused()
        return self._finished()

    def _through(self, op: Op, node: int) -> None:
        """An op inside a shown node: its inputs arrive there, its outputs start there."""
        for value in _tensors(op.inputs):
            for source in self._from(value):
                if source != node:
                    self._edge(source, node, value)
        for value in _tensors(op.outputs):
            self.sources[value] = {node: None}

    def _between(self, op: Op, frame: int | None) -> None:
        """An op between shown nodes: data passes through; where several meet it is a small node."""
        merged: dict[int, None] = {}
        inputs = _tensors(op.inputs)
        for value in inputs:
            merged |= self._from(value)
        meeting = len(merged) > 1 and len(inputs) > 1 and op.parent is None
        if meeting and self.joins and op.target not in JOIN_TARGETS_HIDDEN:
            selector = f"#{op.id}"
            node = self._add("op", op.target, "", selector, frame)
            for value in inputs:
                for source in self._from(value):
                    self._edge(source, node, value)
            merged = {node: None}
        for value in _tensors(op.outputs):
            self.sources[value] = merged

    def _beyond(self, op: Op) -> None:
        """An op outside the scope: draw its call as a neighbour where it reads what was made inside."""
        for value in _tensors(op.inputs):
            for source in self.sources.get(value, ()):
                if self.nodes[source].kind in ("call", "repeat", "op", "failed"):
                    self._edge(source, self._neighbour(op.call, "to"), value)

    def _from(self, value: int) -> dict[int, None]:
        """Return the nodes a value's data comes from; inputs and neighbours get theirs when first read."""
        if value not in self.sources:
            self.sources[value] = self._origin(value)
        return self.sources[value]

    def _origin(self, value: int) -> dict[int, None]:
        record = self.trace.values[value]
        if record.origin == "input":
            name = record.name or "input"
            if ("input", name) not in self.extra:
                self.extra["input", name] = self._add("input", name, str(record))
            return {self.extra["input", name]: None}
        if record.origin == "op" and record.producer is not None and self.outside:
            return {self._neighbour(self.trace.ops[record.producer].call, "from"): None}
        return {}

    def _neighbour(self, call: int | None, side: str) -> int:
        """Return the node of the call outside the scope that holds ``call``, at the level of the scope."""
        around = set(self.tree.ancestors(self.scope))
        line = [up for up in self.tree.ancestors(call) if up not in around]
        found = line[-1] if line else None
        if (side, found) not in self.extra:
            if sum(1 for key in self.extra if isinstance(key, tuple) and key[0] == side) >= OUTSIDE_LIMIT:
                found = -1
                if (side, found) in self.extra:
                    return self.extra[side, found]
            self.extra[side, found] = self._add("outside", *self._neighbour_names(call, found))
        return self.extra[side, found]

    def _neighbour_names(self, call: int | None, found: int | None) -> tuple[str, str, str]:
        if found == -1:
            return "more calls", "", ""
        record = self.trace.calls[found] if found is not None else None
        if record is None:
            inner = self.trace.calls[call] if call is not None else None
            return (tail(inner), inner.class_name, call_selector(inner)) if inner else ("outside all calls", "", "")
        return tail(record), record.class_name, call_selector(record)

    # -- ends -----------------------------------------------------------------------------------

    def _outputs(self) -> None:
        """Draw what the outermost calls return, as one node a call."""
        for root in self.tree.roots:
            call = self.trace.calls[root]
            ports = [port for port in call.outputs if port.value in self.sources]
            if not ports or call.id in self.node_of_call:
                continue
            node = self._add("output", "result", f"{call.name}, {counted(len(ports), 'tensor')}")
            for port in ports:
                assert port.value is not None
                for source in self.sources[port.value]:
                    if self.nodes[source].kind != "input":
                        self._edge(source, node, port.value)

    def _unused(self) -> None:
        """Draw the outputs of shown calls that nobody reads, dashed."""
        unused = {value.id for value in self.trace.unused()}
        for call, node in sorted(self.node_of_call.items()):
            values = [port.value for port in self.trace.calls[call].outputs if port.value in unused]
            if not values:
                continue
            key = ("unused", node)
            if key not in self.extra:
                self.extra[key] = self._add("unused", "unused", "", "", self.nodes[node].cluster)
            for value in values:
                assert value is not None
                self._edge(node, self.extra[key], value)

    def _edge(self, source: int, target: int, value: int) -> None:
        self.edges.setdefault((source, target), {})[value] = None

    def _finished(self) -> Graph:
        touched = {end for edge in self.edges for end in edge}
        kept = [node for node in self.nodes if node.id in touched or node.kind in ("call", "repeat", "failed")]
        edges = []
        for (source, target), values in self.edges.items():
            texts = dict.fromkeys(str(self.trace.values[value]) for value in values)
            edges.append(
                Edge(source, target, tuple(values), tuple(texts), self.nodes[target].kind == "unused")
            )
        used = {node.cluster for node in kept}
        for cluster in reversed(self.clusters):
            if cluster.id in used:
                used.add(cluster.parent)
        return Graph(tuple(kept), tuple(edges), tuple(c for c in self.clusters if c.id in used))


def _tensors(ports: Sequence[Port]) -> list[int]:
    return list(dict.fromkeys(port.value for port in ports if port.value is not None))
