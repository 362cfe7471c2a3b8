"""Work that another processor does meanwhile: a copy of this process does it and sends back what it gives."""

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
