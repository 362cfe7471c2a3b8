"""See, document and guard the shapes of the tensors inside a PyTorch model."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_PUBLIC = {
    "Trace": "shapeflow.trace",
    "trace": "shapeflow.recording",
    "record": "shapeflow.recording",
    "check": "shapeflow.walkthrough.check",
    "CheckResult": "shapeflow.walkthrough.verdict",
    "ShapeflowError": "shapeflow.errors",
}

if TYPE_CHECKING:
    from shapeflow.errors import ShapeflowError as ShapeflowError
    from shapeflow.recording import record as record
    from shapeflow.recording import trace as trace
    from shapeflow.trace import Trace as Trace
    from shapeflow.walkthrough.check import check as check
    from shapeflow.walkthrough.verdict import CheckResult as CheckResult

__all__ = ["CheckResult", "ShapeflowError", "Trace", "__version__", "check", "record", "trace"]


def __getattr__(name: str) -> object:
    """Import a public name on first use, so that reading a trace never loads torch."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'shapeflow' has no attribute {name!r}")


class _Package(ModuleType):
    """Keeps ``shapeflow.trace`` the function; the import of ``trace.py`` would put itself in its place."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _PUBLIC and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
