"""Take something out of a stack that can only be pushed to and popped from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def taken_off(mode: Any, stack: list[Any], pop: Callable[[], Any], push: Callable[[Any], None]) -> bool:
    """Take the innermost place of a mode out of a stack; return False if it has none."""
    if not any(other is mode for other in stack):
        return False
    inner: list[Any] = []
    try:
        while (last := pop()) is not mode:
            inner.append(last)
    finally:
        for other in reversed(inner):
            push(other)
    return True
