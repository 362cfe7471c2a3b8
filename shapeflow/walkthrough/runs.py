"""Which trace is of which run of a document, for documents that name several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from shapeflow.common.text import counted, listing, nearest
from shapeflow.errors import WalkthroughError
from shapeflow.model.run_record import Run
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.document import Document

Given = Trace | Sequence[Trace] | Mapping[str, Trace]
"""A trace, several, or several by the names of their runs."""


def by_run(document: Document, given: Given) -> dict[str, Trace]:
    """Return the traces by the run of the document that each is of, in the document's order.

    A trace without a name is of the first run, the one that blocks without a name speak of; see
    ``_unnamed`` for the exception.

    Raises:
        WalkthroughError: a trace is of no run of the document, or two are of one run.
    """
    if isinstance(given, Trace):
        given = [given]
    pairs = given.items() if isinstance(given, Mapping) else [(trace.run.name, trace) for trace in given]
    names = document.run_names
    found: dict[str, Trace] = {}
    for name, trace in pairs:
        wanted = name if document.runs and name else _unnamed(document, trace)
        if wanted not in names:
            raise unknown_run(document, name)
        if wanted in found:
            raise _twice(document, wanted)
        found[wanted] = trace
    return {name: found[name] for name in names if name in found}


def _unnamed(document: Document, trace: Trace) -> str:
    """Return the run that a trace without a name is of: the first, of those that draw boxes as it does.

    Only adapters that take boxes record whether there were any; other traces are of the first run.
    """
    boxes = trace.run.inputs.get("boxes")
    if boxes is not None:
        for name, run in document.runs.items():
            if bool(run.get("boxes") or run.get("negative_boxes")) == bool(boxes):
                return name
    return document.run_names[0]


def same_model(model: str, target: str) -> bool:
    """Return whether a document's model is the one that was run; a Python file counts without its folder."""
    (file, _, name), (run_file, _, run_name) = model.rpartition(":"), target.rpartition(":")
    if file.endswith(".py") and run_file.endswith(".py"):
        return (Path(file).name, name) == (Path(run_file).name, run_name)
    return model == target


def may_be_of(model: str, run: Run) -> bool:
    """Return whether a document's model may be that of a run.

    A model that was traced in Python is known by its class alone, which does not tell of which function or
    library it came.
    """
    comes_from = ":" in model or "/" in model
    return (comes_from and run.adapter == "python") or same_model(model, run.target)


def traces_for(document: Document, traces: Sequence[Trace], documents: Sequence[Document]) -> Sequence[Trace]:
    """Return those traces that a document is judged on, of traces given for several documents.

    A document takes the traces of its model and of the runs that it names; one without a name only for the
    run that it is of, if none is named so. A document without ``runs`` takes the trace without a name, if
    there is one. What no document takes is given to each, where it is an error; so are all to one that takes
    none.
    """
    taken = [_taken(one, traces) for one in documents]
    mine = _taken(document, traces)
    left = [trace for trace in traces if not any(trace is one for those in taken for one in those)]
    return [*mine, *left] if mine else traces


def _taken(document: Document, traces: Sequence[Trace]) -> list[Trace]:
    """Return the traces that are of a document's model and runs."""
    mine = [trace for trace in traces if not document.model or may_be_of(document.model, trace.run)]
    if document.runs:
        named = [trace for trace in mine if trace.run.name in document.runs]
        names = {trace.run.name for trace in named}
        unnamed = [trace for trace in mine if not trace.run.name]
        return [*(trace for trace in unnamed if _unnamed(document, trace) not in names), *named]
    return [trace for trace in mine if not trace.run.name] or mine


def unknown_run(document: Document, name: str) -> WalkthroughError:
    """Return the error for a run that the document does not have."""
    close = nearest(name, document.run_names, 1)
    return WalkthroughError(
        "unknown-run",
        f"no run '{name[:60]}' in this document",
        where=document.path,
        expected=f"one of {listing(list(document.run_names), 6)}",
        hint=close[0] if close else "",
    )


def _twice(document: Document, name: str) -> WalkthroughError:
    """Return the error for two traces of one run."""
    if not document.runs:
        return WalkthroughError(
            "unknown-run",
            "several traces, and the document has one run",
            where=document.path,
            expected="one trace, or 'runs:' in the front matter, with a name for each",
        )
    return WalkthroughError(
        "unknown-run",
        f"two traces are of the run '{name}'",
        where=document.path,
        expected=f"one for each of {counted(len(document.runs), 'run')}: {listing(list(document.runs), 6)}",
        because=f"a trace that does not name its run is of the first, '{document.run_names[0]}'"
        if name == document.run_names[0]
        else "",
        hint=f"{document.run_names[-1]}=FILE.trace.json",
    )
