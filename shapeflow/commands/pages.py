"""The views of a report that a command writes, in one language or in two that lead to each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.judged import chosen, translation

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.reporting.view.model import ReportView

BOTH = "both"


def files_of(path: Path, language: str | None) -> list[Path]:
    """Return the files of a report in a language: where both are wanted, the second is ``NAME.zh.html``."""
    return [path, path.with_name(f"{path.stem}.zh{path.suffix}")] if language == BOTH else [path]


def views_of(
    trace: Trace,
    path: Path,
    language: str | None,
    walkthrough: Path | None = None,
    *,
    alone: bool = False,
    copy: bool = False,
    meanwhile: Callable[[ReportView], object] | None = None,
) -> list[tuple[Path, ReportView]]:
    """Return what is to be written, with the file that it goes into: ``path`` is the first of them.

    Args:
        trace: the run.
        path: the file of the page, or of the English one.
        language: ``en``, ``zh`` or ``both``; None: that of the walkthrough, else English.
        walkthrough: None: the shipped one of the trace's model, if there is one.
        alone: without any walkthrough.
        copy: let copies of this process do a part; not where the process has run a model.
        meanwhile: is called with each view without figures, while these are drawn.
    """
    from shapeflow.reporting.view.build import build
    from shapeflow.reporting.view.elsewhere import linked
    from shapeflow.reporting.view.run_tables import run_tables_beside
    from shapeflow.walkthrough.check import check

    def view(file: Path | None, wanted: str | None) -> ReportView:
        document, shown = chosen(trace, file, wanted, alone=alone)
        tables = run_tables_beside(trace, shown, copy=copy)
        result = check(trace, document, partial=True) if document else None
        return build(trace, result, language=shown, copy=copy, tables=tables, meanwhile=meanwhile)

    if language != BOTH:
        return [(path, view(walkthrough, language))]
    views = [view(translation(walkthrough, one), one) for one in ("en", "zh")]
    paths = files_of(path, language)
    return list(zip(paths, linked(views, [file.name for file in paths]), strict=True))
