"""Record a model while it runs, and leave it as it was."""

from __future__ import annotations

import platform
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Protocol, TypeVar

import torch
from torch import nn

from shapeflow import __version__
from shapeflow.common.collector import collection_paused, pause_collection
from shapeflow.common.frames import allow_more_frames
from shapeflow.common.shared import Changes, surely
from shapeflow.errors import EndOfRun
from shapeflow.model.records import Run
from shapeflow.model.trace import Trace
from shapeflow.recording import modules
from shapeflow.recording.active import Active
from shapeflow.recording.attention import keep_fused_paths
from shapeflow.recording.backward import BackwardRecorder
from shapeflow.recording.calls import CallRecorder
from shapeflow.recording.capture import Capture, Capturer
from shapeflow.recording.finalize import finished, with_kept
from shapeflow.recording.identity import Identity
from shapeflow.recording.kept import kept_after
from shapeflow.recording.lazy_dynamo import is_compiled, load_before_run, run_as_written
from shapeflow.recording.modes import keep_function_state, put_on, refuse_inside_shapes_only
from shapeflow.recording.operators import OperatorWatch, RealOperators
from shapeflow.recording.ops import Functions, FunctionWatch
from shapeflow.recording.pictures.taker import PictureTaker
from shapeflow.recording.repeats import Repeats
from shapeflow.recording.shapes_only.memo import MetaMemo
from shapeflow.recording.shapes_only.mode import ShapesOnly
from shapeflow.recording.steps import Steps
from shapeflow.recording.torch_internals import no_torch_function
from shapeflow.recording.trace_builder import TraceBuilder
from shapeflow.recording.wrappers import watch_calls

Result = TypeVar("Result")
Watch = TypeVar("Watch", OperatorWatch, FunctionWatch)

_NOT_COMPILED = "What torch.compile had compiled ran as it is written: a compiled part calls no functions."


class Recording:
    """Records what happens on ``model`` inside a ``with`` block; ``trace`` is complete when the block ends.

    An exception that leaves the block is noted in the trace and goes on to the caller. The model is untouched
    afterwards, and its outputs are bitwise the ones it gives without us.

    Args:
        model: the root of the modules to watch.
        shapes_only: the mode that is active, if the run is a shapes-only one.
        device: where the run happens: ``meta``, ``cpu`` or ``cuda``.
        progress: told the FLOPs done so far after each op that has any.
        capture: tensors of a real run whose numbers go into the trace, by the name they get there.
        pictures: keep small pictures of what is computed, or of a shapes-only run what they would show.
        steps: how many steps of a loop are recorded; None: all.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        shapes_only: ShapesOnly | None = None,
        device: str = "cpu",
        progress: Callable[[float], None] | None = None,
        capture: Mapping[str, Capture] | None = None,
        pictures: bool = False,
        steps: int | None = None,
    ) -> None:
        self.run = Run(
            "python",
            type(model).__name__,
            "meta" if shapes_only else device,
            versions={
                "shapeflow": __version__,
                "python": platform.python_version(),
                "torch": str(torch.__version__),
            },
        )
        if is_compiled(model):
            self.run = replace(self.run, notes=(_NOT_COMPILED,))
        self._model: nn.Module | None = model
        self._shapes_only = shapes_only
        self._steps = None if steps is None else Steps(steps, self._end_before_next)
        with no_torch_function():
            self._builder = TraceBuilder(Identity(modules.tensor_names(model)), progress)
        if capture and shapes_only is None:
            self._builder.capturer = Capturer(capture)
            self._builder.capturer.look_at_model(modules.tensor_names(model))
        if pictures:
            with no_torch_function():
                identity = self._builder.identity
                self._builder.pictures = PictureTaker(model, identity, draws=shapes_only is None)
        self._changes, self._last = Changes(), Changes()
        # Python calls no `__exit__` if Ctrl-C comes at its very beginning: then this ends what was begun. It
        # is no `__del__`, in which a Ctrl-C would be lost, also after all has ended.
        self._forgotten = weakref.finalize(self, _end_quietly, self._changes, self._last)
        self._forgotten.atexit = False
        self._calls: CallRecorder | None = None
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._trace: Trace | None = None

    def __repr__(self) -> str:
        return f"<Recording of {self.run.target}: {repr(self._trace) if self._trace else 'not ended'}>"

    @property
    def trace(self) -> Trace:
        """The recorded trace.

        Raises:
            RuntimeError: the block has not ended yet.
        """
        if self._trace is None:
            raise RuntimeError("the trace is complete when the 'with' block ends")
        return self._trace

    @property
    def finished(self) -> Trace | None:
        """The recorded trace, None while it is not complete."""
        return self._trace

    @property
    def outlived(self) -> bool:
        """True while a tensor that was made during the run is still alive."""
        identity = self._builder.identity
        return any(identity.values[value].origin == "op" for _, value, _ in identity.alive())

    def __enter__(self) -> Recording:
        self._check_unused()
        try:
            self.begin()
        except BaseException:
            surely(self._changes.end, self._last.end)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        begun_in = self._thread
        if begun_in is None:
            raise RuntimeError("this recording has not begun: enter its 'with' block first")
        self.raised(error)
        surely(self.end, self.end)
        if begun_in is not threading.current_thread() and error is None:
            raise RuntimeError(
                f"this recording began in thread '{begun_in.name}' and was ended in another one; "
                "its trace has what was done until then"
            )

    def begin(self) -> None:
        """Begin to record. Who calls this calls ``end`` afterwards, also if this was interrupted.

        Raises:
            RuntimeError: it has begun before, or a shapes-only run is going on around it.
        """
        self._check_unused()
        assert self._model is not None
        if self._shapes_only is None:
            refuse_inside_shapes_only()
        load_before_run()
        changes = self._changes
        keep_function_state(self._last)
        with collection_paused():
            if self._shapes_only is not None:  # memory must be freed at the same places in each run
                pause_collection(self._last)
            self._calls = calls = CallRecorder(self._model, self._builder, self._steps)
            active = Active(calls)
            operators = OperatorWatch(self._builder, active.is_here)
            self._started = time.perf_counter()
            self._thread = threading.current_thread()
            run_as_written(changes)
            keep_fused_paths(changes)
            allow_more_frames(changes)
            watch_calls(calls.modules.values(), changes)
            repeats = None
            if self._shapes_only is None:
                mode = RealOperators(operators, MetaMemo().flops)
                repeats = Repeats(self._builder, mode)
                put_on(mode, changes)
                seen = Functions()
                put_on(seen, changes)
            else:
                _watch(self._shapes_only, operators, changes)
                seen = self._shapes_only.functions
            _watch(seen, FunctionWatch(self._builder, active.is_here, repeats), changes)
            BackwardRecorder(self._builder, seen, active.is_here).begin(changes)
            active.begin(changes, alone=self._shapes_only is not None)

    def raised(self, error: BaseException | None) -> BaseException | None:
        """Note what ended the run, for the trace, and return it.

        Of a shapes-only run that is what it lacked, also if the model caught that and went on.
        """
        mode = self._shapes_only
        self._error = error if mode is None else mode.concrete.lacking.instead_of(error)
        return self._error

    def watched(self, run: Callable[[], Result]) -> Result:
        """Return what ``run`` gives, and note what ends it otherwise."""
        try:
            result = run()
            ended = self.raised(None)
            if ended is not None:
                raise ended
        except BaseException as error:  # also Ctrl-C while the end of a good run is noted
            ended = self.raised(error)
            if ended is None or ended is error:
                raise
            raise ended from error
        return result

    def is_ended_by(self, error: BaseException) -> bool:
        """Return True if the trace is going to say that this is what ended the run."""
        return self._error is error

    def end(self) -> None:
        """Take everything off and finish the trace; called again, it does what is left to do."""
        self._changes.end()
        if self._thread is not None and self._trace is None:
            with collection_paused(), no_torch_function():
                self._finish(self._error)
        self._model = self._shapes_only = self._calls = self._error = self._steps = (
            None  # not kept with the trace
        )
        self._last.end()
        self._forgotten.detach()

    def _end_before_next(self, step: str) -> None:
        self.run = replace(self.run, notes=(*self.run.notes, step))
        self.end()

    def _check_unused(self) -> None:
        if self._trace is not None:
            raise RuntimeError("a recording is made once; make another one to record again")
        if self._thread is not None:
            raise RuntimeError("this recording has begun and not ended; make another one to record inside it")

    def _finish(self, error: BaseException | None) -> None:
        self._builder.end()
        seconds = {"forward": round(time.perf_counter() - self._started, 3)}
        run = self.run
        if isinstance(error, EndOfRun):
            last = self._builder.failing_ops.innermost_of_chain(error)
            if last is not None:
                self._builder.forget(last)
            run = replace(run, notes=(*run.notes, str(error)))
            error = None
        note = "" if self._shapes_only is None else self._shapes_only.concrete.checks.note
        if note:
            run = replace(run, notes=(*run.notes, note))
        self._trace = self._finalize(run, error, seconds)

    def _finalize(self, run: Run, error: BaseException | None, seconds: Mapping[str, float]) -> Trace:
        builder = self._builder
        assert self._model is not None
        assert self._calls is not None
        there = self._calls.modules
        table = modules.table(self._model, builder.sources, there, builder.identity)
        run = replace(run, seconds={**run.seconds, **seconds}, complete=error is None)
        trace = finished(builder, run, table, error)
        if error is None:
            trace = with_kept(builder, trace, kept_after(builder, trace, there))
        if builder.capturer is not None:
            trace = replace(trace, run=replace(trace.run, kept=builder.capturer.found(trace)))
        return trace


def _end_quietly(*changes: Changes) -> None:
    for each in changes:
        with suppress(Exception):
            each.end()


class _Mode(Protocol[Watch]):
    """A mode that tells a watch of what it sees, if it has one."""

    watch: Watch | None


def _watch(mode: _Mode[Watch], watch: Watch, changes: Changes) -> None:
    """Let a mode tell ``watch`` of what happens until the changes end."""
    before = mode.watch

    def end() -> None:
        mode.watch = before

    changes.on_end(end)
    mode.watch = watch
