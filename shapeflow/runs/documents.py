"""Run the model that walkthroughs are about, as their front matter says."""

from __future__ import annotations

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
from shapeflow.walkthrough.document import Document


def run_documents(documents: Sequence[Document], *, device: str | None = None, quiet: bool = True) -> Trace:
    """Run the model that walkthroughs are about and return the trace.

    Args:
        documents: walkthroughs that ask for the same run; a real one keeps the numbers that any needs.
        device: instead of the documents'.
        quiet: no progress on stderr.

    Raises:
        WalkthroughError: the front matter does not say what to run.
        InputError: a file, package or option it names is missing or wrong.
        RunError: the model raised.
    """
    request = request_of(documents[0], device)
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


def request_of(document: Document, device: str | None = None) -> Request:
    """Return what a walkthrough asks to be run, every part of it checked."""
    folder = Path(document.path).resolve().parent
    return from_front_matter(document.model, document.run, folder=folder, where=document.path, device=device)
