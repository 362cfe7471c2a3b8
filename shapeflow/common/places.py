"""Names of files as they are shown and stored: relative, so that nothing tells where they lie."""

from __future__ import annotations

import sys
from pathlib import Path
from traceback import FrameSummary

ELSEWHERE = "…/"
"""Before the name of a file that lies below no folder that anybody could mean."""


def display_name(filename: str) -> str:
    """Return a file's name relative to the import root or working folder that holds it."""
    best = ""
    for root in {*sys.path, str(Path.cwd())}:
        folder = root.rstrip("/") + "/"
        if len(folder) > max(1, len(best)) and filename.startswith(folder):
            best = folder
    return filename[len(best) :] if best else Path(filename).name


def display_frame(frame: FrameSummary) -> FrameSummary:
    """Return a frame of a traceback that names its file as ``display_name`` does."""
    return FrameSummary(
        display_name(frame.filename), frame.lineno, frame.name, line=frame.line or "", lookup_line=False
    )


def display_target(target: str) -> str:
    """Return what was asked for, ``FILE:FUNCTION`` with a file that is not given by an absolute path."""
    place, colon, name = target.rpartition(":")
    file = Path(place)
    if not colon or not file.is_absolute():
        return target
    for folder in (Path.cwd(), Path.cwd().resolve()):
        if file.is_relative_to(folder):
            return f"{file.relative_to(folder)}:{name}"
    return f"{ELSEWHERE}{file.name}:{name}"


def without_folders(text: str) -> str:
    """Return a text, such as the message of an exception, with files below the working folder relative to it.

    Where a script is running, those beside it are, too.
    """
    for folder in sorted({str(Path.cwd()), *sys.path[:1]}, key=len, reverse=True):
        if len(folder) > 1 and folder.startswith("/"):
            text = text.replace(f"{folder.rstrip('/')}/", "")
    return text
