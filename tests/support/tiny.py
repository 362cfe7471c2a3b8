"""The traces and the document of the example detector, for tests that need a real model with residuals."""

from __future__ import annotations

from functools import cache, partial

from places import EXAMPLES

from shapeflow.model.trace import Trace
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.reader import read


@cache
def tiny_trace() -> Trace:
    """Return a shapes-only run of the example detector."""
    from shapeflow import recording
    from shapeflow.adapters.base import load
    from shapeflow.adapters.request import Request

    target = f"{EXAMPLES / 'tiny_detector.py'}:build"
    request = Request(target, "meta")
    return recording.run(partial(load(target), request), device="meta", adapter="factory", target=target)


@cache
def tiny_document() -> Document:
    """Return its walkthrough."""
    return read(EXAMPLES / "tiny_detector.md")
