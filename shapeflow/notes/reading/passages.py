"""A text cut into passages: lines, or parts of lines, of one kind, each with what stands around it."""

from __future__ import annotations

import re

MAX_LEADS = 6


_MARKER = re.compile(r"(?:[-*+•·>]|\d{1,3}[.)])\s+|#+\s+|[│├└┌┐┘─|]+\s*")
_ENDS_OPEN = re.compile(r":[*_`\s]*$")


class Leads:
    """Finds the lines that lead to a line: those above it that are indented less."""

    def __init__(self, base: tuple[str, ...] = ()) -> None:
        self._base = base
        self._stack: list[tuple[int, str]] = []
        self._gap = False

    def of(self, text: str) -> tuple[str, ...]:
        """Return the lines that lead to this one, which comes after those asked for before."""
        words = text.strip()
        if not words:
            self._gap = True
            return ()
        indent = 2 * (len(text) - len(text.lstrip())) + bool(_MARKER.match(words))
        while self._stack and self._stack[-1][0] >= indent:
            self._stack.pop()
        if self._gap and self._stack and not _leads_on(self._stack[-1][1]):
            self._stack.clear()
        self._gap = False
        found = (*self._base, *(line for _, line in self._stack[-MAX_LEADS:]))
        self._stack.append((indent, words[:200]))
        return found


def _leads_on(line: str) -> bool:
    """Return whether a line may lead to others behind an empty line: an item, or one that ends in a colon."""
    return bool(_ENDS_OPEN.search(line) or _MARKER.match(line))


def masked(text: str, start: int, end: int) -> str:
    """Return a text with blanks in place of what is not between two columns."""
    return " " * start + text[start:end] + " " * max(0, len(text) - end)


def blanked(text: str, pattern: re.Pattern[str]) -> str:
    """Return a text with blanks in place of what a pattern finds."""
    return pattern.sub(lambda m: " " * len(m[0]), text)
