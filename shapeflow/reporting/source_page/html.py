"""The model's source with what its lines made, as one self-contained page that asks no host for anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapeflow.model.trace import Trace
from shapeflow.reporting.formats.small_page import small_page
from shapeflow.reporting.run_facts import model_name
from shapeflow.reporting.source_page.view import files_view
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.words.pages.source import TABLE
from shapeflow.source.data import NO_SYMBOLS
from shapeflow.source.lines import SourceFile


def source_page(
    trace: Trace,
    files: Sequence[SourceFile],
    *,
    language: str = "en",
    report: str | None = None,
    symbols: Mapping[str, int] = NO_SYMBOLS,
) -> str:
    """Return the page.

    Args:
        trace: the run.
        files: what is shown.
        language: of the interface words, ``en`` or ``zh``.
        report: the address of the report that shapes lead to, seen from the page; None: they lead nowhere.
        symbols: the sizes of the letters in shapes.
    """
    return small_page(
        "source",
        Translator(language, TABLE),
        title=model_name(trace) or "shapeflow",
        complete=trace.run.complete,
        files=files_view(trace, files),
        report=report,
        symbols=symbols,
    )
