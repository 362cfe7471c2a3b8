"""Modes are taken out of a stack, and none is lost wherever that is interrupted."""

from __future__ import annotations

from itertools import count

import pytest

from shapeflow.recording.stacks import Stack


class Interrupted:
    """A stack that raises KeyboardInterrupt before or after its n-th step."""

    def __init__(self, *modes: str) -> None:
        self.modes = list(modes)
        self.steps = count(1)
        self.at = 0

    def stack(self) -> Stack:
        return Stack(self.look, self.pop, self.push)

    def look(self) -> list[str]:
        self._step()
        return list(self.modes)

    def pop(self) -> str:
        self._step()
        mode = self.modes.pop()
        self._step()
        return mode

    def push(self, mode: str) -> None:
        self._step()
        self.modes.append(mode)
        self._step()

    def _step(self) -> None:
        if next(self.steps) == self.at:
            raise KeyboardInterrupt


def interrupted_everywhere(run, modes):
    """Yield the modes that are left after an interruption at each step of ``run``."""
    for at in count(1):
        held = Interrupted(*modes)
        held.at = at
        try:
            run(held)
        except KeyboardInterrupt:
            yield held.modes
        else:
            assert at > 3
            return


@pytest.mark.parametrize(
    ("modes", "left"),
    [
        (["a", "mine", "b", "c"], ["a", "b", "c"]),
        (["mine", "a", "mine", "b"], ["mine", "a", "b"]),
        (["a", "b", "mine"], ["a", "b"]),
    ],
)
def test_the_innermost_place_is_taken_and_no_other(modes, left):
    held = Interrupted(*modes)
    assert held.stack().take_off("mine")
    assert held.modes == left
    assert all(
        found in (left, modes)
        for found in interrupted_everywhere(lambda held: held.stack().take_off("mine"), modes)
    )


def test_what_is_not_there_is_not_taken():
    held = Interrupted("a", "b")
    assert not held.stack().take_off("mine")
    assert held.modes == ["a", "b"]


def test_an_emptied_stack_is_as_before_afterwards():
    def run(held):
        with held.stack().emptied():
            assert held.modes == []
            held.push("new")
            held.pop()

    held = Interrupted("a", "b", "c")
    run(held)
    assert held.modes == ["a", "b", "c"]
    assert all(found == ["a", "b", "c"] for found in interrupted_everywhere(run, ["a", "b", "c"]))
