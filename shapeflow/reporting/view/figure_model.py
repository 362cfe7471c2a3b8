"""The figures of a report as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from shapeflow.reporting.view.link_model import LinkView


@dataclass(frozen=True, slots=True)
class Drawing:
    """A laid-out graph."""

    title: str
    svg: str
    """Safe SVG that takes its colours from the page; empty if no program could draw it."""
    mermaid: str
    note: str = ""
    """What it leaves out; without a drawing, why there is none."""
    same: LinkView | None = None
    """The section that has this very drawing."""


@dataclass(frozen=True, slots=True)
class Attention:
    """The sizes of one kind of attention."""

    title: str
    selector: str
    times: str
    """``28 calls``."""
    heads: int
    queries: int
    keys: int
    width: int
    score: str
    """``f32[9, 16, 576, 576]``."""
    built: bool
    """Whether the score matrix ever existed."""
    note: str
    """The same in words."""
    query_shape: str
    key_shape: str
    value_shape: str
    out_shape: str
    windows: int = 1
    """Batch of the attention itself: windows, for windowed attention."""


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """A feature map, to be drawn to scale."""

    text: str
    selector: str
    channels: int
    height: int
    width: int
    unused: bool
