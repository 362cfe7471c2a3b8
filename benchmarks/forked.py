"""Call functions in children of this process, which has imported what they need.

As many run at once as there are cores. A child has its own caches, a limit of processor time and one of
memory, and may die without harm.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

FORK = multiprocessing.get_context("fork")
SECONDS = 60
GIBIBYTES = 6


class ChildError(Exception):
    """A child ended without a result; says why."""


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what ``function(*arguments)`` returns in a child of its own.

    Raises:
        ChildError: it raised an exception, took too long, or was killed.
    """
    process, answers = _start(function, arguments)
    return _answer(process, answers)


def call_each(
    function: Callable[..., Any], items: Iterable[Any], at_once: int | None = None
) -> Iterator[tuple[Any, Any]]:
    """Yield each item and what ``function(item)`` returns in a child, or a ``ChildError``, as they come."""
    running: dict[Connection, tuple[Any, BaseProcess]] = {}
    waiting = iter(items)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    while True:
        for item in waiting:
            process, answers = _start(function, (item,), limited=False)
            running[answers] = (item, process)
            if len(running) >= (at_once or cores or 1):
                break
        if not running:
            return
        for answers in wait(list(running)):
            assert isinstance(answers, Connection)
            item, process = running.pop(answers)
            try:
                yield item, _answer(process, answers)
            except ChildError as error:
                yield item, error


def _start(
    function: Callable[..., Any], arguments: tuple[Any, ...], limited: bool = True
) -> tuple[BaseProcess, Connection]:
    answers, end = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_child, args=(end, function, arguments, limited))
    process.start()
    end.close()
    return process, answers


def _child(end: Connection, function: Callable[..., Any], arguments: tuple[Any, ...], limited: bool) -> None:
    if limited:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
        with suppress(OSError):  # no /proc: no limit of memory
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            most = pages * resource.getpagesize() + GIBIBYTES * 2**30
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        answer = (True, function(*arguments))
    except BaseException as error:  # whatever happens in a model is what is asked for
        answer = (False, f"{type(error).__name__}: {error}")
    end.send(answer)


def _answer(process: BaseProcess, answers: Connection) -> Any:
    try:
        fine, answer = answers.recv()
    except EOFError:
        fine, answer = False, None
    finally:
        answers.close()
        process.join()
    if fine:
        return answer
    if answer is None:
        code = process.exitcode or 0
        slow = code == -signal.SIGXCPU
        answer = f"more than {SECONDS} s of processor time" if slow else f"ended with exit code {code}"
    raise ChildError(answer)
