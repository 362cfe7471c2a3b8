"""What a report says of a class in the words of its author."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocView:
    """What a class says of itself."""

    class_name: str
    text: str
