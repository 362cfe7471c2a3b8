"""The boxes and frames of a graph: which call is which box, and what stands for those that are not shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shapeflow.graph.model import Cluster, Kind, Node
from shapeflow.graph.wanted import Wanted
from shapeflow.model.call_tree import LEAST, CallTree, Repeat, tail
from shapeflow.model.containers import values_at
from shapeflow.model.records import Call

PASSING = ("dropout", "feature_dropout", "alpha_dropout", "dropout1d", "dropout2d", "dropout3d", "identity")
"""Ops that leave a tensor what it is in evaluation."""


class Boxes:
    """Makes the boxes and frames, and knows which one each call belongs to.

    Args:
        tree: the calls of the run.
        shown: ids of calls.
        wanted: what was asked for by name.
    """

    def __init__(self, tree: CallTree, shown: Sequence[int], wanted: Wanted) -> None:
        self.tree = tree
        self.trace = tree.trace
        self.wanted = wanted
        self.nodes: list[Node] = []
        self.clusters: list[Cluster] = []
        self.node_of_call: dict[int, int] = {}
        self.cluster_of_call: dict[int, int] = {}
        self.extra: dict[tuple[str, object], int] = {}
        """Nodes for inputs, closed calls and unused outputs, by what they stand for."""
        self.owners: dict[int | None, tuple[int | None, int | None, int | None]] = {}
        self.holders = {up for call in shown for up in tree.ancestors(call)[1:]}
        self.holders |= {up for op in wanted.ops for up in tree.ancestors(self.trace.ops[op].call)}
        self._place(sorted(shown))

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
            node = self.add("repeat", item.label, subtitle, item.selector)
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

    def add(
        self,
        kind: Kind,
        title: str,
        subtitle: str = "",
        selector: str = "",
        *,
        ops: tuple[int, ...] = (),
        cluster: int | None = None,
        asked: bool = False,
    ) -> int:
        """Add a box and return its id."""
        number = len(self.nodes)
        box = Node(number, kind, title, subtitle, selector, ops=ops, cluster=cluster, asked=asked)
        self.nodes.append(box)
        return number

    def _call_node(self, kind: Kind, call: Call) -> int:
        title = tail(call) if call.name != "." else call.class_name
        return self.add(kind, title, call.class_name, call.exact_name)

    def owner(self, call: int | None) -> tuple[int | None, int | None, int | None]:
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
        """Return a closed call and its like beside it, up to the next that is drawn; of few, itself alone."""
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
