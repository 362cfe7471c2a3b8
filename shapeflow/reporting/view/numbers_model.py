"""What a report says of costs: parameters, FLOPs, memory, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass

from shapeflow.reporting.view.link_model import LinkView


@dataclass(frozen=True, slots=True)
class StageView:
    """What one stage costs."""

    selector: str
    title: str
    class_name: str
    calls: int
    parameters: int
    flops: int
    share: float
    """Of the run's FLOPs, from 0 to 1."""
    bytes: int
    """Of what it returns."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Live activation bytes over the run."""

    points: tuple[tuple[int, int], ...]
    """Pairs of op number and bytes."""
    ops: int
    peak: int
    peak_text: str
    peak_at: LinkView | None
    stages: tuple[tuple[str, int, int], ...]
    """Title, first and last op of each stage, for the axis."""


@dataclass(frozen=True, slots=True)
class NumbersView:
    """What the run costs."""

    parameters: int
    flops: int
    peak_bytes: int
    stages: tuple[StageView, ...]
    memory: Memory | None
    wasted_flops: int
    wasted_share: float
    unused: tuple[LinkView, ...]
    """Outputs of calls that nobody reads."""
