"""Run a model under observation. This folder and ``adapters`` are the only ones that import torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from shapeflow.recording.recorder import Recording
from shapeflow.recording.run import run, trace

__all__ = ["Recording", "record", "run", "trace"]


def record(model: nn.Module, *, progress: Callable[[float], None] | None = None) -> Recording:
    """Return a context manager that records what is really run on ``model`` inside it.

    ``with shapeflow.record(model) as recording: model(x)`` and then ``recording.trace``. Whatever calls are made
    inside, also several, belong to the trace; an exception leaves a trace up to there and goes on.
    """
    return Recording(model, device=_device_of(model), progress=progress)


def _device_of(model: Any) -> str:
    parameter = next(model.parameters(), None)
    return "cpu" if parameter is None else str(parameter.device.type)
