"""See, document and guard the shapes of the tensors inside a PyTorch model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_PUBLIC = {
    "Call": "shapeflow.model.records",
    "CheckResult": "shapeflow.walkthrough.verdict",
    "Match": "shapeflow.model.match",
    "Op": "shapeflow.model.records",
    "Reach": "shapeflow.model.flow",
    "ShapeflowError": "shapeflow.errors",
    "Summary": "shapeflow.model.summary",
    "Trace": "shapeflow.model.trace",
    "Value": "shapeflow.model.records",
    "Verdict": "shapeflow.walkthrough.verdict",
    "annotate": "shapeflow.notes.annotate",
    "check": "shapeflow.walkthrough.check",
    "draft": "shapeflow.drafting.draft",
    "load": "shapeflow.model.trace",
    "record": "shapeflow.recording",
    "report": "shapeflow.reporting.report",
    "run": "shapeflow.runs.execute",
    "trace": "shapeflow.recording",
}
"""Public name -> the module that has it. None of them is the name of a module of this package."""

if TYPE_CHECKING:
    from shapeflow.drafting.draft import draft as draft
    from shapeflow.errors import ShapeflowError as ShapeflowError
    from shapeflow.model.flow import Reach as Reach
    from shapeflow.model.match import Match as Match
    from shapeflow.model.records import Call as Call
    from shapeflow.model.records import Op as Op
    from shapeflow.model.records import Value as Value
    from shapeflow.model.summary import Summary as Summary
    from shapeflow.model.trace import Trace as Trace
    from shapeflow.model.trace import load as load
    from shapeflow.notes.annotate import annotate as annotate
    from shapeflow.recording import record as record
    from shapeflow.recording import trace as trace
    from shapeflow.reporting.report import report as report
    from shapeflow.runs.execute import run as run
    from shapeflow.walkthrough.check import check as check
    from shapeflow.walkthrough.verdict import CheckResult as CheckResult
    from shapeflow.walkthrough.verdict import Verdict as Verdict

__all__ = [
    "Call",
    "CheckResult",
    "Match",
    "Op",
    "Reach",
    "ShapeflowError",
    "Summary",
    "Trace",
    "Value",
    "Verdict",
    "__version__",
    "annotate",
    "check",
    "draft",
    "load",
    "record",
    "report",
    "run",
    "trace",
]


def __getattr__(name: str) -> object:
    """Import a public name on first use, so that reading a trace never loads torch."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'shapeflow' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names, which are not there before their first use."""
    return __all__
