"""The base class of our dispatch modes."""

from __future__ import annotations

from typing import Any

from shapeflow.recording.stacks import Stack
from shapeflow.recording.torch_internals import (
    UncompiledDispatchMode,
    dispatch_mode_at,
    dispatch_mode_count,
    pop_dispatch_mode,
    push_dispatch_mode,
)


class DispatchMode(UncompiledDispatchMode):
    """A dispatch mode that sees functions such as ``cond`` too, and does not load torch's compiler."""

    supports_higher_order_operators = True
    """Read by torch from 2.9 on; an older one refuses such functions under any mode it does not know."""
    lasts = True
    """False for one that is on for a moment, or whose run is over: nothing may leave it on."""

    def __enter__(self) -> Any:
        push_dispatch_mode(self)
        return self

    def __exit__(self, *_: Any) -> None:
        self.take_off()

    def take_off(self) -> bool:
        """Take it off wherever it is among the modes of this thread; return False if it is not."""
        return DISPATCH_MODES.take_off(self)


def dispatch_modes() -> list[Any]:
    """Return the dispatch modes that are active, the innermost last."""
    return [dispatch_mode_at(place) for place in range(dispatch_mode_count())]


DISPATCH_MODES = Stack(dispatch_modes, pop_dispatch_mode, push_dispatch_mode)
