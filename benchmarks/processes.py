"""Run a measurement in a process of its own: its time, its peak memory, and what it prints as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.document import ROOT


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has ended."""

    seconds: float
    """From its start to its end, by the clock."""
    processor_seconds: float
    peak_bytes: int
    """The most memory it had at once."""
    result: Any
    """The last line it printed, read as JSON; None if it failed."""
    error: str
    """Why it failed: the line that names the exception."""


def python(arguments: Sequence[str], limit: float = 600, folder: Path = ROOT) -> Finished:
    """Run Python with ``arguments`` in a folder, by default the repository, for at most ``limit`` seconds."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as talk:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, stdout=output, stderr=talk, text=True
        )
        timer = threading.Timer(limit, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        for file in (output, talk):
            file.seek(0)
        lines, told = output.read().splitlines(), talk.read().splitlines()
    error = ""
    if process.returncode:
        error = f"more than {limit:.0f} s" if seconds >= limit else _exception(told)
    result = json.loads(lines[-1]) if lines and not error and lines[-1][:1] in "[{" else None
    return Finished(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, result, error)


def _exception(lines: list[str]) -> str:
    """Return the line of a traceback that names the exception."""
    after = [
        line for position, line in enumerate(lines) if position and lines[position - 1].startswith("    ")
    ]
    named = [
        line for line in after if line and not line.startswith((" ", "Traceback", "During", "The above"))
    ]
    return (named or lines or ["it ended without a word"])[-1]
