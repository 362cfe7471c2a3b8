"""What a report shows of a run whatever a walkthrough says of it: its tables, and the lines of its source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shapeflow.common.beside import beside
from shapeflow.model.call_tree import CallTree
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.explorer import columns
from shapeflow.reporting.view.model import SourceView
from shapeflow.reporting.view.size_origins import size_origins
from shapeflow.reporting.view.sources import Sources


@dataclass(frozen=True, slots=True)
class RunTables:
    """The part of a report that no verdict changes."""

    tables: dict[str, Any]
    """As ``explorer`` makes them."""
    sources: Mapping[int, SourceView]
    """The lines around each source place that a call or op names."""


def run_tables(trace: Trace, language: str, folders: Iterable[str] | None = None) -> RunTables:
    """Return what a report in some language shows of a run.

    Args:
        trace: the run.
        language: of the interface words, ``en`` or ``zh``.
        folders: where the model's source is looked for; None: where Python imports from.
    """
    names, sources = trace.cached(ExactNames), Sources(trace, folders)
    origins = size_origins(trace, names)
    said = Translator(language).sentence
    return RunTables(columns(trace, names, trace.cached(CallTree), sources, origins, said), sources.views)


def run_tables_beside(trace: Trace, language: str, *, copy: bool) -> Callable[[], RunTables]:
    """Let a copy of this process make the tables, and return what waits for them; see ``beside``."""
    return beside(lambda: run_tables(trace, language), copy=copy)
