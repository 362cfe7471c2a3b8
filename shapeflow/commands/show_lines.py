"""What ``shapeflow show FILE:LINE`` prints for a person: lines of source, each with what it made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapeflow.commands.show_text import FAINT, PATH, PLAIN, TYPE, Line, indented, table

OUTPUTS = 4
"""So many outputs of a call are shown; the call's own name shows all."""


def source_lines(rows: Iterable[dict[str, Any]]) -> list[Line]:
    """Return lines of source with what each made: selector, how often, and what came of it."""
    lines: list[Line] = []
    for row in rows:
        lines += [[], [(row["line"], PATH), (f"  in {row['function']}", FAINT)]]
        lines.append([(f"    {row['code']}", PLAIN)])
        lines += indented(table([cells for made in row["made"] for cells in _made(made)]))
    return lines[1:]


def _made(made: dict[str, Any]) -> list[Line]:
    outputs = made["outputs"]
    shown = [f"{one['port']}  {one['content']}" for one in outputs[:OUTPUTS]] or ["nothing"]
    if len(outputs) > OUTPUTS:
        shown.append(f"and {len(outputs) - OUTPUTS} more")
    times = f" × {made['times']}" if made["times"] > 1 else ""
    first, *rest = shown
    head: Line = [(made["selector"], PATH), (f"{made['what']}{times}", FAINT), (first, TYPE)]
    return [head, *([("", PATH), ("", FAINT), (text, TYPE)] for text in rest)]
