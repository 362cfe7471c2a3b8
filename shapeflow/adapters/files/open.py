"""``--model FILE``: the part of this folder that runs the kind of file it is."""

from __future__ import annotations

from pathlib import Path

from shapeflow.adapters.base import Adapter
from shapeflow.adapters.files.content import check, kind_of


def load(target: str, *, trust: bool = False) -> Adapter:
    """Read a model file and return what makes a run of it.

    Args:
        target: its path.
        trust: whether it may execute code of its own while it is read.

    Raises:
        InputError: it is none, or broken, or would execute code that nobody has trusted.
    """
    check(target)
    path = Path(target)
    kind = kind_of(path)
    if kind == "exported":
        from shapeflow.adapters.files import exported

        return exported.load(path, trust=trust)
    if kind == "scripted":
        from shapeflow.adapters.files import scripted

        return scripted.load(path)
    from shapeflow.adapters.files import saved

    return saved.load(path, kind, trust=trust)
