"""What commands share in talking to a person: colour where it is wanted, and words beside the result."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from shapeflow.common import printing
from shapeflow.common.control_characters import json_text, visible_line
from shapeflow.common.files import is_stream
from shapeflow.common.process import interruption
from shapeflow.common.text import Span
from shapeflow.errors import Diagnostic, SelectorError


def wants_colour(stream: TextIO) -> bool:
    """Return whether colour is shown and welcome on a stream."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def coloured(message: str) -> str:
    """Return a rendered message with its level, arrow and labels in colour; the words stay the same."""
    message = re.sub(r"^(\w+\[[\w-]+\])", "\033[1;31m\\1\033[0m", message)
    message = re.sub(r"^(  -->|   = \w+:)", "\033[1;36m\\1\033[0m", message, flags=re.MULTILINE)
    return re.sub(r"^( *\| *)(\^+)$", "\\1\033[1;31m\\2\033[0m", message, flags=re.MULTILINE)


def say(text: str, quiet: bool = False) -> None:
    """Tell the person, in a line, something that is not the result."""
    if not quiet:
        printing.say(visible_line(text))


def tell(message: Diagnostic, level: str = "error", exit_code: int | None = None, *, text: str = "") -> None:
    """Tell the person, or the program that reads it, an error or a warning; in colour where that is wanted.

    Args:
        message: what is wrong.
        level: ``error`` or ``warning``.
        exit_code: the exit code of the command, if that is what ends it.
        text: what a person reads instead of the whole message.
    """
    data = message.data(level, exit_code)
    dress = coloured if wants_colour(sys.stderr) else str
    printing.say(text or message.render(level), dressed=dress, data=data)


def tell_interruption(rest: str = "") -> int:
    """Say that somebody ended the command, and return its exit code; ``rest`` says what is left of it."""
    word, code = interruption()
    what = f"{word}{rest}"
    tell(Diagnostic("interrupted", what), exit_code=code, text=visible_line(what))
    return code


def print_json(data: object) -> None:
    """Print a result for a program, as one JSON object on a line."""
    printing.put(json_text(data))


def written(files: Iterable[Path], **facts: object) -> dict[str, object]:
    """Return which files a command wrote as data, with what it says of them; see docs/written.schema.json."""
    rows = [{"path": str(path), "bytes": path.stat().st_size} for path in files if not is_stream(path)]
    return {"schema": "shapeflow.written/1", "files": rows, **facts}


@contextmanager
def pointing(text: str, option: str = "") -> Iterator[None]:
    """Put carets under the part of a selector that is meant."""
    try:
        yield
    except SelectorError as error:
        start, end = error.columns or (0, len(text))
        place = f"option {option}" if option else "SELECTOR"
        frame = Span(place, 1, text, start, end).frame() if text.isprintable() else ""
        raise error.amend(where=error.where or f"{place}, column {start + 1}", frame=frame) from None
