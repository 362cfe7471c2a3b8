"""Which numbers a real run has to capture, so that the value claims of walkthroughs can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shapeflow.adapters.request import Request
from shapeflow.walkthrough.claims.value import needed_values
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.reader import read
from shapeflow.walkthrough.shipped import find_shipped

if TYPE_CHECKING:
    from shapeflow.recording.capture import Capture


def numbers_for(documents: Sequence[Document]) -> dict[str, Capture]:
    """Return what the value claims of walkthroughs need, by the name that a trace keeps it under."""
    from shapeflow.recording.capture import Capture

    numbers = {name: kept for document in documents for name, kept in needed_values(document).items()}
    return {name: Capture(*kept) for name, kept in numbers.items()}


def numbers_of(request: Request) -> dict[str, Capture]:
    """Return what the walkthrough that is shipped for a model needs; nothing for a shapes-only run."""
    walkthrough = None if request.device == "meta" else find_shipped(request.target)
    return numbers_for([read(walkthrough)]) if walkthrough else {}
