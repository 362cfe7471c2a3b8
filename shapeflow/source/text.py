"""A model's source in a terminal: each line with what it made beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.common.text import counted, display_width
from shapeflow.source.lines import Line, Made, SourceFile

MOST_TYPES = 3
WIDEST_CODE = 72
LEAST_ROOM = 30
"""Columns that what a line made has at least; else it stands below the line."""
TAB = 4
"""Columns of a tab."""
AROUND = 1
"""Lines shown above and below lines of which something is known."""


def made_text(made: Made) -> str:
    """Return ``tgt2  f32[1, 1, 256], f32[1, 5184, 256]  9 times``."""
    types = list(made.types)
    if len(types) > MOST_TYPES:
        types = [*types[: MOST_TYPES - 1], "…", types[-1]]
    label = made.name or made.by
    return f"{label}  {', '.join(types)}" + (f"  {made.times} times" if made.times > 1 else "")


def file_lines(file: SourceFile, width: int, *, whole: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the lines of a file as text, each with its state.

    Args:
        file: the file.
        width: columns that there are.
        whole: also show what nothing is known of.
    """
    near = _near(file.lines)
    shown = [line for line in file.lines if whole or line.number in near]
    digits = len(str(max((line.number for line in shown), default=1)))
    room = max(width - digits - 4 - LEAST_ROOM, 20)
    code = min(max((display_width(_code(line)) for line in shown if line.made), default=0), room, WIDEST_CODE)
    before = 0
    for line in shown:
        if before and line.number > before + 1:
            yield "", f"{'…':>{digits}}"
        before = line.number
        yield from _line(line, digits, code, width)


def _line(line: Line, digits: int, code: int, width: int) -> Iterator[tuple[str, str]]:
    """Yield a line, and below it what has no room beside it."""
    sign = "-" if line.state == "never" else " "
    start = f"{line.number:>{digits}} {sign} "
    text = _code(line)
    notes = [made_text(made) for made in line.made]
    if notes and display_width(text) <= code:
        first, *notes = notes
        text = f"{text}{' ' * (code - display_width(text))}  {first}"
    yield line.state, f"{start}{text}".rstrip()
    for note in notes:
        yield line.state, f"{' ' * (len(start) + code)}  {note}"


def _code(line: Line) -> str:
    return line.text.rstrip().expandtabs(TAB)


def _near(lines: Sequence[Line]) -> set[int]:
    """Return the numbers of the lines of which something is known, and of those around them."""
    known = [line.number for line in lines if line.made or line.state == "never"]
    return {near for number in known for near in range(number - AROUND, number + AROUND + 1)}


def head(file: SourceFile) -> str:
    """Return the line above a file: its name, and how much is known of it."""
    parts = [f"{counted(file.made, 'line')} made tensors"]
    if file.never:
        parts.append(f"{counted(file.never, 'line')} never ran (-)")
    if not file.known:
        parts.append("not here as it was in the run: only the lines that the trace has")
    return f"{file.name}  {'; '.join(parts)}"
