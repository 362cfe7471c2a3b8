"""Texts cut into pieces, so that each named dim can have its colour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; ``symbol`` names the dim it stands for, empty for the rest."""

    text: str
    symbol: str = ""
