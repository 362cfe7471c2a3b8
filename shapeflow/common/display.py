"""How our objects show themselves: views by name, so that data need not know them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

HTML = {
    "Trace": "shapeflow.reporting.summary.html:trace_html",
    "CheckResult": "shapeflow.reporting.formats.notebook:check_html",
}
"""Class -> ``module:function`` that returns HTML for an object of it."""
SUMMARY = "shapeflow.reporting.summary:summary"
"""``module:function`` that returns the summary of a trace."""
LAYER_TABLE = "shapeflow.runs.layer_table:layer_table"
"""``module:function`` that returns torchinfo's table of a trace."""
CALLS_FRAME = "shapeflow.reporting.summary.frames:calls_frame"
"""``module:function`` that returns the calls of a trace as a data frame."""
PORTS_FRAME = "shapeflow.query:ports_frame"
"""``module:function`` that returns what a selector names as a data frame."""


def html_of(thing: object) -> str:
    """Return ``thing`` as HTML, for its ``_repr_html_``."""
    return str(_made(HTML[type(thing).__name__], thing))


def summary_of(trace: object, depth: int | None, unfold: bool) -> Any:
    """Return the summary of a trace."""
    return _made(SUMMARY, trace, depth, unfold)


def layer_table_of(trace: object, depth: int) -> str:
    """Return torchinfo's table of the layers of a trace."""
    return str(_made(LAYER_TABLE, trace, depth))


def data_frame_of(trace: object, selector: str | None) -> Any:
    """Return a trace, or what a selector names in it, as a data frame."""
    return _made(CALLS_FRAME, trace) if selector is None else _made(PORTS_FRAME, trace, selector)


def _made(name: str, *arguments: Any) -> Any:
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)(*arguments)
