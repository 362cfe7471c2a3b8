"""A poster as plain data: stations and the ribbons between them, before anything has a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shapeflow.reporting.view.pieces import Piece

Kind = Literal["input", "part", "output", "unused"]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that a station gives."""

    value: int
    """Id of the value in the trace."""
    shape: tuple[Piece, ...]
    """``f32[1, 256, 72, 72]`` with its named dims, or with the names of the dims."""
    sheet: tuple[int, int] | None = None
    """Height and width where it is a feature map, to be drawn to scale."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What the claims of a station's section came to."""

    good: int = 0
    bad: int = 0
    open: int = 0
    """Not decided by this run."""


@dataclass(frozen=True, slots=True)
class Station:
    """A part of the model, an input or an output."""

    id: int
    kind: Kind
    title: str
    details: tuple[str, ...] = ()
    times: int = 1
    """So many alike blocks do most of its work."""
    blocks: str = ""
    """Their name, where it says more than the title: ``layers``."""
    share: float = 0.0
    """Of the arithmetic of the run, 0 to 1."""
    marks: Marks | None = None
    """None without a walkthrough."""
    address: str = ""
    """Where a click leads: ``#section`` or ``#at=selector``."""
    gives: tuple[Tensor, ...] = ()
    """The tensors that others read, the largest first."""
    failed: bool = False
    """True if the run ended in it."""
    first_op: int = -1
    """The first op that runs in it; -1 for what is no part."""


@dataclass(frozen=True, slots=True)
class Ribbon:
    """Data that goes from one station to another."""

    source: int
    target: int
    given: int
    """Id of the largest value that the source gives."""
    got: int
    """Id of the value that the target gets: the same one if nothing happens between them."""
    elements: int
    """Of the value that arrives."""
    lane: int = 0
    """Id of the input that it came from, the first of several."""


@dataclass(frozen=True, slots=True)
class Poster:
    """One picture of a run."""

    title: str
    subtitle: str
    stations: tuple[Station, ...]
    ribbons: tuple[Ribbon, ...]
    lanes: dict[int, int] = field(default_factory=dict)
    """Station -> id of the input station that its data comes from, for its colour."""
    foot: str = ""
    """What ran, in a few words."""
