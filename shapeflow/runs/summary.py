"""The summary of a run as text: its stages and totals, and torchinfo's layer table where torch is."""

from __future__ import annotations

from importlib.util import find_spec

from shapeflow.model.trace import Trace
from shapeflow.reporting.run_summary import plain


def summary(trace: Trace, levels: int | None = None) -> str:
    """Return the stages of a run and its totals, then its layers with multiply-adds.

    Args:
        trace: the run.
        levels: levels of calls in the stages, and of modules in the layers; None: as many as are readable.
    """
    parts = [plain(trace, levels)]
    if layers_here():
        from shapeflow.runs.layer_table import DEPTH, layer_table

        parts.append(layer_table(trace, DEPTH if levels is None else levels))
    return "\n".join([*parts, ""]) if len(parts) > 1 else parts[0]


def layers_here() -> bool:
    """Return whether torch and torchinfo are installed."""
    return all(find_spec(package) is not None for package in ("torch", "torchinfo"))
