"""The first answer about a run: its layers as a table, and what they amount to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from shapeflow.common.display import html_of, view
from shapeflow.model.records import Records
from shapeflow.model.summary_rows import Layer, Totals

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Summary:
    """A table of the layers of a run and what they amount to. ``print`` shows it, a notebook as a table."""

    trace: Records
    depth: int | None = None
    """Levels of calls below the outermost ones; None: as many as fit a screen, or all if unfolded."""
    unfold: bool = False
    """Whether each call has a row of its own, instead of one for those that are alike."""

    _repr_html_ = html_of

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The rows, in the order of the run, each before those in it."""
        return tuple(view("layers", self.trace, self.depth, self.unfold))

    @cached_property
    def totals(self) -> Totals:
        """What the run amounts to."""
        return cast("Totals", view("totals", self.trace))

    def text(
        self, width: int | None = None, *, colour: bool = False, more: Sequence[tuple[str, str]] = ()
    ) -> str:
        """Return table and totals as text, at most ``width`` columns wide; None: nothing is cut.

        Args:
            width: columns that there are.
            colour: with the colours of a terminal.
            more: labels and texts of further lines, such as the command that tells more.
        """
        return str(view("text", self, width, colour, more))

    def rows(self) -> list[dict[str, Any]]:
        """Return the layers as plain data, one dict a row."""
        return cast("list[dict[str, Any]]", view("rows", self.layers))

    def to_csv(self) -> str:
        """Return the layers as CSV, with a heading."""
        return str(view("csv", self.layers))

    def to_markdown(self) -> str:
        """Return layers and totals as Markdown."""
        return str(view("markdown", self.layers, self.totals))

    def to_dict(self) -> dict[str, Any]:
        """Return layers and totals as plain data."""
        return cast("dict[str, Any]", view("data", self.layers, self.totals))

    def to_pandas(self) -> pd.DataFrame:
        """Return the layers as a ``pandas.DataFrame``.

        Raises:
            InputError: pandas is not installed.
        """
        frame: pd.DataFrame = view("frame of layers", self.layers, "Summary.to_pandas()")
        return frame

    def torchinfo(self, depth: int = 3) -> str:
        """Return the table that ``torchinfo`` gives of the same modules, where torch and it are installed."""
        return str(view("torchinfo", self.trace, depth))

    def __str__(self) -> str:
        return str(view("text for here", self))

    __repr__ = __str__
