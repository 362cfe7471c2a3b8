"""Run the model that walkthroughs are about, as their front matter says."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
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
    documents: Sequence[Document], *, device: str | None = None, quiet: bool = True, trust: bool = False
) -> Trace:
    """Run the model that walkthroughs are about, which runs the code that they name, and return the trace.

    Args:
        documents: walkthroughs that ask for the same run; a real one keeps the numbers that any needs.
        device: instead of the documents'.
        quiet: no progress on stderr.
        trust: also run code that is not in the repository of the document that names it.

    Raises:
        WalkthroughError: the front matter does not say what to run.
        InputError: a file, package or option it names is missing or wrong, or it is not in the repository.
        RunError: the model raised.
    """
    request = request_of(documents[0], device)
    if not trust:
        for document in documents:
            path = Path(document.path)
            for folder in (path.parent, path.resolve().parent):  # where a link lies, and where it leads
                check_inside(request, [repository_of(folder)], named_by=document.path)
    label = f"{request.target} on {request.device}"
    with Progress(label, None if quiet else sys.stderr) as progress:
        trace = execute(
            request,
            target=documents[0].model,
            progress=progress.update,
            capture=numbers_for(documents),
        )
    if trace.run.failure:
        raise failure_error(trace)
    return trace


def run_key(document: Document) -> str:
    """Return what walkthroughs that ask for the same run have in common."""
    folder = str(Path(document.path).resolve().parent)
    return json.dumps([folder, document.model, document.run], sort_keys=True, default=str)


def request_of(document: Document, device: str | None = None) -> Request:
    """Return what a walkthrough asks to be run, every part of it checked."""
    folder = Path(document.path).resolve().parent
    return from_front_matter(document.model, document.run, folder=folder, where=document.path, device=device)
