"""Have graph after graph drawn by one program, while the next ones are still being made."""

from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType

from shapeflow.errors import InputError
from shapeflow.graph.embedded import END, MARKER
from shapeflow.graph.kept import KeptPictures

PATIENCE = 5.0
"""Seconds without a picture after which the program is told that no more graphs come: it may wait for it."""
CHUNK = 1 << 16
START = b"<?xml"
"""Begins a picture, of several as of one."""
ENDED = f"<title>{END}</title>".encode()


class Drawer:
    """Draws graphs as svg; ``answer`` gives the pictures in the order in which ``ask`` was called.

    Args:
        command: the words that call the program.
        alone: draws one graph with a program of its own, to learn why it is not drawn among others.
        seconds: time allowed for the next picture; then the program is stopped.
        kept: the pictures of before.
    """

    def __init__(
        self,
        command: Sequence[str],
        alone: Callable[[str], bytes],
        seconds: float,
        kept: KeptPictures | None = None,
    ) -> None:
        self._command, self._alone, self._seconds, self._kept = command, alone, seconds, kept
        self._asked: deque[tuple[str, bytes]] = deque()
        """Graphs without an answer yet, each with the picture of before if there is one."""
        self._ready: deque[bytes] = deque()
        """Pictures that the program gave and nobody took; empty for a graph that it could not draw."""
        self._program: _Program | None = None

    def __enter__(self) -> Drawer:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the program."""
        self._stop()
        if self._kept:
            self._kept.tidy()

    def ask(self, dot: str) -> None:
        """Begin to draw a graph."""
        picture = self._kept.get(dot) if self._kept else b""
        self._asked.append((dot, picture))
        if not picture:
            self._send([dot])

    def answer(self) -> bytes | InputError:
        """Return the picture of the first graph that was asked for and not answered, or why there is none."""
        dot, picture = self._asked.popleft()
        if picture:
            return picture
        if not self._ready:
            self._ready.extend(self._next())
        try:
            picture = (self._ready.popleft() if self._ready else b"") or self._alone(dot)
        except InputError as error:
            return error
        if self._kept:
            self._kept.put(dot, picture)
        return picture

    def _next(self) -> list[bytes]:
        """Return the next picture; of a program that is late or ended early all that it still gives.

        What it does not give is asked for again, but for the graph that it stopped at.
        """
        assert self._program is not None
        picture = self._program.next(min(PATIENCE, self._seconds))
        if picture is not None:
            return [picture]
        self._program.close()
        found: list[bytes] = []
        while (picture := self._program.next(self._seconds)) is not None:
            found.append(picture)
        self._stop()
        left = [dot for dot, known in self._asked if not known]
        self._send(left[max(len(found) - 1, 0) :])
        return found

    def _send(self, dots: Iterable[str]) -> None:
        for dot in dots:
            self._program = self._program or _Program(self._command)
            self._program.asked.put(f"{dot}\n{MARKER}\n".encode())

    def _stop(self) -> None:
        if self._program is not None:
            self._program.stop()
        self._program = None


class _Program:
    """One run of the program, with a thread that feeds it and one that takes what it draws."""

    def __init__(self, command: Sequence[str]) -> None:
        self.asked: SimpleQueue[bytes | None] = SimpleQueue()
        self._drawn: SimpleQueue[bytes | None] = SimpleQueue()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._threads = [threading.Thread(target=do, daemon=True) for do in (self._feed, self._take)]
        for thread in self._threads:
            thread.start()

    def next(self, seconds: float) -> bytes | None:
        """Return the next picture, empty if it could not be drawn; None if the program ended or is late."""
        try:
            picture = self._drawn.get(timeout=seconds)
        except Empty:
            return None
        if picture is None:
            self._drawn.put(None)  # it stays ended
        return picture

    def close(self) -> None:
        """Say that no more graphs come."""
        self.asked.put(None)

    def stop(self) -> None:
        """End the program, whatever it does, and the threads."""
        self.close()
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()

    def _feed(self) -> None:
        assert self._process.stdin is not None
        try:
            with self._process.stdin as file:
                while (text := self.asked.get()) is not None:
                    file.write(text)
                    file.flush()
        except OSError:  # it ended
            pass

    def _take(self) -> None:
        """Cut what the program writes into pictures; a small one marks the end of each."""
        assert self._process.stdout is not None
        text = b""
        with self._process.stdout as file:
            while chunk := os.read(file.fileno(), CHUNK):
                text += chunk
                while ENDED in text:
                    before, _, text = text.partition(ENDED)
                    # The last that begins is the mark itself; before the first is the rest of one.
                    pictures = before.split(START)[1:-1]
                    self._drawn.put(START + pictures[-1] if pictures else b"")
        self._drawn.put(None)
