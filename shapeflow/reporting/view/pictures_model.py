"""The pictures of a report: the input, and small ones of values."""

from __future__ import annotations

from dataclasses import dataclass

from shapeflow.reporting.view.pieces import Piece


@dataclass(frozen=True, slots=True)
class PictureView:
    """The input image."""

    data: str
    """``data:image/jpeg;base64,…``."""
    width: int
    height: int
    prompt: str
    boxes: tuple[tuple[float, float, float, float, bool], ...]
    """Left, top, width, height as shares of the picture, and whether it is a positive box."""
    masks: str = ""
    """A picture to lay over it, or empty."""
    over: str = ""
    """What is laid over it, in words, where that is not the best masks that the adapter drew."""
    note: str = ""
    """What one has to know of it."""


@dataclass(frozen=True, slots=True)
class ValuePicture:
    """What a value looks like, or a frame that says what would be there."""

    selector: str
    kind: str
    """``input``, ``features``, ``attention``, ``boxes`` or ``masks``."""
    title: str
    """What it is, in words."""
    shape: tuple[Piece, ...]
    how: str
    """How it is made from the numbers."""
    width: int
    height: int
    data: str = ""
    """``data:image/png;base64,…``; empty if nothing was drawn."""
    over: bool = False
    """True for a transparent picture that belongs over the one that went in."""
    why: str = ""
    """Why nothing was drawn."""

    @property
    def alt(self) -> str:
        """The picture in words."""
        return f"{self.title}: {self.selector}"


@dataclass(frozen=True, slots=True)
class PicturesView:
    """What concerns all pictures of values."""

    rest: tuple[ValuePicture, ...]
    """Of values that no section speaks of."""
    note: str
    """What one has to know of the weights; empty if there are no pictures."""
    data: str
    """The picture that went in, where others are laid over it."""
