"""What commands share in talking to a person: colour where it is wanted, and words beside the result."""

from __future__ import annotations

import os
import re
from typing import TextIO

from shapeflow.common import printing
from shapeflow.common.control_characters import visible_line


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
