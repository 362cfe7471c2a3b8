"""Small pictures that a run keeps on request: what a value looks like, to be shown beside its shape."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass
from typing import Literal

PictureKind = Literal["input", "features", "attention", "boxes", "masks"]
PictureData = str
"""A PNG in base64."""

KINDS: tuple[PictureKind, ...] = ("input", "features", "attention", "boxes", "masks")
MOST_PICTURES = 40
MOST_BYTES = 600_000
"""Of the base64 texts of all pictures of a run together."""
LARGEST_SIDE = 512
"""A picture of more pixels on a side is none of ours: what is small here may unpack to anything."""
MISSING = ("", "shapes-only", "not-finite", "not-drawn")
"""Why a picture is not there; nothing where it is."""

_PNG = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">4sII")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of one value; where a batch of several went in, of the first item."""

    value: int
    kind: PictureKind
    data: PictureData = ""
    """Empty where nothing was drawn; ``missing`` says why."""
    width: int = 0
    """In pixels, after averaging down; of attention and features that of the grid or less."""
    height: int = 0
    channels: int = 0
    """How many numbers a pixel had, of which PCA made colours."""
    share: int = 0
    """How much of their variance the colours show, in percent."""
    batch: int = 1
    """Items in the batch, of which the first is shown."""
    heads: int = 0
    """Over how many maps of attention the mean was taken."""
    token: int | None = None
    """Whose attention it is: a position among the ``tokens`` of the other side."""
    tokens: int = 0
    receives: bool = False
    """True if each pixel attends to the token; False if the token attends to the pixels."""
    count: int = 0
    """How many boxes or masks are drawn."""
    best: str = ""
    """The highest score of them."""
    scored: str = ""
    """How a score comes about: ``given``, ``sigmoid``, ``presence`` or ``softmax``."""
    missing: str = ""
    """One of ``MISSING``."""


def picture_fault(data: object) -> str:
    """Return what is wrong with the text of a picture; nothing for a small PNG in base64, or no picture."""
    if data == "":
        return ""
    if not isinstance(data, str) or len(data) > MOST_BYTES or not _BASE64.fullmatch(data):
        return f"base64 of at most {MOST_BYTES:,} characters"
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return "base64"
    if not content.startswith(_PNG) or len(content) < len(_PNG) + 4 + _HEADER.size:
        return "a PNG"
    chunk, width, height = _HEADER.unpack_from(content, len(_PNG) + 4)
    if chunk != b"IHDR" or not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        return f"a PNG of at most {LARGEST_SIDE} x {LARGEST_SIDE} pixels"
    return ""
