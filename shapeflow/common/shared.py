"""What a run changes for a while: made once for all who need it, and undone when the last of them ends.

Several runs may be at work at once, in threads or one inside another, and end in any order. A change of what
the whole process shares, an attribute of a class or the garbage collector, is therefore made by the first
that asks for it, and what comes back when the last one ends is what was there before the first.

Ctrl-C can come between any two lines. So every step back is noted before the step forward is done, is right
for what was done by half, and may be taken twice; an end that was interrupted is asked for again (``surely``)
and goes on where it stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")

_ABSENT = object()
_LOCK = threading.RLock()


class Change(Protocol):
    """Something that is changed for everybody. It knows how things were when it was created."""

    def make(self) -> None:
        """Change it."""

    def undo(self) -> None:
        """Put it back, also if it was changed by half or is put back already."""


@dataclass(slots=True)
class _Shared:
    change: Change
    users: set[Changes] = field(default_factory=set)
    made: bool = False


_SHARED: dict[Hashable, _Shared] = {}
"""The changes that somebody needs now."""


class Changes:
    """What one run has changed, to be undone at its end, the last change first."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], None]] = []

    def on_end(self, step: Callable[[], None]) -> None:
        """Take a step at the end. Say so before doing what it undoes; it may be taken twice."""
        self._steps.append(step)

    def share(self, key: Hashable, create: Callable[[], Change]) -> None:
        """Make a change that others may need at the same time.

        Args:
            key: by which all of them know it.
            create: gives the change; called by the first.
        """
        self.share_all({key: create})

    def share_all(self, changes: Mapping[Hashable, Callable[[], Change]]) -> None:
        """Make several changes that others may need at the same time, in their order."""
        self.on_end(partial(_alone, partial(_leave_all, tuple(reversed(changes)), self)))
        _alone(partial(_join_all, changes, self))

    def end(self) -> None:
        """Undo what was changed. If this is interrupted, calling it again does the rest."""
        while self._steps:
            self._steps[-1]()
            self._steps.pop()


class Attribute:
    """An attribute replaced by another one, unless somebody has set it anew by the end: that stays.

    Args:
        owner: a class or a module; or a dict, whose item is meant.
        name: of the attribute.
        replacement: gets what it replaces, and returns what stands in its place.
    """

    def __init__(self, owner: Any, name: str, replacement: Callable[[Any], Any]) -> None:
        self._owner, self._name = owner, name
        self._before = self._now()
        self._replacement = replacement(None if self._before is _ABSENT else self._before)

    def _now(self) -> Any:
        return (self._owner if type(self._owner) is dict else vars(self._owner)).get(self._name, _ABSENT)

    def make(self) -> None:
        """Put the replacement in place."""
        if type(self._owner) is dict:
            self._owner[self._name] = self._replacement
        else:
            setattr(self._owner, self._name, self._replacement)

    def undo(self) -> None:
        """Put the original back."""
        if self._now() is not self._replacement:
            return
        if type(self._owner) is dict:
            self._owner[self._name] = self._before
        elif self._before is _ABSENT:
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, self._before)


def replace(changes: Changes, owner: Any, name: str, replacement: Callable[[Any], Any]) -> None:
    """Replace an attribute for everybody until the last who asked for it ends; see ``Attribute``."""
    replace_all(changes, [(owner, name, replacement)])


def replace_all(changes: Changes, rows: Iterable[tuple[Any, str, Callable[[Any], Any]]]) -> None:
    """Replace attributes for everybody, each given by its owner, its name, and what gives the other one."""
    changes.share_all({("attribute", id(row[0]), row[1]): partial(Attribute, *row) for row in rows})


def surely(run: Callable[[], Result], end: Callable[[], None]) -> Result:
    """Return what ``run`` gives, and call ``end`` afterwards whatever happens: again, if it was interrupted.

    Args:
        run: what may be interrupted anywhere.
        end: may be called twice, and then does what is left to do.
    """
    try:
        try:
            return run()
        finally:
            end()
    finally:
        end()


def _join_all(changes: Mapping[Hashable, Callable[[], Change]], user: Changes) -> None:
    for key, create in changes.items():
        shared = _SHARED.get(key)
        if shared is None:
            shared = _SHARED[key] = _Shared(create())
        shared.users.add(user)
        if not shared.made:
            shared.change.make()
            shared.made = True


def _leave_all(keys: Iterable[Hashable], user: Changes) -> None:
    for key in keys:
        shared = _SHARED.get(key)
        if shared is None:
            continue
        shared.users.discard(user)
        if not shared.users:
            shared.change.undo()
            del _SHARED[key]


def _alone(change: Callable[[], None]) -> None:
    """Do something while no other thread does; the lock is given back wherever this is interrupted."""
    outermost = not _is_ours()
    try:
        with _LOCK:
            change()
    finally:
        while outermost and _is_ours():
            _LOCK.release()


_is_ours: Callable[[], bool] = _LOCK._is_owned  # type: ignore[attr-defined] # as threading.Condition asks
