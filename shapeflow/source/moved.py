"""What lines made, carried over to a text that was edited since the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shapeflow.source.lines import Line, SourceFile
from shapeflow.source.places_left import places_left
from shapeflow.source.places_now import places_now


def moved(file: SourceFile, text: str, functions: Mapping[int, str]) -> tuple[SourceFile, bool]:
    """Return a text with what its lines made in the run, wherever they stand now, and whether it has changed.

    Blank lines and comments are no change. Of a line that is new, that was changed, or that may be another
    one of the same code, nothing is known.

    Args:
        file: the file as it was in the run, or as much of it as is known.
        text: the text as it is now.
        functions: of the lines that ran, the innermost function around them.
    """
    lines = [Line(number, line.rstrip("\r")) for number, line in enumerate(text.split("\n"), 1)]
    known = {line.number: line.text for line in file.lines}
    now = places_now(known, text) if file.known else None
    places = places_left(known, functions, text) if now is None else now
    for line in file.lines:
        if line.number in places:
            _carry(line, lines[places[line.number] - 1])
    return SourceFile(file.name, tuple(lines), known=True), now is None


def _carry(line: Line, there: Line) -> None:
    """Lay what a line made to the line of the new text."""
    shift = (len(there.text) - len(there.text.lstrip())) - (len(line.text) - len(line.text.lstrip()))
    there.state = line.state
    there.made += [replace(made, column=made.column and made.column + shift) for made in line.made]
