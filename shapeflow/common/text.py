"""Places in the user's text, carets under it, nearest names and counted words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file; ``line`` and ``column`` count from 1."""

    path: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one line of the user's text: columns ``start`` (from 0) up to, not including, ``end``."""

    path: str
    line: int
    text: str
    start: int
    end: int

    @property
    def location(self) -> Location:
        """Where the span begins."""
        return Location(self.path, self.line, self.start + 1)

    def frame(self) -> str:
        """Return the line with carets under the span, behind a gutter with the line number."""
        gutter = " " * len(str(self.line))
        shown = printable(self.text)
        before = " " * display_width(shown[: self.start])
        carets = "^" * max(1, display_width(shown[self.start : self.end]))
        return f"{gutter} |\n{self.line} | {shown}\n{gutter} | {before}{carets}"

    def narrow(self, start: int, end: int) -> Span:
        """Return the span of columns ``start`` to ``end`` of the same line."""
        return Span(self.path, self.line, self.text, start, end)


def printable(text: str) -> str:
    """Return a line, as long as before, with blanks for tabs and a sign for what steers a terminal."""
    return "".join(" " if sign == "\t" else "\ufffd" if _steers(sign) else sign for sign in text)


def _steers(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def display_width(text: str) -> int:
    """Return the columns that a text takes on a terminal: a Chinese character takes two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def nearest(name: str, known: Iterable[str], limit: int = 3, alike: float = 0.6) -> list[str]:
    """Return up to ``limit`` of ``known`` that are close enough to ``name`` to be a typo of it."""
    return get_close_matches(name, list(known), n=limit, cutoff=alike)


def listing(items: Sequence[str], limit: int = 3) -> str:
    """Return ``a, b, c and 24 more``."""
    head = ", ".join(items[:limit])
    return head if len(items) <= limit else f"{head} and {len(items) - limit:,} more"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 claim`` or ``1,200 claims``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def runs_of(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of consecutive numbers: (0, 2) and (7, 7) of 0, 1, 2, 7."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
