"""Names of files as they are shown and stored: relative, so that nothing tells where they lie."""

from __future__ import annotations

import os
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


def stored_target(target: str) -> str:
    """Return what was asked for, a file named from the working folder, so that it can run again."""
    place, colon, name = target.rpartition(":")
    if not colon or not Path(place).is_absolute():
        return target
    try:
        return f"{Path(os.path.relpath(place)).as_posix()}:{name}"
    except ValueError:  # on another drive
        return f"{ELSEWHERE}{Path(place).name}:{name}"


def display_target(target: str) -> str:
    """Return a target for who reads a page: of a file outside of the working folder the name alone."""
    place, colon, name = stored_target(target).rpartition(":")
    if colon and place.startswith("../"):
        return f"{ELSEWHERE}{Path(place).name}:{name}"
    return f"{place}{colon}{name}"


def without_folders(text: str) -> str:
    """Return a text, such as the message of an exception, with files below the working folder relative to it.

    Where a script is running, those beside it are, too.
    """
    for folder in sorted({str(Path.cwd()), *sys.path[:1]}, key=len, reverse=True):
        if len(folder) > 1 and folder.startswith("/"):
            text = text.replace(f"{folder.rstrip('/')}/", "")
    return text
