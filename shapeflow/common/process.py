"""Whether this process is the command line's own, or that of a program that imports us; how it is ended."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

_OWN: ContextVar[bool] = ContextVar("own", default=False)
_ENDING = ("SIGTERM", "SIGHUP")
"""Signals that ask a process to end, besides the SIGINT of Ctrl-C."""
_received: list[int] = []


@contextmanager
def own_process() -> Iterator[None]:
    """Say that nothing but what is inside runs in this process; only who has started it can know that.

    A request to end does there what Ctrl-C does.
    """
    numbers = [number for name in _ENDING if (number := getattr(signal, name, None)) is not None]
    ours = [
        number for number in numbers if signal.getsignal(number) == signal.SIG_DFL
    ]  # nohup ignores SIGHUP
    for number in ours:
        signal.signal(number, _interrupt)
    before = _OWN.set(True)
    try:
        yield
    finally:
        _OWN.reset(before)
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def is_own_process() -> bool:
    """Return True if what a whole process shares, such as ``sys.modules``, is ours to change for a while."""
    return _OWN.get()


def interruption() -> tuple[str, int]:
    """Return what a KeyboardInterrupt was, in a word, and its exit code: 128 and the number of the signal."""
    number = _received[-1] if _received else signal.SIGINT
    return "interrupted" if number == signal.SIGINT else "terminated", 128 + number


@contextmanager
def ended_at_once(tell: Callable[[], int]) -> Iterator[None]:
    """Let a request to end, end the process inside without waiting for threads; for what has nothing to lose.

    Only in a process of our own.

    Args:
        tell: says that it was ended, and returns the exit code.
    """

    def end(number: int, frame: FrameType | None) -> None:
        _received.append(number)
        os._exit(tell())

    names = ("SIGINT", *_ENDING) if is_own_process() else ()
    before = {number: signal.signal(number, end) for name in names if (number := getattr(signal, name, 0))}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt


def open_streams() -> None:
    """Open what is closed of standard input, output and error, as nothing.

    The next file that is opened would take the number, and get what is written to that stream.
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            os.set_inheritable(descriptor, True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))
