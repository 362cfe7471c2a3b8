"""Public models of many kinds, built from their own configuration at small width and depth.

The architecture stays, the sizes shrink until a real run on a CPU takes seconds. Some are written out, one
file for each field; most come from the lists of the packages. Each builder returns ``(model, kwargs)`` and
imports its package itself, so that a missing package costs only its own models.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

from benchmarks.models.build import Entry
from benchmarks.models.multimodal import MULTIMODAL
from benchmarks.models.sequences import SEQUENCES
from benchmarks.models.vision import VISION

LISTS = {
    **{name: name for name in ("torchvision", "timm", "transformers", "diffusers", "open_clip")},
    "modules": "expecttest",
}
"""Name of a list -> the package without which there is none."""


def zoo() -> Iterator[Entry]:
    """Yield every model, in the order of the table."""
    yield from (*SEQUENCES, *VISION, *MULTIMODAL)
    for name, package in LISTS.items():
        if find_spec(package):
            yield from import_module(f"benchmarks.models.{name}_list").entries()


def warm_up(entries: Iterable[Entry]) -> None:
    """Build a model of each kind and package: children that are forked later find the files imported."""
    built = set()
    for entry in entries:
        if (entry.package, entry.kind) not in built:
            built.add((entry.package, entry.kind))
            with suppress(Exception):  # its own run tells what is wrong
                entry.build()


__all__ = ["LISTS", "Entry", "warm_up", "zoo"]
