"""Whether this process is the command line's own, or that of a program that imports us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_OWN: ContextVar[bool] = ContextVar("own", default=False)


@contextmanager
def own_process() -> Iterator[None]:
    """Say that nothing but what is inside runs in this process; only who has started it can know that."""
    before = _OWN.set(True)
    try:
        yield
    finally:
        _OWN.reset(before)


def is_own_process() -> bool:
    """Return True if what a whole process shares, such as ``sys.modules``, is ours to change for a while."""
    return _OWN.get()
