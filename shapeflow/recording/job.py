"""Build a model and run it under observation, whatever comes in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import torch
from torch import nn

from shapeflow.common.collector import collection_paused
from shapeflow.common.shared import Changes, surely
from shapeflow.errors import RunError
from shapeflow.model.records import Run
from shapeflow.model.trace import Trace
from shapeflow.recording.again import (
    MOST_WEIGHTS,
    RandomNumbers,
    lacks_inputs_alone,
    left_nothing,
    without_frames,
)
from shapeflow.recording.capture import Capture
from shapeflow.recording.lazy_dynamo import keep_compiler_out
from shapeflow.recording.modes import put_on
from shapeflow.recording.recorder import Recording
from shapeflow.recording.shapes_only.cleanup import forget_cached
from shapeflow.recording.shapes_only.devices import CudaOnCpu
from shapeflow.recording.shapes_only.mode import ShapesOnly

BUILT_FOR_REAL = (
    "The model was built with real weights, since building it reads their numbers; its run reads none."
)
INPUTS_FOR_REAL = (
    "The model was built again with real weights, since its run reads numbers of inputs that are drawn while "
    "it is built; it reads no weights."
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


class Job:
    """A model that is built, run and recorded.

    Args:
        prepare: builds the model.
        device: where.
        pictures: keep small pictures of what is computed.
        known_inputs: build it for real also for a shapes-only run, which may read its inputs then.
    """

    def __init__(
        self,
        prepare: Callable[[], Prepared],
        device: str,
        *,
        pictures: bool = False,
        known_inputs: bool = False,
    ) -> None:
        self._prepare, self._device, self._known_inputs = prepare, device, known_inputs
        self._pictures = pictures
        self._mode: ShapesOnly | None = None  # under which the model was built
        self._weights = 0  # elements that were left out then
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
            prepared.model,
            shapes_only=mode,
            device=device,
            progress=progress,
            capture=capture,
            pictures=self._pictures,
        )
        described = describe(prepared, recording)
        recording.run = replace(described, notes=(*described.notes, *notes), seconds={"build": built})
        self._recording = recording
        recording.begin()
        try:
            self.result = (recording.watched(prepared.run),)
        except BaseException as error:
            if recording.is_ended_by(error):  # and not a Ctrl-C that came while the failure was noted
                self.failed = error
            raise

    def _build(self) -> tuple[ShapesOnly | None, tuple[str, ...]]:
        """Build the model: without weights, or with them where building reads their numbers.

        Quantising, tracing and exporting read weights. If building without any fails, the real one decides.

        Returns:
            The shapes-only mode, which is on, and notes for the trace.
        """
        if self._device != "meta" or self._known_inputs:
            self.prepared = self._prepare()
            return (self._shapes_only()[0], (INPUTS_FOR_REAL,)) if self._known_inputs else (None, ())
        drawn = RandomNumbers()
        mode, attempt = self._shapes_only()
        try:
            self.prepared = self._prepare()
            if mode.concrete.lacking.first is not None:  # it was caught, and something else done
                raise mode.concrete.lacking.first
        except Exception as error:
            if mode.elements_left_out > MOST_WEIGHTS or not _may_be_ours(error):
                raise
            failed = without_frames(error)
        else:
            self._mode, self._weights = mode, mode.elements_left_out
            return mode, ()
        self.prepared = None
        attempt.end()
        forget_cached(mode.concrete.is_symbolic)
        if not left_nothing(mode):
            raise failed
        drawn.put_back()
        self.prepared = self._prepare()
        return self._shapes_only()[0], (BUILT_FOR_REAL,)

    def lacks_known_inputs(self) -> bool:
        """Return True if a run that is over would know more if its model were built for real.

        The model is let go of: nothing of it may be alive then.
        """
        if self._mode is None or self._weights > MOST_WEIGHTS or self.trace is None:
            return False
        if not lacks_inputs_alone(self.trace):
            return False
        self.prepared = self._recording = None
        return left_nothing(self._mode)

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
        if self.prepared is not None and self.prepared.outcome is None:
            self.result = None  # nobody asks for it, and what is not held cannot be in a table

    def _forget_cached(self, mode: ShapesOnly) -> None:
        if self._recording is not None:
            forget_tables(self._recording, mode)


def _may_be_ours(error: BaseException | None) -> bool:
    """Return True if an error may come of what a shapes-only run leaves out."""
    while error is not None:
        if isinstance(error, RunError | RuntimeError | AssertionError | ValueError | TypeError):
            return True
        error = error.__cause__
    return False


def forget_tables(recording: Recording, mode: ShapesOnly) -> None:
    """Empty the caches of functions that a shapes-only run has left tensors in, if it has left any."""
    if recording.outlived:
        forget_cached(mode.concrete.is_symbolic)
