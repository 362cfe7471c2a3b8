"""How our objects show themselves: views by name, so that data need not know them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

HTML = {
    "Trace": "shapeflow.reporting.formats.notebook:trace_html",
    "CheckResult": "shapeflow.reporting.formats.notebook:check_html",
}
"""Class -> ``module:function`` that returns HTML for an object of it."""
SUMMARY = "shapeflow.runs.summary:summary"
"""``module:function`` that returns the summary of a trace."""


def html_of(thing: object) -> str:
    """Return ``thing`` as HTML, for its ``_repr_html_``."""
    return _shown(HTML[type(thing).__name__], thing)


def summary_of(trace: object, levels: int | None) -> str:
    """Return the summary of a trace as text."""
    return _shown(SUMMARY, trace, levels)


def _shown(name: str, *arguments: Any) -> str:
    module, _, function = name.partition(":")
    return str(getattr(import_module(module), function)(*arguments))
