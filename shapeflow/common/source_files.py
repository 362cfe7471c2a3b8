"""Python files that a trace names, found where Python imports from; nothing is imported."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

LARGEST = 2_000_000
"""Bytes of a file that is still read."""


def search_folders(folders: Iterable[str] | None = None) -> list[Path]:
    """Return where files are looked for: where Python imports from, and the working folder."""
    searched = [*sys.path, "."] if folders is None else folders
    return list(dict.fromkeys(Path(folder or ".") for folder in searched))


def find_source(name: str, folders: Iterable[Path]) -> Path | None:
    """Return a Python file below one of some folders; a trace cannot make us read any other file.

    Args:
        name: of the file, from its folder, as a trace has it.
        folders: where it is looked for, in their order.
    """
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or relative.suffix != ".py" or "\\" in name:
        return None
    for folder in folders:
        try:
            root = folder.resolve()
            file = (root / relative).resolve()
            if file.is_relative_to(root) and file.is_file() and file.stat().st_size <= LARGEST:
                return file
        except (OSError, ValueError):
            continue
    return None


def read_source(name: str, folders: Iterable[Path]) -> str | None:
    """Return the text of a Python file below one of some folders; None if there is none that can be read."""
    file = find_source(name, folders)
    try:
        return None if file is None else file.read_text("utf-8-sig", errors="replace")
    except OSError:
        return None
