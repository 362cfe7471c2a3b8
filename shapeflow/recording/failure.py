"""Why a run ended early: the failing op, the call it was in, and the model's part of the traceback."""

from __future__ import annotations

import traceback

from shapeflow.common.places import display_frame, without_folders
from shapeflow.errors import READERS, NeedsValues, NoShapeFormula, ShapeflowError
from shapeflow.model.records import Failure
from shapeflow.recording.source import is_hidden
from shapeflow.recording.trace_builder import TraceBuilder


def failure_of(error: BaseException, builder: TraceBuilder, calls: dict[int, int]) -> Failure:
    """Return the record of an exception that ended a run.

    Args:
        error: the exception. One that says that values are needed is told where.
        builder: what was recorded, all closed.
        calls: id of an unfinished call -> id of the finished call.
    """
    raised, error = error, _cause(error)
    op = builder.failing_ops.innermost_of_chain(error)
    number = builder.failing_calls.innermost(error)
    if op is not None and number is None:
        number = builder.ops[op].call
    call = None if number is None else builder.calls[number]
    frames = _own_frames(error) or _own_frames(error.__cause__ or raised)
    source = None
    if frames:
        last = frames[-1]
        source = builder.sources.line(last.filename, last.lineno or 0, last.name)
    if isinstance(error, NeedsValues) and not error.where:
        line = "" if source is None else str(builder.sources.sources[source])
        error.amend(where=", in ".join(filter(None, [line, "" if call is None else call.name])))
        for start, reason in READERS.items():
            if line.startswith(start):
                error.amend(because=f"{error.because}\n{reason}")
    return Failure(
        type(error).__name__,
        error.what if isinstance(error, ShapeflowError) else without_folders(_text(error)),
        None if number is None else calls.get(number),
        op,
        source,
        "".join(traceback.format_list(list(map(display_frame, frames)))),
    )


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Return the model's part of a traceback."""
    return [frame for frame in traceback.extract_tb(error.__traceback__) if not is_hidden(frame.filename)]


def _cause(error: BaseException) -> BaseException:
    """Return what a shapes-only run lacked, if that is why an exception was raised; else the exception."""
    current: BaseException | None = error
    for _ in range(10):
        if current is None or isinstance(current, NeedsValues | NoShapeFormula):
            break
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return current if isinstance(current, NeedsValues | NoShapeFormula) else error


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a model's exception class may be broken; the run is still worth keeping
        return ""
