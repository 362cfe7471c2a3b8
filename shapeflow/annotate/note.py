"""Read a text: a Markdown note, a notebook or a Python file, with the shapes that it states."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from shapeflow.annotate.fences import fence_passages
from shapeflow.annotate.find import THRESHOLD, find_mentions
from shapeflow.annotate.markdown import Reader
from shapeflow.annotate.mention import Frame, Kind, Note
from shapeflow.annotate.notebook import notebook_passages, read_cells
from shapeflow.annotate.passages import Passage
from shapeflow.annotate.python_code import code_passages, parsed
from shapeflow.common.files import read_bytes
from shapeflow.errors import InputError

MAX_BYTES = 64 * 1024**2
KINDS: dict[str, Kind] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".ipynb": "notebook",
    ".py": "python",
    ".pyi": "python",
}
"""Ending of a file -> how it is read; others are read as Markdown."""
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""First bytes of a file -> its encoding."""
_NEW_LINE = re.compile(r"\r\n|\n|\r")


def read_note(path: Path) -> Note:
    """Read a file with the shapes that it states.

    Raises:
        InputError: it cannot be read, is not text, or is a notebook whose JSON is broken.
    """
    content = read_bytes(path, "note", limit=MAX_BYTES, unfit="file-unreadable")
    return note_from_text(_decoded(content, str(path)), KINDS.get(path.suffix.lower(), "markdown"), str(path))


def note_from_text(text: str, kind: Kind = "markdown", path: str = "", threshold: float = THRESHOLD) -> Note:
    """Return a text with the shapes that it states.

    Raises:
        InputError: it is a notebook whose JSON is broken.
    """
    if kind == "notebook":
        cells = read_cells(text, path or "the text")
        held = tuple((*cell.source, *cell.output) for cell in cells)
        mentions = find_mentions(notebook_passages(cells), dict(enumerate(held)), threshold)
        return Note(path, kind, (), tuple(mentions), cells=held)
    lines = tuple(_NEW_LINE.split(text))
    mentions = find_mentions(_passages(lines, kind), {None: lines}, threshold)
    return Note(path, kind, lines, tuple(mentions))


def _passages(lines: tuple[str, ...], kind: Kind) -> Iterable[Passage]:
    if kind == "python":
        return code_passages(lines, 1, Frame(language="python"), 0, None, parsed(lines))
    try:
        return list(Reader(lines).passages())
    except RecursionError:
        # Quotations in quotations without end: what stands in the lines counts all the same.
        return fence_passages(lines, 1, Frame(language="text"), 0)


def _decoded(content: bytes, path: str) -> str:
    """Return the text of a file."""
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        what = f"'{path}' is not text in UTF-8"
        because = f"byte {error.start:,}: {error.reason}"
        raise InputError("not-text", what, where=path, because=because, hint="save it as UTF-8") from None
    if "\0" in text:
        what = f"'{path}' is not a text"
        raise InputError("not-text", what, where=path, because="it holds bytes that no text has")
    return text
