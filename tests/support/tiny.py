"""The trace of the example detector and a document with gaps on it, for tests of what is not guarded."""

from __future__ import annotations

from functools import cache, partial

from places import EXAMPLES, TESTS

from shapeflow.model.trace import Trace
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.reader import read

TINY_DOCUMENT = TESTS / "coverage" / "tiny_detector_with_gaps.md"


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
    """Return a walkthrough that leaves out joins, dtypes and parameters."""
    return read(TINY_DOCUMENT)
