"""The summary of a run, shown: its table of layers and its totals in several forms."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from shapeflow.common.control_characters import printed
from shapeflow.model.summary import Summary
from shapeflow.reporting.summary.text import table_lines, width_of, written
from shapeflow.reporting.summary.totals_text import totals_lines


def text_of(
    table: Summary, width: int | None, colour: bool = False, more: Sequence[tuple[str, str]] = ()
) -> str:
    """Return table and totals as text; see ``Summary.text``."""
    lines = table_lines(table.layers, table.totals.dtype, width)
    below = totals_lines(table.totals, width, more)
    return written([*lines, [], *below] if lines else below, colour=colour)


def text_for_here(table: Summary) -> str:
    """Return table and totals as text that fits where things are printed."""
    return printed(text_of(table, width_of(sys.stdout)))


def write(table: Summary, stream: TextIO, more: Sequence[tuple[str, str]] = ()) -> None:
    """Write a summary to a stream: coloured and fitted for a terminal, whole for a pipe."""
    colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    text = text_of(table, width_of(stream), colour, more)
    stream.write((text if colour else printed(text)) + "\n")
