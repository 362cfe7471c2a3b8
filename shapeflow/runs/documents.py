"""Run the model that walkthroughs are about, as their front matter says."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from shapeflow.adapters.front_matter import from_front_matter
from shapeflow.adapters.request import Request
from shapeflow.model.trace import Trace
from shapeflow.runs.execute import execute
from shapeflow.runs.failure import failure_error
from shapeflow.runs.numbers import numbers_for
from shapeflow.runs.progress import Progress
from shapeflow.runs.trust import check_inside, repository_of
from shapeflow.walkthrough.document import Document


def run_documents(
    documents: Sequence[Document],
    *,
    run: str = "",
    device: str | None = None,
    quiet: bool = True,
    trust: bool = False,
) -> Trace:
    """Run the model that walkthroughs are about, which runs the code that they name, and return the trace.

    Args:
        documents: walkthroughs that ask for the same run; a real one keeps the numbers that any needs.
        run: which of the runs that they name; empty: the first, or the only one.
        device: instead of the documents'.
        quiet: no progress on stderr.
        trust: also run code that is not in the repository of the document that names it.

    Raises:
        WalkthroughError: the front matter does not say what to run.
        InputError: a file, package or option it names is missing or wrong, or it is not in the repository.
        RunError: the model raised.
    """
    run = run or documents[0].run_names[0]
    request = request_of(documents[0], device, run)
    if not trust:
        for document in documents:
            path = Path(document.path)
            for folder in (path.parent, path.resolve().parent):  # where a link lies, and where it leads
                check_inside(request, [repository_of(folder)], named_by=document.path)
    label = f"{f'{run}: ' if run else ''}{request.target} on {request.device}"
    with Progress(label, None if quiet else sys.stderr) as progress:
        trace = execute(
            request,
            target=documents[0].model,
            progress=progress.update,
            capture=numbers_for(documents),
        )
    if trace.run.failure:
        raise failure_error(trace)
    return replace(trace, run=replace(trace.run, name=run))


def runs_of(documents: Iterable[Document]) -> list[tuple[str, list[Document]]]:
    """Return the runs that walkthroughs ask for, each once: its name in them, and those that ask for it."""
    found: dict[str, tuple[str, list[Document]]] = {}
    for document in documents:
        for name in document.run_names:
            found.setdefault(run_key(document, name), (name, []))[1].append(document)
    return list(found.values())


def run_key(document: Document, run: str = "") -> str:
    """Return what walkthroughs that ask for the same run have in common."""
    folder = str(Path(document.path).resolve().parent)
    given = document.runs.get(run, document.run)
    return json.dumps([folder, document.model, given, run], sort_keys=True, default=str)


def request_of(document: Document, device: str | None = None, run: str = "") -> Request:
    """Return what a walkthrough asks to be run, every part of it checked."""
    folder = Path(document.path).resolve().parent
    run = run or document.run_names[0]
    given = document.runs[run] if document.runs else document.run
    where = f"{document.path} (runs: {run})" if run else document.path
    return from_front_matter(document.model, given, folder=folder, where=where, device=device)
