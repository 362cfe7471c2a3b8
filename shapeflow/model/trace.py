"""A recorded run with all the questions that can be asked about it: the roof of this layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shapeflow.common.display import html_of, summary_of
from shapeflow.model import flow, selector, tracefile
from shapeflow.model.costs import Costs, costs
from shapeflow.model.flow import Reach
from shapeflow.model.match import Match
from shapeflow.model.records import Records, Value


@dataclass(frozen=True)
class Trace(Records):
    """One recorded run."""

    _repr_html_ = html_of

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
        return flow.value_at(self, selector_text)

    def costs(self) -> Costs:
        """Return parameters, FLOPs and memory of the run, as a whole and by stage."""
        return costs(self)

    def summary(self, levels: int | None = None) -> str:
        """Return the stages of the run and its totals as text, and torchinfo's layer table where torch is.

        Args:
            levels: levels of calls and of modules that are shown; None: as many as are readable.
        """
        return summary_of(self, levels)

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
