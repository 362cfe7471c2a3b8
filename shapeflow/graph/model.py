"""A graph small enough to look at: calls as nodes, shapes on the edges, outer calls as frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["call", "repeat", "op", "input", "output", "outside", "unused", "failed"]


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
    cluster: int | None = None
    """Id of the cluster it lies in."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Values that go from one node to another."""

    source: int
    target: int
    values: tuple[int, ...]
    """As they arrive."""
    shapes: tuple[str, ...]
    unused: bool = False


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


@dataclass(frozen=True, slots=True)
class Graph:
    """What is drawn."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    clusters: tuple[Cluster, ...] = ()
    title: str = ""
    left_out: str = ""
    """What was folded away to stay readable, in words."""

    @property
    def empty(self) -> bool:
        """True if there is nothing worth drawing."""
        return len(self.nodes) < 2 or not self.edges
