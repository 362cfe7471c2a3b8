"""Tensors of a run that a mention in the model's own source can mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shapeflow.model.ports import Port


@dataclass(frozen=True, slots=True)
class Found:
    """A tensor that a mention can mean, by its line or by the docstring that it stands in."""

    value: int
    name: str
    """Selector of what made or took it, or the variable."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a line of a docstring describes."""

    found: tuple[Found, ...] = ()
    sure: bool = False
    """Whether it can be nothing else."""
    why: str = ""
    """Why no tensor is known that it describes."""
    absent: bool = False
    """Whether there was certainly none."""


def found_of(ports: Iterable[Port]) -> tuple[Found, ...]:
    """Return the tensors of ports, those that have any."""
    return tuple(Found(port.value, port.name) for port in ports if port.value is not None)
