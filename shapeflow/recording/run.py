"""Whole runs: build or take a model, run it for real or shapes-only, give the trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from shapeflow.common.places import stored_target
from shapeflow.common.shared import Changes, surely
from shapeflow.common.text import listing
from shapeflow.errors import InputError
from shapeflow.model.records import Run
from shapeflow.model.trace import Trace
from shapeflow.recording.again import RandomNumbers
from shapeflow.recording.callables import as_looked_up, name_of, recorded_root, watched_root
from shapeflow.recording.capture import Capture
from shapeflow.recording.job import Job, Prepared, forget_tables
from shapeflow.recording.modules import named_tensors, tensor_names
from shapeflow.recording.ports import tensors_of
from shapeflow.recording.recorder import Recording
from shapeflow.recording.shapes_only.cleanup import (
    gradient_of,
    keep_attributes,
    keep_contents,
    keep_gradients,
)
from shapeflow.recording.shapes_only.mode import ShapesOnly


def trace(
    model: Callable[..., Any], *args: Any, device: str | torch.device | None = None, **kwargs: Any
) -> Trace:
    """Run ``model(*args, **kwargs)`` once and return the trace.

    Args:
        model: any module, or a callable that uses some: a method of one (``model.generate``), a function, a
            lambda or a partial that has it in reach. The modules are left as they were, in training or
            evaluation mode as they are.
        *args: what it is called with.
        device: ``meta`` for a shapes-only run, which computes nothing on large tensors and does not touch the
            model; None, or the device that the model is on, runs it for real.
        **kwargs: what it is called with, too.

    Raises:
        Exception: whatever the model raises. The trace up to there is the exception's attribute
            ``shapeflow_trace``.
        InputError: the model is on another device, or has no weights yet, or no module is in reach.
    """
    root = watched_root(model, args, kwargs)
    here = _device_of(root)
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
        _check_initialised(root)
        given = [*(tensor for tensor, _, _ in tensor_names(root)), *tensors_of((args, kwargs)).values()]
        given += [gradient for gradient in map(gradient_of, given) if gradient is not None]
        mode = ShapesOnly(protect=given)
    recording = Recording(root, shapes_only=mode, device=here)
    if model is not root:
        recording.run = replace(recording.run, target=name_of(model, root))
    held: list[object] = []
    run = as_looked_up(model)

    def run_model() -> None:
        if mode is not None:
            keep_gradients(given, changes)
            changes.on_end(partial(forget_tables, recording, mode))
            keep_attributes(root, changes)
            keep_contents((args, kwargs), changes)
            mode.begin(changes)
        recording.begin()
        held.append(run(*args, **kwargs))  # so that we see at the end what is in it, and not behind that

    try:
        surely(partial(recording.watched, run_model), _each(recording.end, held.clear, changes.end))
    except BaseException as error:
        _hand_over(error, recording)
        raise
    return recording.trace


def _each(first: Callable[[], None], *others: Callable[[], None]) -> Callable[[], None]:
    return partial(surely, first, _each(*others)) if others else first


def _hand_over(error: BaseException, recording: Recording) -> None:
    """Give an exception the trace up to there, past what its class may say of attributes."""
    with suppress(Exception):
        BaseException.__setattr__(error, "shapeflow_trace", recording.trace)


def record(
    model: object, *, steps: int | None = None, progress: Callable[[float], None] | None = None
) -> Recording:
    """Return a context manager that records what is really run on ``model`` inside it.

    ``with shapeflow.record(model) as recording: model(x)`` and then ``recording.trace``. Whatever calls are
    made inside, also several, belong to the trace; an exception leaves a trace up to there and goes on.

    Args:
        model: a module, or an object that has some, such as a pipeline.
        steps: of a loop, how many are recorded: the recording ends where the call that began the first step
            comes again, so that its backward pass and its optimizer belong to it. None: all.
        progress: told the FLOPs done so far after each op that has any.

    Raises:
        InputError: there is no module in ``model``, or no step is to be recorded.
    """
    if steps is not None and steps < 1:
        raise InputError(
            "no-steps", f"{steps} steps are nothing to record", where="argument steps", expected="1 or more"
        )
    root = recorded_root(model)
    return Recording(root, device=_device_of(root), progress=progress, steps=steps)


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


def run(
    prepare: Callable[[], Prepared],
    *,
    device: str,
    adapter: str,
    target: str,
    progress: Callable[[float], None] | None = None,
    capture: Mapping[str, Capture] | None = None,
    pictures: bool = False,
) -> Trace:
    """Build a model with ``prepare`` and run it under observation; a failed run gives the trace up to there.

    Args:
        prepare: builds the model; called inside the shapes-only mode if ``device`` is ``meta``.
        device: ``meta``, ``cpu`` or ``cuda``.
        adapter: the adapter's name, for the trace.
        target: what the user asked for, for the trace.
        progress: told the FLOPs done so far.
        capture: tensors of a real run whose numbers go into the trace, by the name they get there.
        pictures: keep small pictures of what is computed.

    Raises:
        Exception: whatever ``prepare`` raises. What the run itself raises is in ``trace.run.failure``.
    """

    def describe(built: Prepared, recording: Recording) -> Run:
        return replace(
            recording.run,
            adapter=adapter,
            target=stored_target(target),
            inputs=built.inputs,
            versions={**recording.run.versions, **built.versions},
            notes=built.notes,
        )

    drawn = RandomNumbers()
    job = Job(prepare, device, pictures=pictures)
    trace = _done(job, describe, progress, capture)
    if not job.lacks_known_inputs():
        return trace
    drawn.put_back()
    again = Job(prepare, device, pictures=pictures, known_inputs=True)
    try:
        return _done(again, describe, progress, capture)
    except Exception:  # it cannot be built for real
        return trace


def _done(
    job: Job,
    describe: Callable[[Prepared, Recording], Run],
    progress: Callable[[float], None] | None,
    capture: Mapping[str, Capture] | None,
) -> Trace:
    """Build a model, run it, and return the trace, up to where the run failed."""
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
