"""What a name of the code in a text means: the places that it has in the model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shapeflow.notes.places.sites import Site


@dataclass(frozen=True, slots=True)
class Meant:
    """What the nearest name in code style means."""

    name: str
    sites: tuple[Site, ...]
    """Those that it means, of the role that the words give; none: it names nothing here."""
    close: bool
    """Whether nothing stands between it and the shape that could mean something else."""
    path: str = ""
    """Its path, where it is one path only."""
    parameter: bool = False
    told: bool = False
    """Whether words say on which side of it: its output, after it."""
    several: bool = False
    """Whether modules in different parts of the model have this name."""


def once(sites: Iterable[Site]) -> tuple[Site, ...]:
    """Return sites, each once."""
    return tuple({site.id: site for site in sites}.values())
