"""What can be had again but costs time, kept in the user's cache folder: whole files, or none."""

from __future__ import annotations

import os
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

VARIABLE = "SHAPEFLOW_CACHE_DIR"
"""Names the folder in the environment; empty: nothing is kept."""
CHECK = 32
"""Bytes before what is kept that tell whether it is as it was."""


def cache_folder(name: str) -> Path | None:
    """Return the folder for one kind of thing, which need not be there yet; None if nothing is to be kept."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) / name if named else None
    try:
        return _users() / "shapeflow" / name
    except RuntimeError:  # there is no home
        return None


def _users() -> Path:
    """Return where the system wants such files."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return given if given.is_absolute() else Path.home() / ".cache"


def kept(path: Path) -> bytes:
    """Return what ``keep`` wrote; nothing where the file is missing, cut off or was changed."""
    try:
        content = path.read_bytes()
    except OSError:
        return b""
    return content[CHECK:] if sha256(content[CHECK:]).digest() == content[:CHECK] else b""


def keep(path: Path, content: bytes) -> bool:
    """Write a file that appears whole, in a folder that only the user may read; False if it cannot be kept.

    Several processes may write and read at once, and any file may be removed at any time.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            unfinished = Path(file.name)
            try:
                file.write(sha256(content).digest() + content)
                file.close()
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
    except OSError:
        return False
    return True
