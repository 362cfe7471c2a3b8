"""Work that another processor does meanwhile: in a copy of this process, or in a thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Given = TypeVar("Given")


def beside(work: Callable[[], Given], *, copy: bool) -> Callable[[], Given]:
    """Start some work and return what waits for its end and returns what it gives.

    Args:
        work: it changes nothing, and what it gives can be pickled.
        copy: have a copy of this process do it, where there can be one and a processor for it. False where
            the process is not ours: what others do in it may not survive that. Then, and if the copy fails
            in any way, the work is done here when it is asked for.
    """
    if not (copy and _processors() > 1 and hasattr(os, "fork") and threading.active_count() == 1):
        return cache(work)
    from multiprocessing import get_context

    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    helper = context.Process(target=_send, args=(work, sender), daemon=True)
    helper.start()
    sender.close()

    @cache
    def result() -> Given:
        try:
            given: Given = receiver.recv()
        except (EOFError, OSError):
            given = work()
        helper.join()
        return given

    return result


def in_thread(work: Callable[[], Given]) -> Callable[[], Given]:
    """Start work that spends its time outside of Python, and return what waits for what it gives.

    Args:
        work: such as a compression; it changes nothing.
    """
    given: list[Given] = []
    failed: list[BaseException] = []

    def do() -> None:
        try:
            given.append(work())
        except BaseException as error:
            failed.append(error)

    def result() -> Given:
        thread.join()
        if failed:
            raise failed[0]
        return given[0]

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    return result


def _send(work: Callable[[], Given], sender: Connection) -> None:
    """Do the work and send what it gives; nothing if it fails: it is done again, then, where that is told."""
    try:
        sender.send(work())
    except BaseException:
        sender.close()


def _processors() -> int:
    """Return how many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
