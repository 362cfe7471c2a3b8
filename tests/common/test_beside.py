"""Work in a copy of the process, and where there can be none."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from shapeflow.common import beside as module
from shapeflow.common.beside import beside, in_thread

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system copies no processes")


@pytest.fixture(autouse=True)
def two_processors_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process look like a command's, whatever runs the tests."""
    monkeypatch.setattr(module, "_processors", lambda: 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)


@needs_fork
def test_another_process_does_the_work() -> None:
    wait = beside(os.getpid, copy=True)
    assert wait() != os.getpid()
    assert wait() == wait()


@needs_fork
def test_a_large_result_arrives_whole() -> None:
    large = "x" * 5_000_000
    assert beside(lambda: large, copy=True)() == large


@needs_fork
def test_what_fails_there_fails_here_with_its_own_error(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("as it was")

    wait = beside(fail, copy=True)
    with pytest.raises(ValueError, match="as it was"):
        wait()
    assert capfd.readouterr().err == ""


@needs_fork
def test_a_copy_that_is_killed_is_no_loss() -> None:
    here = os.getpid()

    def work() -> str:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    assert beside(work, copy=True)() == "done"


@needs_fork
def test_what_cannot_be_sent_is_made_here() -> None:
    assert beside(lambda: os.getpid, copy=True)() is os.getpid


@pytest.mark.parametrize("why", ["not asked for", "one processor", "other threads", "no fork"])
def test_without_a_copy_the_work_is_done_once_when_it_is_asked_for(
    why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why == "one processor":
        monkeypatch.setattr(module, "_processors", lambda: 1)
    if why == "other threads":
        monkeypatch.setattr(threading, "active_count", lambda: 2)
    if why == "no fork":
        monkeypatch.delattr(os, "fork", raising=False)
    done: list[int] = []

    def work() -> int:
        done.append(1)
        return os.getpid()

    wait = beside(work, copy=why != "not asked for")
    assert not done
    assert wait() == wait() == os.getpid()
    assert done == [1]


def test_a_thread_gives_what_it_found_or_its_error() -> None:
    assert in_thread(lambda: 6 * 7)() == 42

    def fail() -> None:
        raise ValueError("as it was")

    wait = in_thread(fail)
    with pytest.raises(ValueError, match="as it was"):
        wait()
