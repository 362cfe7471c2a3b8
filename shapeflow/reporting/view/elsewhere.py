"""The same report in another language: pages that lead to each other, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shapeflow.reporting.view.elsewhere_model import Elsewhere
from shapeflow.reporting.view.model import ReportView


def linked(views: Sequence[ReportView], files: Sequence[str]) -> list[ReportView]:
    """Return two views of the same report in two languages, each with the way to the other.

    Args:
        views: the reports.
        files: the names of the files that they go into, in one folder.
    """
    first, second = views
    return [
        replace(first, elsewhere=Elsewhere(second.language, files[1], _same(first, second))),
        replace(second, elsewhere=Elsewhere(first.language, files[0], _same(second, first))),
    ]


def _same(here: ReportView, there: ReportView) -> dict[str, str]:
    """Return which sections are the same: a translation has all of them at the same places and levels."""
    if [section.level for section in here.sections] != [section.level for section in there.sections]:
        return {}
    return {one.id: other.id for one, other in zip(here.sections, there.sections, strict=True)}
