"""A link into the trace."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkView:
    """Something in the trace that can be opened."""

    selector: str
    text: str
    note: str = ""
