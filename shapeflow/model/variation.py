"""Runs of one model with other sizes: the evidence from which symbols are inferred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shapeflow.model.trace import Trace


@dataclass(frozen=True, slots=True)
class Axis:
    """Something about the inputs that has a size and can have another one."""

    symbol: str
    """The name it gets: ``B``, ``T``, ``H`` …"""
    what: str
    """In words: ``batch size``, ``dim 1 of in.tokens``."""
    size: int
    """In the run that was given."""


@dataclass(frozen=True, slots=True)
class OtherRun:
    """One more run of the same model."""

    sizes: Mapping[str, int]
    """The size of every axis, by its symbol."""
    trace: Trace


@dataclass(frozen=True, slots=True)
class Variation:
    """What can vary, and the runs that show it."""

    axes: tuple[Axis, ...] = ()
    runs: tuple[OtherRun, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be tried, a sentence each."""
    sentences: Mapping[str, str] = field(default_factory=dict)
    """Path of a class -> the first sentence of its docstring."""
    widths: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Symbol -> size and configuration key, for sizes that do not vary: ``D`` -> 768, ``hidden_size``."""
