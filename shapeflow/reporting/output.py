"""Write reports and drawings, never over a file that somebody else made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from shapeflow.common.files import write_bytes
from shapeflow.errors import InputError

MARK = b"shapeflow"
"""Stands near the beginning of every text we write."""
LOOKED_AT = 4_096
PICTURES = (b"\x89PNG\r\n\x1a\n", b"%PDF-")


def save(path: Path, content: bytes, *, force: bool = False, inputs: Iterable[Path] = ()) -> Path:
    """Write ``content``, wholly or not at all, and return the path.

    A file that shapeflow made is replaced; any other only with ``force``; an input never.

    Raises:
        InputError: ``output-exists``, ``output-is-input``, ``not-writable`` or ``disk-full``.
    """
    for given in inputs:
        if path.exists() and given.exists() and path.samefile(given):
            raise InputError(
                "output-is-input",
                f"'{path}' is what is read here and cannot be written over",
                where="option -o",
                hint="another name for the output",
            )
    if path.is_file() and not force and not is_ours(path, content):
        raise InputError(
            "output-exists",
            f"'{path}' exists and was not made by shapeflow",
            where="option -o",
            hint="--force replaces it, or another name",
        )
    return write_bytes(path, content)


def is_ours(path: Path, content: bytes = b"") -> bool:
    """Return whether a file is an earlier output of ours, as far as its beginning shows.

    Args:
        path: the file.
        content: what is to take its place: a picture may replace a picture of the same kind.
    """
    try:
        with path.open("rb") as file:
            head = file.read(LOOKED_AT)
    except OSError:
        return True  # writing it will say what is wrong
    same_picture = any(head.startswith(magic) and content.startswith(magic) for magic in PICTURES)
    return not head or MARK in head or same_picture
