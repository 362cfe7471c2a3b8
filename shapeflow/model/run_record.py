"""What was run, on what, in which mode, and how it went: one record a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PICTURES = ("thumbnail", "masks")
"""Inputs that are pictures, kept for a page alone."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run ended early."""

    type: str
    message: str
    call: int | None
    """The innermost call that was open."""
    op: int | None
    """The op that failed, recorded with its inputs and without outputs."""
    source: int | None
    traceback: str
    """The model's own frames, ours left out."""

    @property
    def first_line(self) -> str:
        """The first line of the message; the kind of exception where it has no text."""
        return next((line for line in self.message.splitlines() if line.strip()), self.type)


@dataclass(frozen=True, slots=True)
class Run:
    """What was run, on what, and how it went."""

    adapter: str
    """``sam3``, ``sam3-transformers``, ``factory`` or ``python``."""
    target: str
    """What the user asked for: ``sam3``, ``PKG.MOD:FACTORY``, or the class of the model."""
    device: str
    """``meta``, ``cpu``, ``cuda``."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """What went in, as plain data: image, prompt, boxes, seed …"""
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    """The timings: the only part of a shapes-only trace that differs from run to run."""
    complete: bool = True
    failure: Failure | None = None
    notes: tuple[str, ...] = ()
    """What this run did not observe or did differently, a sentence each."""
    peak_bytes: int = 0
    """Most bytes of activations alive at once."""
    peak_op: int | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)
    """Numbers kept for value claims, by selector: ``{"shape": […], "data": […]}`` (real runs only)."""
    gradients: Mapping[str, int] = field(default_factory=dict)
    """Ops in calls, counted by what autograd did: ``kept`` (what a backward pass needs was kept), ``idle``
    (on, but nothing needed a gradient), ``off``, ``inference``. Empty if it was not recorded."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Path -> whether the module was in training mode, of the root and of each module where it differs from
    the one above; None: it changed in the run. Empty if it was not recorded."""
    name: str = ""
    """Which of several runs of a document it is: ``training``."""

    @property
    def told_inputs(self) -> dict[str, Any]:
        """What went in, as far as it can be told in words."""
        return {name: value for name, value in self.inputs.items() if name not in PICTURES}

    @property
    def shapes_only(self) -> bool:
        """True if no arithmetic was done on large tensors."""
        return self.device == "meta"
