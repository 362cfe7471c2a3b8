"""Compare a shapes-only run with the real one, record by record."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.equality import differences
from shapeflow.adapters.base import Prepared
from shapeflow.model.trace import Trace
from shapeflow.recording import run, trace

Build = Callable[[], tuple[nn.Module, tuple[Any, ...]]]


def built_and_run(build: Build, device: str) -> Trace:
    """Return the trace of a model that is built and run as ``shapeflow trace --model`` does."""

    def prepare() -> Prepared:
        torch.manual_seed(0)
        model, args = build()
        return Prepared(model, partial(model, *args), {}, {})

    return run(prepare, device=device, adapter="factory", target="test")


def same_records(build: Build) -> None:
    """Check that three runs agree: real, shapes-only with building, shapes-only of a model that exists."""
    real, rebuilt = built_and_run(build, "cpu"), built_and_run(build, "meta")
    assert real.run.failure is None, real.run.failure
    assert rebuilt.run.failure is None, rebuilt.run.failure
    assert list(differences(real, rebuilt, "run.py")) == []
    torch.manual_seed(0)
    model, args = build()
    assert list(differences(real, trace(model, *args, device="meta"), Path(__file__).name)) == []
