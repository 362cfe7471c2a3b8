"""Other functions in the place of torch's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def patched(owner: object, name: str, value: object) -> Iterator[None]:
    """Replace an attribute of one of torch's modules inside a ``with`` block.

    All threads of the process share torch's modules: another thread that runs a model meanwhile meets the
    replacement too, and two blocks that overlap in different threads may put back each other's. Run one
    recording at a time where that matters. It is said here once for all that use it: which path attention
    takes, which device's layouts the shape formulas give, and that weights are not drawn again.
    """
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)
