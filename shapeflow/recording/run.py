"""Whole runs: build or take a model, run it for real or shapes-only, give the trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from typing import Any, Protocol

import torch
from torch import nn

from shapeflow.recording.devices import CudaOnCpu
from shapeflow.recording.keeping import Wanted
from shapeflow.recording.leftovers import attributes_kept, forget_cached
from shapeflow.recording.ports import tensors_of
from shapeflow.recording.recorder import Recording
from shapeflow.recording.shapes_only import ShapesOnly
from shapeflow.trace import Trace


class Prepared(Protocol):
    """A model that is ready to run, as an adapter gives it."""

    @property
    def model(self) -> nn.Module: ...
    @property
    def run(self) -> Callable[[], object]: ...
    @property
    def inputs(self) -> Mapping[str, Any]: ...
    @property
    def versions(self) -> Mapping[str, str]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def outcome(self) -> Callable[[Any], Mapping[str, Any]] | None: ...


def trace(model: nn.Module, *args: Any, device: str | None = None, **kwargs: Any) -> Trace:
    """Run ``model(*args, **kwargs)`` once and return the trace.

    Args:
        model: any module; it is left as it was, in training or evaluation mode as it is.
        device: ``meta`` for a shapes-only run, which computes nothing on large tensors and does not touch the
            model; None runs it for real, where it is.

    Raises:
        Exception: whatever the model raises. The trace up to there is the exception's attribute ``shapeflow_trace``.
    """
    with ExitStack() as stack:
        if device == "meta":
            existing = chain(model.parameters(), model.buffers(), tensors_of((args, kwargs)).values())
            mode = ShapesOnly(protect=existing)
            recording = Recording(model, shapes_only=mode)
            stack.callback(lambda: forget_cached() if recording.outlived else None)
            stack.enter_context(attributes_kept(model))
            stack.enter_context(mode)
        else:
            parameter = next(model.parameters(), None)
            recording = Recording(model, device="cpu" if parameter is None else parameter.device.type)
        try:
            with recording:
                model(*args, **kwargs)
        except BaseException as error:
            error.shapeflow_trace = recording.trace  # type: ignore[attr-defined]
            raise
    return recording.trace


def run(
    prepare: Callable[[], Prepared],
    *,
    device: str,
    adapter: str,
    target: str,
    progress: Callable[[float], None] | None = None,
    keep: Mapping[str, Wanted] | None = None,
) -> Trace:
    """Build a model with ``prepare`` and run it under observation; a failed run gives the trace up to there.

    Args:
        prepare: builds the model; called inside the shapes-only mode if ``device`` is ``meta``.
        device: ``meta``, ``cpu`` or ``cuda``.
        adapter: the adapter's name, for the trace.
        target: what the user asked for, for the trace.
        progress: told the FLOPs done so far.
        keep: tensors of a real run whose numbers go into the trace, by the name they get there.

    Raises:
        Exception: whatever ``prepare`` raises. What the run itself raises is in ``trace.run.failure``.
    """
    with ExitStack() as stack:
        mode = stack.enter_context(ShapesOnly()) if device == "meta" else None
        if device == "cpu" and not torch.cuda.is_available():
            stack.enter_context(CudaOnCpu())
        started = time.perf_counter()
        prepared = prepare()
        built = round(time.perf_counter() - started, 3)
        recording = Recording(prepared.model, shapes_only=mode, device=device, progress=progress, keep=keep)
        recording.run = replace(
            recording.run,
            adapter=adapter,
            target=target,
            inputs=prepared.inputs,
            versions={**recording.run.versions, **prepared.versions},
            notes=prepared.notes,
            seconds={"build": built},
        )
        try:
            with recording:
                result = prepared.run()
        except (Exception, KeyboardInterrupt):
            return (
                recording.trace
            )  # its failure, for the caller to report, or the note of a run that ended early
        finally:
            if mode is not None and recording.outlived:
                stack.callback(forget_cached)
    if prepared.outcome is None:
        return recording.trace
    recorded = recording.trace.run
    return replace(
        recording.trace, run=replace(recorded, inputs={**recorded.inputs, **prepared.outcome(result)})
    )
