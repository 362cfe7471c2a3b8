"""How much room texts take, by widths that hold for the widest of the usual fonts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

NARROW = frozenset("iljtfrI.,:;'|!()[]{} ·-/“”\"")
WIDE = frozenset("mwMW@%—…")
BOLD = 1.1
MONO = 0.61
"""Width of a character of a monospaced font, in its size."""
BREAKS = re.compile(r"(?<=[\s._/·-])|(?<=[a-z0-9])(?=[A-Z])")
"""Where a name may be cut: behind a separator, and between the words of CamelCase."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of ``text`` in a sans-serif font of ``size`` pixels."""
    return sum(map(_share, text)) * size * (BOLD if bold else 1)


def mono_width(text: str, size: float) -> float:
    """Return the width of ``text`` in a monospaced font of ``size`` pixels."""
    return sum(1.0 if _is_wide(c) else MONO for c in text) * size


def wrapped(text: str, size: float, room: float, most: int, *, bold: bool = False) -> tuple[str, ...]:
    """Return ``text`` in at most ``most`` lines that fit into ``room``, cut if it is longer."""
    lines: list[str] = []
    for piece in _pieces(text, size, room, bold):
        if lines and width((lines[-1] + piece).rstrip(), size, bold=bold) <= room:
            lines[-1] += piece
        else:
            lines.append(piece)
    lines = [line.strip() for line in lines]
    if len(lines) > most:
        lines = [*lines[: most - 1], _cut(" ".join(lines[most - 1 :]), size, room, bold)]
    return tuple(lines)


def _pieces(text: str, size: float, room: float, bold: bool) -> Sequence[str]:
    """Return the pieces between which a text may be broken, none wider than the room."""
    found: list[str] = []
    for piece in filter(None, BREAKS.split(text)):
        current = ""
        for character in piece:
            if current and (width(current + character, size, bold=bold) > room or _is_wide(current[-1])):
                found.append(current)
                current = ""
            current += character
        found.append(current)
    return found


def _cut(text: str, size: float, room: float, bold: bool) -> str:
    while text and width(f"{text}…", size, bold=bold) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _share(character: str) -> float:
    if _is_wide(character):
        return 1.0
    if character in NARROW:
        return 0.4
    return 0.95 if character in WIDE else 0.72 if character.isupper() else 0.62


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def longest_piece(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of the widest part of ``text`` that should not be broken."""
    return max(
        (width(piece.strip(), size, bold=bold) for piece in filter(None, BREAKS.split(text))), default=0.0
    )
