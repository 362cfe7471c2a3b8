"""What an adapter is asked for, as plain data, and what it gives: a model that is ready to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch.nn import Module


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in an image, in parts of its width and height (0 to 1)."""

    cx: float
    """Centre."""
    cy: float
    width: float
    height: float
    positive: bool = True
    """False: what is in it is not meant."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user wants to see run."""

    target: str
    """``sam3``, ``sam3-transformers``, ``PKG.MOD:FACTORY`` …"""
    device: str
    """``meta`` (shapes only), ``cpu`` or ``cuda``."""
    images: tuple[Path, ...] = ()
    prompt: str | None = None
    boxes: tuple[Box, ...] = ()
    checkpoint: Path | None = None
    seed: int = 0
    resize: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """Other sizes for the inputs that a factory brings: port and dim -> size."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model that is built, and the run to observe."""

    model: Module
    run: Callable[[], object]
    """Performs the run."""
    inputs: Mapping[str, Any]
    """What goes in, as plain data for the trace."""
    versions: Mapping[str, str]
    """Package -> version, of what the run depends on."""
    notes: tuple[str, ...] = ()
    """What this run does differently from what one may expect, a sentence each."""
    outcome: Callable[[Any], Mapping[str, Any]] | None = None
    """Turns the result of a run that ended well into plain data, which joins the inputs in the trace."""


class Adapter(Protocol):
    """Knows one model family."""

    def __call__(self, request: Request) -> Prepared:
        """Build the model, under whatever modes are active, and lay out its run.

        Raises:
            InputError: the request cannot be met: a package, file or name is missing or wrong.
        """
        ...
