"""Reports: one view of a trace and its verdicts, rendered in several ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.common.text import nearest
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from shapeflow.reporting.view.model import ReportView

FORMATS = {
    "html": "shapeflow.reporting.formats.html:render",
    "markdown": "shapeflow.reporting.formats.markdown:render",
    "terminal": "shapeflow.reporting.formats.terminal:render",
    "json": "shapeflow.reporting.formats.json_data:render",
}
"""Format -> ``module:function``; the function turns a view into text."""

ENDINGS = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json", ".txt": "terminal"}
"""Ending of a file's name -> format."""

GROUP = "shapeflow.formats"
"""Entry points with which other packages add formats."""


def format_names() -> list[str]:
    """Return the names of all formats."""
    return [*FORMATS, *sorted(entry.name for entry in _entries() if entry.name not in FORMATS)]


def format_of(path: Path) -> str:
    """Return the format that the name of a file ends in; ``html`` if it says nothing."""
    return ENDINGS.get(path.suffix.lower(), "html")


def renderer(name: str) -> Callable[[ReportView], str]:
    """Return the function that renders a view in a format.

    Raises:
        InputError: there is no such format.
    """
    if name in FORMATS:
        module, _, function = FORMATS[name].partition(":")
        found: Callable[[ReportView], str] = getattr(import_module(module), function)
        return found
    for entry in _entries():
        if entry.name == name:
            added: Callable[[ReportView], str] = entry.load()
            return added
    close = nearest(name, format_names(), 1)
    raise InputError(
        "unknown-format",
        f"no report format '{name}'",
        where="option --format",
        expected=", ".join(format_names()),
        hint=close[0] if close else "",
    )


def beginner(name: str) -> Callable[[ReportView], Callable[[ReportView], str]]:
    """Return what begins to render a view without figures, and gives what renders it with them.

    Formats need not offer that: then all is done when the figures are there.

    Raises:
        InputError: there is no such format.
    """
    render = renderer(name)
    if name in FORMATS:
        module = import_module(FORMATS[name].partition(":")[0])
        return getattr(module, "begin", lambda _: render)
    return lambda _: render


def _entries() -> Iterable[EntryPoint]:
    """Return the formats of other packages; the import is slow, and most commands need no format by name."""
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)
