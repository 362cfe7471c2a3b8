"""Which numbers a real run has to keep, so that the value claims of a walkthrough can be judged."""

from __future__ import annotations

from shapeflow.walkthrough.claims.value import Value
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.formula.ast import Items


def wanted(document: Document) -> dict[str, tuple[str, Items]]:
    """Return what all value claims need, by the name that a trace keeps it under: selector and part."""
    bodies = (claim.body for claim in document.claims)
    needed = (kept for body in bodies if isinstance(body, Value) for kept in body.needed)
    return {kept.name: (kept.selector.text, kept.items) for kept in needed}


def selectors(document: Document) -> list[str]:
    """Return the selectors of the tensors of all value claims, each once, in order."""
    return list(dict.fromkeys(selector for selector, _ in wanted(document).values()))
