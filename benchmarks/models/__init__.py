"""Public models of many kinds, built from their own configuration at small width and depth.

The architecture stays, the sizes shrink until a real run on a CPU takes seconds. One file for
each field; each builder returns ``(model, kwargs)`` and imports its package itself, so that a missing package
costs only its own models.
"""

from __future__ import annotations

from benchmarks.models.build import Entry
from benchmarks.models.multimodal import MULTIMODAL
from benchmarks.models.sequences import SEQUENCES
from benchmarks.models.vision import VISION

ZOO: tuple[Entry, ...] = (*SEQUENCES, *VISION, *MULTIMODAL)
"""Every model, in the order of the table."""

__all__ = ["ZOO", "Entry"]
