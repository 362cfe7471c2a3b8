"""The only place where text is printed: nothing of it can steer a terminal, or is obeyed by a CI system."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import TextIO

from shapeflow.common.control_characters import json_text, printed, visible
from shapeflow.errors import MESSAGE

_IN_JSON: ContextVar[bool] = ContextVar("in_json", default=False)


@contextlib.contextmanager
def talk_in_json(wanted: bool = True) -> Iterator[None]:
    """Let everything that is said inside be one JSON object a line; docs/message.schema.json describes it."""
    before = _IN_JSON.set(wanted)
    try:
        yield
    finally:
        _IN_JSON.reset(before)


def talks_in_json() -> bool:
    """Return True if what is said is read by a program."""
    return _IN_JSON.get()


def escape_in_json(error: UnicodeError) -> tuple[str, int]:
    """Write characters that a stream cannot hold as JSON escapes them: a handler for ``codecs``."""
    assert isinstance(error, UnicodeEncodeError), "it is only used for writing"
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


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


def say(
    text: str,
    stream: TextIO | None = None,
    dressed: Callable[[str], str] = lambda text: text,
    data: Mapping[str, object] | None = None,
) -> None:
    """Tell the person something that is not the result; that nobody listens is no error.

    Args:
        text: what to say.
        stream: where; standard error by default.
        dressed: adds colour to the text, once nothing of it can.
        data: the same for a program; by default a note with the text.
    """
    with contextlib.suppress(OSError):
        if talks_in_json():
            print(json_text(data or note(text)), file=stream or sys.stderr, flush=True)
            return
        print(dressed(printed(text)), file=stream or sys.stderr, flush=True)


def note(text: str) -> dict[str, object]:
    """Return something that is neither an error nor a warning as data."""
    return {"schema": MESSAGE, "level": "note", "message": text}
