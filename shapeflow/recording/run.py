"""Whole runs: build or take a model, run it for real or shapes-only, give the trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from shapeflow.common.collector import collection_paused
from shapeflow.common.shared import Changes, surely
from shapeflow.common.text import listing
from shapeflow.errors import InputError, RunError
from shapeflow.model.records import Run
from shapeflow.model.trace import Trace
from shapeflow.recording.capture import Capture
from shapeflow.recording.lazy_dynamo import keep_compiler_out
from shapeflow.recording.modes import put_on
from shapeflow.recording.modules import named_tensors, tensor_names
from shapeflow.recording.ports import tensors_of
from shapeflow.recording.recorder import Recording
from shapeflow.recording.shapes_only.cleanup import (
    forget_cached,
    gradient_of,
    keep_attributes,
    keep_contents,
    keep_gradients,
)
from shapeflow.recording.shapes_only.devices import CudaOnCpu
from shapeflow.recording.shapes_only.mode import ShapesOnly

MOST_WEIGHTS = 2**28
"""Elements of weights up to which a model is built for real if it cannot be built without."""
BUILT_FOR_REAL = (
    "The model was built with real weights, since building it reads their numbers; its run reads none."
)


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
    changes, mode = Changes(), None
    given: list[Tensor] = []
    if kind == "meta":
        _check_initialised(model)
        given = [*(tensor for tensor, _, _ in tensor_names(model)), *tensors_of((args, kwargs)).values()]
        given += [gradient for gradient in map(gradient_of, given) if gradient is not None]
        mode = ShapesOnly(protect=given)
    recording = Recording(model, shapes_only=mode, device=here)
    held: list[object] = []

    def run_model() -> None:
        try:
            if mode is not None:
                keep_gradients(given, changes)
                changes.on_end(partial(_forget_cached, recording, mode))
                keep_attributes(model, changes)
                keep_contents((args, kwargs), changes)
                mode.begin(changes)
            recording.begin()
            held.append(model(*args, **kwargs))  # so that we see at the end what is in it
        except BaseException as error:
            recording.raised(error)
            raise

    try:
        surely(run_model, _both(recording.end, changes.end))
    except BaseException as error:
        _hand_over(error, recording)
        raise
    return recording.trace


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def end() -> None:
        surely(first, second)

    return end


def _forget_cached(recording: Recording, mode: ShapesOnly) -> None:
    if recording.outlived:
        forget_cached(mode.concrete.is_symbolic)


def _hand_over(error: BaseException, recording: Recording) -> None:
    """Give an exception the trace up to there, past what its class may say of attributes."""
    with suppress(Exception):
        BaseException.__setattr__(error, "shapeflow_trace", recording.trace)


def record(model: nn.Module, *, progress: Callable[[float], None] | None = None) -> Recording:
    """Return a context manager that records what is really run on ``model`` inside it.

    ``with shapeflow.record(model) as recording: model(x)`` and then ``recording.trace``. Whatever calls are
    made inside, also several, belong to the trace; an exception leaves a trace up to there and goes on.
    """
    return Recording(model, device=_device_of(model), progress=progress)


def _check_initialised(model: nn.Module) -> None:
    """Check that the run will not decide on the shapes of the user's weights, which cannot be undone."""
    names = [name for name, tensor in named_tensors(model) if is_lazy(tensor)]
    if names:
        raise InputError(
            "not-initialised",
            "the first run of this model gives its weights their shapes, so it cannot be shapes-only",
            where="argument model",
            found=listing(names),
            hint="run the model once before, or let shapeflow build it (shapeflow trace --model ...)",
        )


def _device_of(model: nn.Module) -> str:
    first = next(named_tensors(model), None)
    return "cpu" if first is None else first[1].device.type


def _may_be_ours(error: BaseException | None) -> bool:
    """Return True if an error may come of what a shapes-only run leaves out."""
    while error is not None:
        if isinstance(error, RunError | RuntimeError | AssertionError | ValueError | TypeError):
            return True
        error = error.__cause__
    return False


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
    job = _Job(prepare, device)

    def describe(built: Prepared, recording: Recording) -> Run:
        return replace(
            recording.run,
            adapter=adapter,
            target=target,
            inputs=built.inputs,
            versions={**recording.run.versions, **built.versions},
            notes=built.notes,
        )

    try:
        surely(lambda: job.go(describe, progress, capture), job.end)
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        # Its failure is for the caller to report, or the note of a run that ended early. Whatever came while
        # the model was built, or while the trace was made, is none of the run's.
        if job.failed is not error or job.trace is None:
            raise
    finally:
        job.failed = None
    assert job.trace is not None
    if job.prepared is None or job.prepared.outcome is None or job.result is None:
        return job.trace
    recorded = job.trace.run
    more = job.prepared.outcome(job.result[0])
    return replace(job.trace, run=replace(recorded, inputs={**recorded.inputs, **more}))


class _Job:
    """A model that is built, run and recorded.

    Args:
        prepare: builds the model.
        device: where.
    """

    def __init__(self, prepare: Callable[[], Prepared], device: str) -> None:
        self._prepare, self._device = prepare, device
        self._changes = Changes()
        self._recording: Recording | None = None
        self.prepared: Prepared | None = None
        self.result: tuple[object] | None = None
        """What the run gave; None while it has not come to its end."""
        self.failed: BaseException | None = None
        """What the run itself raised."""
        self.trace: Trace | None = None

    def go(
        self,
        describe: Callable[[Prepared, Recording], Run],
        progress: Callable[[float], None] | None,
        capture: Mapping[str, Capture] | None,
    ) -> None:
        """Build the model and run it; ``end`` has to be called afterwards, whatever happens."""
        device, changes = self._device, self._changes
        keep_compiler_out(changes)
        if device == "cpu" and not torch.cuda.is_available():
            put_on(CudaOnCpu(), changes)
        started = time.perf_counter()
        with collection_paused():
            mode, notes = self._build()
        built = round(time.perf_counter() - started, 3)
        prepared = self.prepared
        assert prepared is not None
        recording = Recording(
            prepared.model, shapes_only=mode, device=device, progress=progress, capture=capture
        )
        described = describe(prepared, recording)
        recording.run = replace(described, notes=(*described.notes, *notes), seconds={"build": built})
        self._recording = recording
        recording.begin()
        try:
            self.result = (prepared.run(),)
        except BaseException as error:
            self.failed = error
            recording.raised(error)
            raise

    def _build(self) -> tuple[ShapesOnly | None, tuple[str, ...]]:
        """Build the model: without weights, or with them where building reads their numbers.

        Quantising, tracing and exporting read weights. If building without any fails, the real one decides.

        Returns:
            The shapes-only mode, which is on, and notes for the trace.
        """
        if self._device != "meta":
            self.prepared = self._prepare()
            return None, ()
        mode, attempt = self._shapes_only()
        try:
            self.prepared = self._prepare()
        except Exception as error:
            if mode.elements_left_out > MOST_WEIGHTS or not _may_be_ours(error):
                raise
        else:
            return mode, ()
        attempt.end()
        self.prepared = self._prepare()
        return self._shapes_only()[0], (BUILT_FOR_REAL,)

    def _shapes_only(self) -> tuple[ShapesOnly, Changes]:
        """Return a shapes-only mode that is on, and what ends it."""
        mode, changes = ShapesOnly(), Changes()
        self._changes.on_end(partial(self._forget_cached, mode))
        self._changes.on_end(changes.end)
        mode.begin(changes)
        return mode, changes

    def end(self) -> None:
        """Finish the trace, and undo what was changed; called again, it does what is left to do."""
        surely(self._finish, self._changes.end)

    def _finish(self) -> None:
        if self._recording is not None:
            self._recording.end()
            self.trace = self._recording.finished

    def _forget_cached(self, mode: ShapesOnly) -> None:
        if self._recording is not None:
            _forget_cached(self._recording, mode)
