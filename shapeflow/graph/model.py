"""A graph small enough to look at: calls as nodes, shapes on the edges, outer calls as frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapeflow.graph.via import DIRECTLY, Via

Kind = Literal["call", "repeat", "op", "input", "output", "outside", "unused", "cut", "failed"]
"""``unused`` is where data ends that nobody reads, ``cut`` a place that data provably never gets to."""


@dataclass(frozen=True, slots=True)
class Node:
    """One box."""

    id: int
    kind: Kind
    title: str
    subtitle: str = ""
    selector: str = ""
    """What it stands for, for links; empty where there is nothing to open."""
    calls: tuple[int, ...] = ()
    """Ids of the calls that it stands for; of a result, the call that returns it."""
    ops: tuple[int, ...] = ()
    """Ids of the ops that it stands for, of the kind ``op``."""
    cluster: int | None = None
    """Id of the cluster it lies in."""
    asked: bool = False
    """True for what was asked for by name, and not only drawn because it lies beside or between."""

    @property
    def dashed(self) -> bool:
        """True for what only bounds the figure, whatever was asked for."""
        return self.kind in ("unused", "cut", "outside")


@dataclass(frozen=True, slots=True)
class Flow:
    """One tensor on its way between two boxes."""

    first: int
    """Id of the value that the one box gives."""
    last: int
    """Id of the value that the other gets: the same one if nothing happens between them."""
    before: str
    """Dtype and shape of ``first``."""
    after: str
    """Dtype and shape of ``last``."""
    via: Via = DIRECTLY
    """What happens to it between the boxes."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands on the arrow: the shape; or the shape before, the ops, and the shape after."""
        if not self.via.names:
            return (self.before,)
        return (self.before, str(self.via), self.after)


@dataclass(frozen=True, slots=True)
class Edge:
    """Tensors that go from one node to another."""

    source: int
    target: int
    flows: tuple[Flow, ...]
    """The largest first."""
    unused: bool = False

    @property
    def told(self) -> tuple[Flow, ...]:
        """Those that read alike once."""
        return tuple({flow.lines: flow for flow in self.flows}.values())

    @property
    def shown(self) -> tuple[Flow, ...]:
        """Those that stand on the arrow: two, or one that changes on the way."""
        first = self.told[:2]
        return first[:1] if any(flow.via.names for flow in first) else first

    @property
    def more(self) -> int:
        """How many do not stand on the arrow."""
        return len(self.told) - len(self.shown)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A call drawn as a frame around its inner calls."""

    id: int
    title: str
    subtitle: str
    selector: str
    parent: int | None = None
    wrapper: bool = False
    """True for a call that only hands on to another."""
    asked: bool = False
    """True for what was asked for by name."""
    alike: int = 0
    """Of calls of which one is drawn: how many are like it, itself included; 0: it stands for itself."""
    of: int = 0
    """And how many there are in all."""

    @property
    def alike_text(self) -> str:
        """How many calls it stands for, in English words."""
        if not self.alike:
            return ""
        same = f"one of {self.of}, all alike"
        return same if self.alike == self.of else f"one of {self.alike} alike, of {self.of}"


@dataclass(frozen=True, slots=True)
class Graph:
    """What is drawn."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    clusters: tuple[Cluster, ...] = ()
    title: str = ""
    left_out: str = ""
    """What was folded away to stay readable, in words."""
    pointed: bool = False
    """True if only what was asked for is drawn solid, and all that is beside it dashed."""

    def dashed(self, node: Node) -> bool:
        """Return whether a box is drawn dashed."""
        return node.dashed or (self.pointed and not node.asked and node.kind != "failed")

    @property
    def empty(self) -> bool:
        """True if there is nothing worth drawing."""
        return len(self.nodes) < 2 or not self.edges
