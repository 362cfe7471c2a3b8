"""What a report says of costs: parameters, FLOPs, memory, part by part."""

from __future__ import annotations

from dataclasses import dataclass

from shapeflow.reporting.view.link_model import LinkView


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one part of the run costs: a section of the walkthrough, or a part of the model."""

    title: str
    """A section's is the author's Markdown."""
    note: str
    """The class of a part of the model."""
    section: str
    """Id of the section; empty for a part of the model."""
    selector: str
    """Of its first call; empty for a section."""
    level: int
    """0 for the outermost."""
    is_sum: bool
    """True if the rows below it that are a level deeper add up to it."""
    calls: int
    """How many a part of the model is; 0 for a section."""
    parameters: int
    flops: int
    share: float
    """Of the run's FLOPs, from 0 to 1."""

    @property
    def multiply_adds(self) -> int:
        """Half of the FLOPs."""
        return self.flops // 2


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark at the side of the memory curve."""

    y: float
    """In percent from the top."""
    text: str


@dataclass(frozen=True, slots=True)
class StageLabel:
    """A stage under the memory curve, from its first to its last op."""

    x: float
    width: float
    middle: float
    """Of its label, in percent of the whole width."""
    title: str
    """Empty where there is no room for a label."""
    name: str
    """All of it, for who points at it."""
    narrow: bool
    """True if there is room for its label on a phone, too."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Live activation bytes over the run, and its picture in a box of ``WIDTH`` by ``HEIGHT``."""

    points: tuple[tuple[int, int], ...]
    """Pairs of op number and bytes."""
    ops: int
    peak: int
    peak_text: str
    peak_at: LinkView | None
    places: tuple[tuple[float, float], ...]
    """Of each point, in percent from the left and from the top."""
    area: str
    """The curve as a path."""
    at: tuple[float, float]
    """Where the peak is, in percent."""
    ticks: tuple[Tick, ...]
    stages: tuple[StageLabel, ...]
    alive: tuple[tuple[int, ...], ...]
    """Of each point, positions in ``tensors``, the largest first; empty in a trace that does not say it."""
    tensors: tuple[tuple[str, str], ...]
    """Name and shape with size of the tensors that are among the largest somewhere."""
    names: tuple[str, ...]
    """The op of each point."""


@dataclass(frozen=True, slots=True)
class NumbersView:
    """What the run costs."""

    parameters: int
    flops: int
    peak_bytes: int
    gradients: str
    """Whether activations were kept for a backward pass, in words."""
    rows: tuple[CostRow, ...]
    """The rows that are no sums add up to the totals."""
    memory: Memory | None
    wasted_flops: int
    wasted_share: float
    unused: tuple[LinkView, ...]
    """Outputs of calls that nobody reads."""
