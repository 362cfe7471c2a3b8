"""What lines made, carried over to a text that was edited since the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from shapeflow.source.comments import bare
from shapeflow.source.lines import Line, SourceFile


def moved(file: SourceFile, text: str) -> tuple[SourceFile, bool]:
    """Return a text with what its lines made in the run, wherever they stand now, and whether it has changed.

    Lines are the same if their code is, and if they stand in the same order. Of a line that is new, or that
    was changed, nothing is known.

    Args:
        file: the file as it was in the run, or as much of it as is known.
        text: the text as it is now.
    """
    now = [line.rstrip("\r") for line in text.split("\n")]
    before = [bare(line.text) for line in file.lines]
    after = [bare(line) for line in now]
    lines = [Line(number, line) for number, line in enumerate(now, 1)]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for old, new, size in matcher.get_matching_blocks():
        for step in range(size):
            _carry(file.lines[old + step], lines, new + step)
    changed = not file.known or before != after[: len(before)] or any(after[len(before) :])
    return SourceFile(file.name, tuple(lines), known=True), changed


def _carry(line: Line, lines: Sequence[Line], place: int) -> None:
    """Lay what a line made to the line at a place of the new text."""
    there = lines[place]
    shift = (len(there.text) - len(there.text.lstrip())) - (len(line.text) - len(line.text.lstrip()))
    there.state = line.state
    there.made += [replace(made, column=made.column and made.column + shift) for made in line.made]
