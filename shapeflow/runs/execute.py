"""Running a model as the front matter of a walkthrough says; paths are seen from the document's folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeflow.common.text import nearest
from shapeflow.errors import WalkthroughError

if TYPE_CHECKING:
    from shapeflow.adapters.base import Request
    from shapeflow.model.trace import Trace
    from shapeflow.recording.capture import Wanted
    from shapeflow.walkthrough.document import Document

KEYS = ("model", "image", "prompt", "boxes", "negative_boxes", "device", "checkpoint", "seed")
DEVICES = ("meta", "cpu", "cuda")


def rerun(documents: Sequence[Document], *, device: str | None = None, quiet: bool = True) -> Trace:
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
    from shapeflow.adapters import name_of, require
    from shapeflow.runs.progress import Progress

    adapter = name_of(request.target)
    require(request.target)
    with Progress(f"{request.target} on {request.device}", None if quiet else sys.stderr) as progress:
        from functools import partial

        from shapeflow import recording
        from shapeflow.adapters import find

        trace = recording.run(
            partial(find(request.target), request),
            device=request.device,
            adapter=adapter,
            target=documents[0].model or request.target,
            progress=progress.update,
            keep=numbers_for(documents),
        )
    if trace.run.failure:
        from shapeflow.reporting.failure import failure_error

        raise failure_error(trace)
    return trace


def numbers_for(documents: Sequence[Document]) -> dict[str, Wanted]:
    """Return what a real run has to keep the numbers of, for the value claims of these walkthroughs."""
    from shapeflow.recording.capture import Wanted
    from shapeflow.walkthrough.values import wanted

    numbers = {name: kept for document in documents for name, kept in wanted(document).items()}
    return {name: Wanted(*kept) for name, kept in numbers.items()}


def request_of(document: Document, device: str | None = None) -> Request:
    """Return what a walkthrough asks to be run, every part of it checked."""
    from shapeflow.adapters import name_of
    from shapeflow.commands import options as traceoptions

    run = document.run
    for key in run:
        if key not in KEYS:
            close = nearest(str(key), KEYS, 1)
            raise _error(document, f"no key '{key}' in 'run'", ", ".join(KEYS), close[0] if close else "")
    folder = Path(document.path).resolve().parent
    model = _model(document, folder)
    where = device or _text(document, run, "device") or ("cpu" if "checkpoint" in run else "meta")
    if where not in DEVICES:
        raise _error(document, f"'{where}' is no device", ", ".join(DEVICES))
    seed = run.get("seed", 0)
    if not isinstance(seed, int):
        raise _error(document, f"'{seed}' is no seed", "a whole number")
    checkpoint = _text(document, run, "checkpoint")
    words = argparse.Namespace(
        model=model,
        images=[folder / name for name in _texts(document, run, "image")],
        prompt=_text(document, run, "prompt") or None,
        box=_boxes(document, run, "boxes"),
        negative_box=_boxes(document, run, "negative_boxes"),
        checkpoint=folder / checkpoint if checkpoint else None,
        seed=seed,
    )
    from dataclasses import replace

    return replace(traceoptions.request_of(words, name_of(model)), device=where)


def _model(document: Document, folder: Path) -> str:
    """Return the model to run; a Python file is looked for beside the document."""
    model = _text(document, document.run, "model") or document.model
    if not model:
        raise _error(document, "the front matter does not say which model to run", "a line 'model: sam3'")
    file, colon, name = model.rpartition(":")
    return f"{folder / file}{colon}{name}" if file.endswith(".py") else model


def _text(document: Document, run: Mapping[str, Any], key: str) -> str:
    """Return one entry of ``run`` that is a line of text."""
    value = run.get(key) or ""
    if not isinstance(value, str):
        raise _error(document, f"'{key}' in 'run' is no text", f"a line such as '{key}: …'")
    return value


def _texts(document: Document, run: Mapping[str, Any], key: str) -> list[str]:
    """Return one entry of ``run`` that is a text or a list of them."""
    values = run.get(key) or []
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _error(document, f"'{key}' in 'run' is no file name", "a name, or a list of names")
    return values


def _boxes(document: Document, run: Mapping[str, Any], key: str) -> list[str]:
    """Return boxes as the command line writes them."""
    values = run.get(key) or []
    if not isinstance(values, list) or not all(isinstance(value, str | list) for value in values):
        raise _error(
            document, f"'{key}' in 'run' is no list of boxes", "a list such as [[0.5, 0.5, 0.2, 0.3]]"
        )
    return [value if isinstance(value, str) else ",".join(map(str, value)) for value in values]


def _error(document: Document, what: str, expected: str, hint: str = "") -> WalkthroughError:
    return WalkthroughError("front-matter", what, where=document.path, expected=expected, hint=hint)
