"""Take modes out of a stack that can only be pushed to and popped from, and lose none if Ctrl-C comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from shapeflow.common.shared import surely


class Stack(NamedTuple):
    """A stack of modes."""

    modes: Callable[[], list[Any]]
    """What is on it now, the innermost last."""
    pop: Callable[[], Any]
    push: Callable[[Any], None]

    def take_off(self, mode: Any) -> bool:
        """Take off the innermost place of a mode; return False if it has none."""
        before = self.modes()
        places = [place for place, other in enumerate(before) if other is mode]
        if not places:
            return False
        place = places[-1]

        def put_back() -> None:
            now = self.modes()
            is_on = len(now) > place and now[place] is mode  # it was interrupted before that one came
            for other in before[len(now) if is_on else len(now) + 1 :]:
                self.push(other)

        surely(lambda: self._pop_to(place), put_back)
        return True

    @contextmanager
    def emptied(self) -> Iterator[None]:
        """Take all modes off inside a block; new ones work there."""
        before = self.modes()

        def put_back() -> None:
            same = 0
            for now, then in zip(self.modes(), before, strict=False):
                if now is not then:  # left on by what ran inside
                    break
                same += 1
            self._pop_to(same)
            for mode in before[same:]:
                self.push(mode)

        try:
            try:
                self._pop_to(0)
                yield
            finally:
                put_back()
        finally:
            put_back()

    def _pop_to(self, count: int) -> None:
        while len(self.modes()) > count:
            self.pop()
