"""Whole runs: build or take a model, run it for real or shapes-only, give the trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import chain
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from shapeflow.common.collector import collection_paused
from shapeflow.common.text import listing
from shapeflow.errors import InputError
from shapeflow.model.trace import Trace
from shapeflow.recording.capture import Capture
from shapeflow.recording.lazy_dynamo import compiler_not_loaded
from shapeflow.recording.modules import tensor_names
from shapeflow.recording.ports import tensors_of
from shapeflow.recording.recorder import Recording
from shapeflow.recording.shapes_only.cleanup import attributes_kept, contents_kept, forget_cached
from shapeflow.recording.shapes_only.devices import CudaOnCpu
from shapeflow.recording.shapes_only.mode import ShapesOnly


class Prepared(Protocol):
    """A model that is ready to run, as an adapter gives it."""

    @property
    def model(self) -> nn.Module:
        """The root of the modules to watch."""

    @property
    def run(self) -> Callable[[], object]:
        """Performs the run."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What goes in, as plain data."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Package -> version."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What this run does differently."""

    @property
    def outcome(self) -> Callable[[Any], Mapping[str, Any]] | None:
        """Tells more of the inputs once the run has given its result."""


def trace(model: nn.Module, *args: Any, device: str | torch.device | None = None, **kwargs: Any) -> Trace:
    """Run ``model(*args, **kwargs)`` once and return the trace.

    Args:
        model: any module; it is left as it was, in training or evaluation mode as it is.
        *args: what it is called with.
        device: ``meta`` for a shapes-only run, which computes nothing on large tensors and does not touch the
            model; None, or the device that the model is on, runs it for real.
        **kwargs: what it is called with, too.

    Raises:
        Exception: whatever the model raises. The trace up to there is the exception's attribute
            ``shapeflow_trace``.
        InputError: the model is on another device, or has no weights yet.
    """
    here = _device_of(model)
    kind = here if device is None else torch.device(device).type
    if kind not in (here, "meta"):
        raise InputError(
            "other-device",
            f"the model is not on '{device}'",
            where="argument device",
            expected=f"'meta' for a shapes-only run, or '{here}', where the model is",
            hint=f"model.to('{kind}') and its inputs too, before",
        )
    with ExitStack() as stack:
        if kind == "meta":
            _check_initialised(model)
            own = (tensor for tensor, _, _ in tensor_names(model))
            mode = ShapesOnly(protect=chain(own, tensors_of((args, kwargs)).values()))
            recording = Recording(model, shapes_only=mode)
            stack.callback(lambda: forget_cached() if recording.outlived else None)
            stack.enter_context(attributes_kept(model))
            stack.enter_context(contents_kept((args, kwargs)))
            stack.enter_context(mode)
        else:
            recording = Recording(model, device=here)
        try:
            with recording:
                model(*args, **kwargs)
        except BaseException as error:
            with suppress(AttributeError, TypeError):  # some exceptions take no attributes
                error.shapeflow_trace = recording.trace  # type: ignore[attr-defined]
            raise
    return recording.trace


def record(model: nn.Module, *, progress: Callable[[float], None] | None = None) -> Recording:
    """Return a context manager that records what is really run on ``model`` inside it.

    ``with shapeflow.record(model) as recording: model(x)`` and then ``recording.trace``. Whatever calls are
    made inside, also several, belong to the trace; an exception leaves a trace up to there and goes on.
    """
    return Recording(model, device=_device_of(model), progress=progress)


def _check_initialised(model: nn.Module) -> None:
    """Check that the run will not decide on the shapes of the user's weights, which cannot be undone."""
    names = [
        name for name, tensor in chain(model.named_parameters(), model.named_buffers()) if is_lazy(tensor)
    ]
    if names:
        raise InputError(
            "not-initialised",
            "the first run of this model gives its weights their shapes, so it cannot be shapes-only",
            where="argument model",
            found=listing(names),
            hint="run the model once before, or let shapeflow build it (shapeflow trace --model ...)",
        )


def _device_of(model: nn.Module) -> str:
    parameter = next(chain(model.parameters(), model.buffers()), None)
    return "cpu" if parameter is None else parameter.device.type


def run(
    prepare: Callable[[], Prepared],
    *,
    device: str,
    adapter: str,
    target: str,
    progress: Callable[[float], None] | None = None,
    capture: Mapping[str, Capture] | None = None,
) -> Trace:
    """Build a model with ``prepare`` and run it under observation; a failed run gives the trace up to there.

    Args:
        prepare: builds the model; called inside the shapes-only mode if ``device`` is ``meta``.
        device: ``meta``, ``cpu`` or ``cuda``.
        adapter: the adapter's name, for the trace.
        target: what the user asked for, for the trace.
        progress: told the FLOPs done so far.
        capture: tensors of a real run whose numbers go into the trace, by the name they get there.

    Raises:
        Exception: whatever ``prepare`` raises. What the run itself raises is in ``trace.run.failure``.
    """
    with ExitStack() as stack:
        stack.enter_context(compiler_not_loaded())
        mode = stack.enter_context(ShapesOnly()) if device == "meta" else None
        if device == "cpu" and not torch.cuda.is_available():
            stack.enter_context(CudaOnCpu())
        started = time.perf_counter()
        with collection_paused():
            prepared = prepare()
        built = round(time.perf_counter() - started, 3)
        recording = Recording(
            prepared.model, shapes_only=mode, device=device, progress=progress, capture=capture
        )
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
        except (Exception, KeyboardInterrupt, SystemExit):
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
