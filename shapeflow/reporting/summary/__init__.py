"""The first answer about a run: its layers as a table, and what they amount to."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from shapeflow.common.control_characters import printed
from shapeflow.common.display import layer_table_of
from shapeflow.model.trace import Trace
from shapeflow.reporting.summary.model import Layer, Totals
from shapeflow.reporting.summary.rows import layers
from shapeflow.reporting.summary.text import table_lines, width_of, written
from shapeflow.reporting.summary.totals import totals
from shapeflow.reporting.summary.totals_text import totals_lines

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Layer", "Summary", "Totals", "summary"]


@dataclass(frozen=True)
class Summary:
    """A table of the layers of a run and what they amount to. ``print`` shows it, a notebook as a table."""

    trace: Trace
    depth: int | None = None
    unfold: bool = False

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The rows, in the order of the run, each before those in it."""
        return tuple(layers(self.trace, self.depth, self.unfold))

    @cached_property
    def totals(self) -> Totals:
        """What the run amounts to."""
        return totals(self.trace)

    def text(
        self, width: int | None = None, *, colour: bool = False, more: Sequence[tuple[str, str]] = ()
    ) -> str:
        """Return table and totals as text, at most ``width`` columns wide; None: nothing is cut.

        Args:
            width: columns that there are.
            colour: with the colours of a terminal.
            more: labels and texts of further lines, such as the command that tells more.
        """
        lines = table_lines(self.layers, self.totals.dtype, width)
        return written(
            [*lines, [], *totals_lines(self.totals, width, more)][0 if lines else 1 :], colour=colour
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return the layers as plain data, one dict a row."""
        from shapeflow.reporting.summary.formats import rows

        return rows(self.layers)

    def to_csv(self) -> str:
        """Return the layers as CSV, with a heading."""
        from shapeflow.reporting.summary.formats import csv

        return csv(self.layers)

    def to_markdown(self) -> str:
        """Return layers and totals as Markdown."""
        from shapeflow.reporting.summary.formats import markdown

        return markdown(self.layers, self.totals)

    def to_dict(self) -> dict[str, Any]:
        """Return layers and totals as plain data."""
        from shapeflow.reporting.summary.formats import data

        return data(self.layers, self.totals)

    def to_pandas(self) -> pd.DataFrame:
        """Return the layers as a ``pandas.DataFrame``.

        Raises:
            InputError: pandas is not installed.
        """
        from shapeflow.reporting.summary.frames import layers_frame

        return layers_frame(self.layers, "Summary.to_pandas()")

    def torchinfo(self, depth: int = 3) -> str:
        """Return the table that ``torchinfo`` gives of the same modules, where torch and it are installed."""
        return layer_table_of(self.trace, depth)

    def __str__(self) -> str:
        return printed(self.text(width_of(sys.stdout)))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from shapeflow.reporting.summary.html import summary_html

        return summary_html(self)


def summary(trace: Trace, depth: int | None = None, unfold: bool = False) -> Summary:
    """Return the summary of a run.

    Args:
        trace: the run.
        depth: levels of calls below the outermost ones; None: as many as fit a screen.
        unfold: give each call a row of its own, instead of one to those that are alike.
    """
    return Summary(trace, depth, unfold)


def write(table: Summary, stream: TextIO, more: Sequence[tuple[str, str]] = ()) -> None:
    """Write a summary to a stream: coloured and fitted for a terminal, whole for a pipe."""
    colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    text = table.text(width_of(stream), colour=colour, more=more)
    stream.write((text if colour else printed(text)) + "\n")
