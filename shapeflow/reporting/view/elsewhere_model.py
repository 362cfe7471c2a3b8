"""Where the same report stands in another language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A page in another language, which lies beside this one."""

    language: str
    file: str
    """Its name."""
    sections: Mapping[str, str]
    """Id of a section here -> that of the same one there; empty where the texts have other sections."""
