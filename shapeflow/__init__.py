"""See, document and guard the shapes of the tensors inside a PyTorch model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_PUBLIC = {
    "Trace": "shapeflow.model.trace",
    "trace": "shapeflow.recording",
    "record": "shapeflow.recording",
    "check": "shapeflow.walkthrough.check",
    "CheckResult": "shapeflow.walkthrough.verdict",
    "ShapeflowError": "shapeflow.errors",
}

if TYPE_CHECKING:
    from shapeflow.errors import ShapeflowError as ShapeflowError
    from shapeflow.model.trace import Trace as Trace
    from shapeflow.recording import record as record
    from shapeflow.recording import trace as trace
    from shapeflow.walkthrough.check import check as check
    from shapeflow.walkthrough.verdict import CheckResult as CheckResult

__all__ = ["CheckResult", "ShapeflowError", "Trace", "__version__", "check", "record", "trace"]


def __getattr__(name: str) -> object:
    """Import a public name on first use, so that reading a trace never loads torch."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'shapeflow' has no attribute {name!r}")
