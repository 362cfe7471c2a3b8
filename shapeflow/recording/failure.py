"""Why a run ended early: the failing op, the call it was in, and the model's part of the traceback."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

from shapeflow.errors import NeedsValues, ShapeflowError
from shapeflow.model.records import Failure
from shapeflow.recording.source import is_hidden
from shapeflow.recording.trace_builder import CallDraft, Draft, OpDraft


def failed_op(error: BaseException) -> OpDraft | None:
    """Return the op that raised an exception, or the one that this exception follows from.

    An exception that the model caught is of no interest, so the op is not remembered when it fails: it is
    found in the frames of the recorder that the exception went through.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        for item in _reversed_locals(current):
            if isinstance(item, OpDraft):
                return item
        current = current.__cause__ or current.__context__
    return None


def _innermost_call(error: BaseException) -> CallDraft | None:
    """Return the innermost call that an exception went through."""
    for item in _reversed_locals(error):
        call = getattr(item, "call", item)
        if isinstance(call, CallDraft):
            return call
    return None


def _reversed_locals(error: BaseException) -> Iterator[Any]:
    """Yield what our own frames were busy with, innermost first."""
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        if str(frame.f_globals.get("__name__", "")).startswith(__package__):
            yield from [frame.f_locals.get(name) for name in ("op", "begun", "call", "running")]


def failure_of(error: BaseException, draft: Draft, calls: dict[int, int]) -> Failure:
    """Return the record of an exception that ended a run.

    Args:
        error: the exception. One that says that values are needed is told where.
        draft: what was recorded, all closed.
        calls: id of a call's draft -> id of the finished call.
    """
    op = failed_op(error)
    call = _innermost_call(error)
    if op is not None and call is None and op.call is not None:
        call = draft.calls[op.call]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_hidden(frame.filename)]
    source = None
    if frames:
        last = frames[-1]
        source = draft.sources.line(last.filename, last.lineno or 0, last.name)
    if isinstance(error, NeedsValues) and not error.where:
        line = "" if source is None else str(draft.sources.sources[source])
        error.amend(where=", in ".join(filter(None, [line, "" if call is None else call.name])))
    return Failure(
        type(error).__name__,
        error.what if isinstance(error, ShapeflowError) else _text(error),
        None if call is None else calls.get(call.id),
        None if op is None or op not in draft.ops else op.id,
        source,
        "".join(traceback.format_list(frames)),
    )


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a model's exception class may be broken; the run is still worth keeping
        return ""
