"""Things at a port that may hold tensors and were not looked into: iterators, closures, sets."""

from __future__ import annotations

from shapeflow.model.ports import Port

UNSEEN_INSIDE = "(…)"
"""How the text of such a port ends."""


def is_unseen(port: Port) -> bool:
    """Return whether something is at a port that may hold tensors and was not looked into."""
    return port.value is None and port.text.endswith(UNSEEN_INSIDE)
