"""Show how far a run is: a bar on a terminal, now and then a line elsewhere, weighted by FLOPs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from shapeflow.common.control_characters import printed, visible_line
from shapeflow.common.printing import say

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

LINE_SECONDS = 5.0
LINE_PART = 0.05
"""Least time and part of the run between two lines where there is no terminal."""
BAR_SECONDS = 0.1


class FlopCount:
    """Counts the FLOPs of a run beforehand: the same command, shapes-only, in a process of its own.

    In this process it would take as long again, and a model that keeps tensors in a module of its code
    would meet the ones without numbers in the real run.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="shapeflow-")
        self._file = Path(self._folder.name) / "count.trace.json"
        own = ["--device", "meta", "--quiet", "-o", str(self._file)]
        command = [sys.executable, "-m", "shapeflow", "trace", *own, *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._total: float | None = None

    def total(self) -> float | None:
        """Return the FLOPs of the whole run; None as long as they are not known."""
        if self._total is None and self._process.poll() == 0 and self._file.is_file():
            from shapeflow.model.costs import total_flops
            from shapeflow.model.trace import Trace

            self._total = float(total_flops(Trace.load(self._file)))
        return self._total

    def close(self) -> None:
        """End the counting, whether it is done or not."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


class Progress:
    """Shows how far a run is, as long as it is open.

    Args:
        label: what runs, in a few words.
        stream: where to show it; None shows nothing.
        count: knows the FLOPs of the whole run, or will.
    """

    def __init__(self, label: str, stream: TextIO | None, count: FlopCount | None = None) -> None:
        self._label = printed(visible_line(label))
        self._stream = stream
        self._count = count
        self._bar: Bar | None = None
        self._started = self._shown = self._part = 0.0

    def __enter__(self) -> Progress:
        self._shown = time.monotonic()
        if self._stream is not None and self._stream.isatty():
            self._bar = _bar(self._stream)
            self._bar.add_task(self._label, total=None, left="")
            self._bar.start()
        elif self._stream is not None:
            say(self._label, self._stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._count is not None:
            self._count.close()

    def update(self, done: float) -> None:
        """Take note of the FLOPs done so far."""
        now = time.monotonic()
        if self._started == 0.0:
            self._started = now
        if now - self._shown < (LINE_SECONDS if self._bar is None else BAR_SECONDS):
            return
        self._shown = now
        total = self._count.total() if self._count is not None else None
        if self._stream is None or not total or not done:
            return
        part = min(1.0, done / total)
        if self._bar is None and part - self._part < LINE_PART:
            return
        self._part = part
        left = f"{_clock((now - self._started) * (1 - part) / part)} left"
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], total=total, completed=done, left=left)
        else:
            say(f"{self._label}: {part:4.0%}, {left}", self._stream)


def _bar(stream: TextIO) -> Bar:
    """Return rich's progress bar with the columns wanted here."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    return Progress(*columns, console=Console(file=stream), transient=True)


def _clock(seconds: float) -> str:
    """Return ``1:05`` or ``12 s``."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}" if whole >= 60 else f"{whole} s"
