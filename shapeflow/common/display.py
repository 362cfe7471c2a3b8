"""How our objects show themselves: views by name, so that data need not know them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

HTML = {
    "Trace": "shapeflow.reporting.summary.html:trace_html",
    "Summary": "shapeflow.reporting.summary.html:summary_html",
    "CheckResult": "shapeflow.reporting.formats.notebook:check_html",
}
"""Class -> ``module:function`` that returns HTML for an object of it."""
VIEWS = {
    "layers": "shapeflow.reporting.summary.rows:layers",
    "totals": "shapeflow.reporting.summary.totals:totals",
    "text": "shapeflow.reporting.summary:text_of",
    "text for here": "shapeflow.reporting.summary:text_for_here",
    "rows": "shapeflow.reporting.summary.formats:rows",
    "data": "shapeflow.reporting.summary.formats:data",
    "csv": "shapeflow.reporting.summary.formats:csv",
    "markdown": "shapeflow.reporting.summary.formats:markdown",
    "torchinfo": "shapeflow.runs.layer_table:layer_table",
    "frame of layers": "shapeflow.reporting.summary.frames:layers_frame",
    "frame of calls": "shapeflow.reporting.summary.frames:calls_frame",
    "frame of ports": "shapeflow.query:ports_frame",
}
"""What a trace or its summary can be shown as -> ``module:function``."""


def html_of(thing: object) -> str:
    """Return ``thing`` as HTML, for its ``_repr_html_``."""
    return str(_made(HTML[type(thing).__name__], thing))


def view(name: str, *arguments: Any) -> Any:
    """Return one of the ``VIEWS`` of something."""
    return _made(VIEWS[name], *arguments)


def _made(name: str, *arguments: Any) -> Any:
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)(*arguments)
