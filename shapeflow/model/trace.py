"""A recorded run with all the questions that can be asked about it: the roof of this layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.common.control_characters import visible_line
from shapeflow.common.display import html_of, view
from shapeflow.common.places import display_target
from shapeflow.common.text import counted
from shapeflow.errors import SelectorError
from shapeflow.model import flow, selector, tracefile
from shapeflow.model.completions import completions
from shapeflow.model.costs import Costs, costs
from shapeflow.model.flow import Reach
from shapeflow.model.match import Match
from shapeflow.model.records import Records, Value
from shapeflow.model.summary import Summary

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Trace(Records):
    """One recorded run."""

    _repr_html_ = html_of

    def __repr__(self) -> str:
        run = self.run
        counts = ((self.calls, "call"), (self.ops, "op"), (self.values, "tensor"))
        how = "shapes only" if run.shapes_only else f"on {run.device}"
        facts = [how, *(counted(len(items), noun) for items, noun in counts)]
        if not run.complete:
            facts.append(f"ended early by {run.failure.type if run.failure else 'something'}")
        return visible_line(f"<Trace of {display_target(run.target)}: {', '.join(facts)}>")

    def select(self, selector_text: str) -> list[Match]:
        """Return the calls, ops or ports that a selector names, in the order of the run.

        Raises:
            SelectorError: the selector cannot be read or names nothing; it suggests the nearest names.
        """
        return selector.select(self, selector_text)

    def reaches(self, source: str, destination: str) -> Reach:
        """Return whether data flows from one selector to another, with a shortest path or the doubts."""
        return flow.reaches(self, source, destination)

    def unused(self) -> tuple[Value, ...]:
        """Return the values that were produced but never read, in the order of the run."""
        return flow.unused(self)

    def __getitem__(self, selector_text: str) -> Value:
        """Return the one tensor that a selector names: ``trace["encoder:out"].shape``.

        Raises:
            SelectorError: the selector cannot be read, names nothing, or names several tensors or none.
        """
        asked: object = selector_text
        if not isinstance(asked, str):
            kind = type(asked).__name__
            raise TypeError(f"a trace is asked with a selector, as in trace['encoder:out'], not with {kind}")
        return flow.value_at(self, selector_text)

    def __contains__(self, selector_text: object) -> bool:
        """Return whether a selector names anything here."""
        try:
            return isinstance(selector_text, str) and bool(self.select(selector_text))
        except SelectorError:
            return False

    __iter__ = None  # it has several lists

    def _ipython_key_completions_(self) -> list[str]:
        """Return what can stand in ``trace["…"]``, for the completion of a notebook."""
        return completions(self)

    def costs(self) -> Costs:
        """Return parameters, FLOPs and memory of the run, as a whole and by stage."""
        return costs(self)

    def summary(self, depth: int | None = None, *, unfold: bool = False) -> Summary:
        """Return a table of the layers of the run and what they amount to; print it, or read its ``layers``.

        Args:
            depth: levels of calls below the outermost ones; None: as many as fit a screen.
            unfold: give each call a row of its own, instead of one to those that are alike.
        """
        return Summary(self, depth, unfold)

    def to_pandas(self, selector_text: str | None = None) -> pd.DataFrame:
        """Return a ``pandas.DataFrame``: a row for each call, or for each port that a selector names.

        Raises:
            InputError: pandas is not installed.
            SelectorError: the selector cannot be read or names nothing.
        """
        if selector_text is None:
            frame: pd.DataFrame = view("frame of calls", self)
        else:
            frame = view("frame of ports", self, selector_text)
        return frame

    @classmethod
    def load(cls, path: str | Path) -> Trace:
        """Read a trace file (``.trace.json`` or ``.trace.json.gz``).

        Raises:
            InputError: no such file, cut off, not a trace, or from a newer version.
        """
        return tracefile.read(Path(path), cls)

    def save(self, path: str | Path) -> Path:
        """Write the trace atomically; a name that ends in ``.gz`` is compressed. Returns the path."""
        return tracefile.write(self, Path(path))


def load(path: str | Path) -> Trace:
    """Read a trace file; see ``Trace.load``."""
    return Trace.load(path)
