"""Which tensors a real run has to keep the numbers of, so that a walkthrough's value claims can be judged."""

from __future__ import annotations

from shapeflow.walkthrough.claims.value import Value
from shapeflow.walkthrough.document import Document


def selectors(document: Document) -> list[str]:
    """Return the selectors of all value claims, each once, in order."""
    bodies = (claim.body for claim in document.claims)
    return list(dict.fromkeys(name for body in bodies if isinstance(body, Value) for name in body.selectors))
