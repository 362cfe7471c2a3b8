"""Record a model while it runs, and leave it as it was."""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Protocol, TypeVar

import torch
from torch import nn

from shapeflow import __version__
from shapeflow.common.collector import collection_paused
from shapeflow.errors import EndOfRun
from shapeflow.model.records import Run
from shapeflow.model.trace import Trace
from shapeflow.recording import modules
from shapeflow.recording.attention import fused_paths_kept
from shapeflow.recording.calls import CallRecorder
from shapeflow.recording.capture import Capture, Capturer
from shapeflow.recording.failure import failure_of
from shapeflow.recording.finalize import finalize
from shapeflow.recording.identity import Identity
from shapeflow.recording.lazy_dynamo import is_compiled, load_before_run, run_as_written
from shapeflow.recording.operators import OperatorWatch, RealOperators
from shapeflow.recording.ops import Functions, FunctionWatch
from shapeflow.recording.shapes_only.memo import MetaMemo
from shapeflow.recording.shapes_only.mode import ShapesOnly
from shapeflow.recording.torch_internals import no_torch_function
from shapeflow.recording.trace_builder import TraceBuilder

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
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        shapes_only: ShapesOnly | None = None,
        device: str = "cpu",
        progress: Callable[[float], None] | None = None,
        capture: Mapping[str, Capture] | None = None,
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
        with no_torch_function():
            self._builder = TraceBuilder(Identity(modules.tensor_names(model)), progress)
        if capture and shapes_only is None:
            self._builder.capturer = Capturer(capture)
        self._stack, self._pause = contextlib.ExitStack(), contextlib.ExitStack()
        self._trace: Trace | None = None

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
    def outlived(self) -> bool:
        """True while a tensor that was made during the run is still alive."""
        return self._builder.identity.outlived()

    def __enter__(self) -> Recording:
        if self._model is None:
            raise RuntimeError("a recording is made once; make another one to record again")
        load_before_run()
        self._started = time.perf_counter()
        operators, functions = OperatorWatch(self._builder), FunctionWatch(self._builder)
        enter = self._stack.enter_context
        if self._shapes_only is not None:  # memory must be freed at the same places in each run
            self._pause.enter_context(collection_paused())
        with collection_paused(), contextlib.ExitStack() as undo:
            undo.callback(self._pause.close)
            undo.callback(self._stack.close)
            enter(run_as_written())
            enter(fused_paths_kept())
            self._calls = CallRecorder(self._model, self._builder)
            enter(self._calls.watching())
            if self._shapes_only is None:
                enter(RealOperators(operators, MetaMemo().flops))
                enter(_watched(enter(Functions()), functions))
            else:
                enter(_watched(self._shapes_only, operators))
                enter(_watched(self._shapes_only.functions, functions))
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        with self._pause, collection_paused(), no_torch_function():
            self._stack.close()
            self._finish(error)

    def _finish(self, error: BaseException | None) -> None:
        self._builder.end()
        seconds = {"forward": round(time.perf_counter() - self._started, 3)}
        if isinstance(error, EndOfRun):
            last = self._builder.failing_ops.innermost_of_chain(error)
            if last is not None:
                self._builder.forget(last)
            self.run = replace(self.run, notes=(*self.run.notes, str(error)))
            error = None
        self._trace = self._finalize(error, seconds)
        self._model = self._shapes_only = None  # neither may live as long as the trace does
        del self._calls

    def _finalize(self, error: BaseException | None, seconds: Mapping[str, float]) -> Trace:
        builder = self._builder
        assert self._model is not None
        table = modules.table(self._model, builder.sources, self._calls.modules)
        finalized = finalize(builder)
        run = replace(
            self.run,
            seconds={**self.run.seconds, **seconds},
            complete=error is None,
            failure=None if error is None else failure_of(error, builder, finalized.numbers),
            peak_bytes=builder.identity.peak_bytes,
            peak_op=builder.peak_op,
        )
        values, sources = tuple(builder.identity.values), tuple(builder.sources.sources)
        trace = Trace(
            run,
            table,
            finalized.calls,
            finalized.ops,
            values,
            finalized.escapes,
            sources,
            finalized.containers,
        )
        if builder.capturer is not None:
            trace = replace(trace, run=replace(run, kept=builder.capturer.found(trace)))
        return trace


class _Mode(Protocol[Watch]):
    """A mode that tells a watch of what it sees, if it has one."""

    watch: Watch | None


@contextlib.contextmanager
def _watched(mode: _Mode[Watch], watch: Watch) -> Iterator[None]:
    """Let a mode tell ``watch`` of what happens inside."""
    before, mode.watch = mode.watch, watch
    try:
        yield
    finally:
        mode.watch = before
