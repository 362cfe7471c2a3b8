"""The docstring of a class or function, from lines of source: nothing is imported or run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from inspect import cleandoc

_DEFINES = re.compile(r"\s*(?:class|def|async\s+def)\b")
_OPENS = re.compile(r"\s*[rRuU]?(?P<quotes>\"\"\"|'''|\"|')")
_COMMENT = re.compile(r"\s*(?:#.*)?$")
LONGEST_HEADER = 40
LONGEST_PARAGRAPH = 40
"""Lines that are looked at."""


def docstring_end(lines: Sequence[str], line: int) -> int | None:
    """Return the number of the last line of the first paragraph of a docstring.

    Args:
        lines: of a file.
        line: number of the line, from 1, on which the class or function begins.

    Returns:
        None if nothing begins there, or it has no docstring.
    """
    found = _paragraph(lines, line)
    return None if found is None else found[1]


def first_paragraph(lines: Sequence[str], line: int) -> str:
    """Return the first paragraph of the docstring of what begins on a line; empty if there is none."""
    found = _paragraph(lines, line)
    return "" if found is None else found[0]


def _paragraph(lines: Sequence[str], line: int) -> tuple[str, int] | None:
    """Return a paragraph as one line, and the number of its last line."""
    if not 1 <= line <= len(lines) or not _DEFINES.match(lines[line - 1]):
        return None
    first = _after_header(lines, line - 1)
    while first is not None and first < len(lines) and _COMMENT.match(lines[first]):
        first += 1
    opened = None if first is None or first >= len(lines) else _OPENS.match(lines[first])
    if first is None or opened is None:
        return None
    quotes, text = opened["quotes"], lines[first][opened.end() :].rstrip("\r\n")
    said: list[str] = []
    for number in range(first, min(len(lines), first + LONGEST_PARAGRAPH)):
        text = text if number == first else lines[number].rstrip("\r\n")
        end = text.find(quotes)
        said.append(text if end < 0 else text[:end])
        whole = cleandoc("\n".join(said)).strip()
        if end >= 0 or len(quotes) == 1:
            return (" ".join(whole.split()), number + 1) if whole else None
        if whole and not text.strip():
            return " ".join(whole.split()), number
    return None


def _after_header(lines: Sequence[str], start: int) -> int | None:
    """Return the position of the line after ``class A(B):``, which may go on over several."""
    depth = 0
    for position in range(start, min(len(lines), start + LONGEST_HEADER)):
        code = lines[position].partition("#")[0].rstrip()
        depth += sum(code.count(sign) for sign in "([{") - sum(code.count(sign) for sign in ")]}")
        if depth <= 0 and code.endswith(":"):
            return position + 1
    return None
