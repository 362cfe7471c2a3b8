"""Run a model under observation. This folder and ``adapters`` are the only ones that import torch."""

from __future__ import annotations

from shapeflow.recording.recorder import Recording
from shapeflow.recording.run import record, run, trace

__all__ = ["Recording", "record", "run", "trace"]
