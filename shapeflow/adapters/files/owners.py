"""Which models of installed libraries tensors may be of: those that have just these names and shapes.

The libraries have too many models to build each. Those are built, without weights, of whose source files the
attributes at the beginnings of the names of the tensors are; those whose name is like the file's come first.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from difflib import SequenceMatcher
from pathlib import Path

from shapeflow.adapters.files.kinds import CONFIGURATIONS
from shapeflow.adapters.libraries.library import Searchable, plain_name, searchable
from shapeflow.adapters.specs import libraries

SECONDS = 8.0
"""After which no more models are tried."""


def owners_of(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return the targets that have just these names and shapes, as far as they were tried."""
    if any((path.parent / name).is_file() for name in CONFIGURATIONS):
        return [str(path.parent)]
    ends = time.monotonic() + SECONDS
    owners: list[str] = []
    for prefix, module in libraries().items():
        found = searchable(module)
        if found is None:
            continue
        for name in _candidates(found, path.stem, shapes):
            if time.monotonic() > ends:
                return owners
            if _tensors(found, name) == dict(shapes):
                owners.append(f"{prefix}:{name}")
                break
    return owners


def _candidates(found: Searchable, stem: str, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return the names of a library whose source has the attributes that the tensors are named after."""
    tops = {name.partition(".")[0] for name in shapes}
    names: list[str] = []
    for text, defined in found.sources():
        if all(re.search(rf"\b{re.escape(top)}\b", text) for top in tops):
            names += defined
    wanted = plain_name(stem)
    return sorted(names, key=lambda name: -SequenceMatcher(None, plain_name(name), wanted).ratio())


def _tensors(found: Searchable, name: str) -> dict[str, tuple[int, ...]]:
    """Return name and shape of each tensor of a model, built without weights; empty if it cannot be."""
    import torch

    try:
        with torch.device("meta"):
            return {key: tuple(value.shape) for key, value in found.blank(name).state_dict().items()}
    except Exception:  # one that cannot be built so is not found so
        return {}
