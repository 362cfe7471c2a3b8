"""How our objects show themselves in a notebook: by name, so that data need not know its views."""

from __future__ import annotations

from importlib import import_module

DISPLAYS = {
    "Trace": "shapeflow.reporting.formats.notebook:trace_html",
    "CheckResult": "shapeflow.reporting.formats.notebook:check_html",
}
"""Class -> ``module:function`` that returns HTML for an object of it."""


def html_of(thing: object) -> str:
    """Return ``thing`` as HTML, for its ``_repr_html_``."""
    module, _, function = DISPLAYS[type(thing).__name__].partition(":")
    return str(getattr(import_module(module), function)(thing))
