"""Python files that a trace names, found where Python imports from; nothing is imported."""

from __future__ import annotations

import io
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

LARGEST = 2_000_000
"""Bytes of a file that is still read."""


def search_folders(folders: Iterable[str] | None = None) -> list[Path]:
    """Return where files are looked for: where Python imports from, and the working folder."""
    searched = [*sys.path, "."] if folders is None else folders
    return list(dict.fromkeys(Path(folder or ".") for folder in searched))


def find_sources(name: str, folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the Python files of a name below some folders; a trace cannot make us read any other file.

    Args:
        name: of the file, from its folder, as a trace has it.
        folders: where it is looked for, in their order.
    """
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or relative.suffix != ".py" or "\\" in name:
        return
    for folder in folders:
        try:
            root = folder.resolve()
            file = (root / relative).resolve()
            if file.is_relative_to(root) and file.is_file() and file.stat().st_size <= LARGEST:
                yield file
        except (OSError, ValueError):
            continue


def read_source(name: str, folders: Iterable[Path]) -> str | None:
    """Return the text of a Python file below one of some folders; None if there is none that can be read."""
    file = next(find_sources(name, folders), None)
    return None if file is None else source_text(file)


def source_text(file: Path) -> str | None:
    """Return the text of a Python file in the encoding that it declares; None if it cannot be read."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    encoding = source_encoding(content) or "utf-8-sig"
    return io.TextIOWrapper(io.BytesIO(content), encoding, errors="replace").read()


def source_encoding(content: bytes) -> str | None:
    """Return the encoding that Python reads a file in, by its first bytes and lines; None: in none."""
    try:
        return tokenize.detect_encoding(io.BytesIO(content).readline)[0]
    except SyntaxError:
        return None
