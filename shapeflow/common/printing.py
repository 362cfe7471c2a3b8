"""The only place where text is printed: nothing of it can steer a terminal, or is obeyed by a CI system."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import TextIO

from shapeflow.common.control_characters import printed, visible


def put(text: str) -> None:
    """Print a result, which may have several lines, to standard output."""
    text = text.replace("\r\n", "\n")  # the line ends of CSV
    sys.stdout.write(f"{printed(text)}\n")


def put_commands(text: str) -> None:
    """Print lines that are meant for a CI system to obey; who made them has escaped what they quote."""
    sys.stdout.write(f"{visible(text)}\n")


def put_coloured(text: str) -> None:
    """Print a result with colours of ours in it; who added them has made visible what it quotes."""
    sys.stdout.write(f"{text}\n")


def say(text: str, stream: TextIO | None = None, dressed: Callable[[str], str] = lambda text: text) -> None:
    """Tell the person something that is not the result; that nobody listens is no error.

    Args:
        text: what to say.
        stream: where; standard error by default.
        dressed: adds colour to the text, once nothing of it can.
    """
    with contextlib.suppress(OSError):
        print(dressed(printed(text)), file=stream or sys.stderr, flush=True)
