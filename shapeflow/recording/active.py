"""Which recordings are at work here: in this thread, and in this context of it.

Hooks into torch and into the classes of a model serve the whole process. Another thread that runs the same
model, or another task of the same event loop, must not appear in a recording; so whoever is called through
such a hook asks here whom to tell.
"""

from __future__ import annotations

from contextvars import ContextVar
from threading import get_ident
from typing import TYPE_CHECKING

from shapeflow.common.shared import Changes

if TYPE_CHECKING:
    from shapeflow.recording.calls import CallRecorder


class Active:
    """One recording at work.

    Args:
        calls: what is told of its calls.
    """

    __slots__ = ("calls", "thread")

    def __init__(self, calls: CallRecorder) -> None:
        self.calls: CallRecorder | None = calls
        """None once it has ended: a context that somebody kept may hold this for ever."""
        self.thread = get_ident()

    def is_here(self) -> bool:
        """Return True if it is at work in this context; asked by modes, which no other thread has."""
        return self in _ACTIVE.get()

    def begin(self, changes: Changes, *, alone: bool = False) -> None:
        """Be at work here until the changes end.

        Args:
            changes: those of the recording.
            alone: let recordings around this one see nothing of it.
        """
        around = _ACTIVE.get()

        def end() -> None:
            self.calls = None
            before = around if alone else _ACTIVE.get()
            _ACTIVE.set(tuple([other for other in before if other.calls is not None]))

        changes.on_end(end)
        _ACTIVE.set((self,) if alone else (*around, self))


_ACTIVE: ContextVar[tuple[Active, ...]] = ContextVar("active", default=())
"""The recordings at work in this context, the outermost first, and those of a thread it was copied from."""


def here() -> list[CallRecorder]:
    """Return the call recorders of the recordings at work here, the outermost first."""
    active = _ACTIVE.get()
    if not active:
        return []
    thread = get_ident()
    return [one.calls for one in active if one.thread == thread and one.calls is not None]
