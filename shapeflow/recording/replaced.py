"""A function of torch's that is another one in the threads that ask for it, and itself in all others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from typing import Any

from shapeflow.common.shared import Changes, replace

Function = Callable[..., Any]


class _Asked(threading.local):
    instead: tuple[Function, ...] = ()
    """What this thread wants in its place, the last one first asked."""


class Replaced:
    """A function of a module that can be replaced.

    Args:
        name: its dotted name.
    """

    def __init__(self, name: str) -> None:
        self._module, _, self._name = name.rpartition(".")
        self._asked = _Asked()

    def begin(self, instead: Function, changes: Changes) -> None:
        """Let another function stand in its place, for this thread, until the changes end."""
        asked = self._asked

        def end() -> None:
            asked.instead = tuple([other for other in asked.instead if other is not instead])

        changes.on_end(end)
        asked.instead = (*asked.instead, instead)
        replace(changes, import_module(self._module), self._name, self._told)

    @contextmanager
    def by(self, instead: Function) -> Iterator[None]:
        """Let another function stand in its place, for this thread, inside a ``with`` block."""
        changes = Changes()
        try:
            try:
                self.begin(instead, changes)
                yield
            finally:
                changes.end()
        finally:
            changes.end()

    @property
    def current(self) -> Function:
        """What this thread gets: what it wants in its place, or the function itself."""
        instead = self._asked.instead
        return instead[-1] if instead else self.original

    @property
    def original(self) -> Function:
        """The function itself, also while another one stands in its place."""
        now: Function = getattr(import_module(self._module), self._name)
        return getattr(now, "__replaced__", now)

    def _told(self, original: Function) -> Function:
        asked = self._asked

        def told(*args: Any, **kwargs: Any) -> Any:
            instead = asked.instead
            return (instead[-1] if instead else original)(*args, **kwargs)

        wraps(original)(told)  # torch asks functions for their names
        vars(told)["__replaced__"] = original
        return told
