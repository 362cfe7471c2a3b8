"""``shapeflow source --write``: comments with shapes put into a file of one's own, or shown as a change."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.common.files import read_bytes, write_bytes
from shapeflow.common.source_files import source_encoding
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.source.lines import SourceFile


def comment(trace: Trace, files: Sequence[SourceFile], *, beside: Path, write: bool) -> tuple[str, str]:
    """Return the change that puts shapes into the comments of a file, and what it comes to in words.

    Args:
        trace: the run.
        files: the file, and no other.
        beside: the folder of the trace.
        write: make the change.

    Raises:
        InputError: there are several files, it is not the user's own, has changed since the run, or cannot
            be read or written.
    """
    from shapeflow.source.collect import own_file
    from shapeflow.source.comments import remarks, written

    if len(files) != 1:
        what = f"comments go into one file at a time, and this names {len(files)}"
        raise InputError("usage", what, where="option --write or --diff", expected="the end of a file's name")
    path = own_file(trace, files[0].name, beside=beside)
    if not files[0].known:
        raise InputError(
            "unknown-source",
            f"'{files[0].name}' has changed since the run, so its lines may have made something else",
            where=str(path),
            hint="shapeflow trace makes a new trace",
        )
    text, encoding = _text(path)
    found = remarks(files[0], text)
    kinds = Counter(one.kind for one in found)
    counts = ", ".join(f"{kinds[what]} {what}" for what in ("added", "updated", "kept"))
    after = written(text, [one for one in found if one.kind != "kept"])
    change = "".join(difflib.unified_diff(_shown(text), _shown(after), str(path), str(path))).rstrip("\n")
    if write and change:
        write_bytes(path, _encoded(after, encoding, path))
    return change, f"{path}  comments: {counts}"


def _text(path: Path) -> tuple[str, str]:
    """Return a file as it is, with its line ends, and its encoding."""
    content = read_bytes(path, "Python file")
    encoding = (source_encoding(content) or "utf-8").removesuffix("-sig")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        what = f"'{path}' is not in {encoding.upper()}, and is left as it is"
        raise InputError("file-unreadable", what, where=str(path), because=str(error)) from None
    if "\r" in text.replace("\r\n", ""):
        raise InputError("file-unreadable", f"'{path}' has line ends of an old kind (CR)", where=str(path))
    return text, encoding


def _encoded(text: str, encoding: str, path: Path) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        sign = error.object[error.start : error.end]
        raise InputError(
            "not-writable",
            f"'{path}' declares {encoding}, which has no '{sign}', and a comment needs it",
            where=str(path),
            hint="save the file as UTF-8",
        ) from None


def _shown(text: str) -> list[str]:
    return [f"{line.rstrip(chr(13))}\n" for line in text.split("\n")]
