"""Read a text: a Markdown note, a notebook or a Python file, with the shapes that it states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from shapeflow.common.files import read_bytes
from shapeflow.common.source_files import source_encoding
from shapeflow.common.text import counted
from shapeflow.errors import InputError
from shapeflow.notes.finding.definitions import definitions
from shapeflow.notes.finding.find import THRESHOLD, Prior, find_mentions
from shapeflow.notes.finding.literals import MAX_LINE
from shapeflow.notes.mention import Frame, Kind, Mention, Note, Passage, Span
from shapeflow.notes.reading.directives import apply_directives
from shapeflow.notes.reading.fences import fence_passages
from shapeflow.notes.reading.markdown import Reader
from shapeflow.notes.reading.notebook import notebook_passages, read_cells
from shapeflow.notes.reading.python_code import code_passages, parsed
from shapeflow.notes.reading.source_links import with_links

MAX_BYTES = 64 * 1024**2
"""Of a file; notebooks carry pictures."""
MAX_CHARACTERS = 4_000_000
"""Of a text; what is longer was written by no person."""
MAX_MENTIONS = 5_000
"""Shapes of a text that are judged."""
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
    kind = KINDS.get(path.suffix.lower(), "markdown")
    declared = source_encoding(content) if kind == "python" else None
    return note_from_text(_decoded(content, str(path), declared or "utf-8"), kind, str(path))


def note_from_text(
    text: str,
    kind: Kind = "markdown",
    path: str = "",
    threshold: float = THRESHOLD,
    prior: Prior | None = None,
) -> Note:
    """Return a text with the shapes that it states.

    Args:
        text: all of it.
        kind: how it is read.
        path: of the file, for messages.
        threshold: what is less likely a shape than this is left out.
        prior: what else is known of a list of dims, as a logarithm of odds: whether a trace has such sizes.

    Raises:
        InputError: it is a notebook whose JSON is broken, or too large.
    """
    if kind == "notebook":
        cells = read_cells(text, path or "the text")
        held = tuple((*cell.source, *cell.output) for cell in cells)
        note = Note(path, kind, (), cells=held)
        return _filled(note, list(notebook_passages(cells)), dict(enumerate(held)), threshold, prior)
    if len(text) > MAX_CHARACTERS:
        what = f"'{path or 'the text'}' is too large for a note"
        expected = f"at most {MAX_CHARACTERS:,} characters"
        hint = "give the part of it that is about the model"
        found = f"{len(text):,}"
        raise InputError("file-unreadable", what, where=path, expected=expected, found=found, hint=hint)
    lines = tuple(_NEW_LINE.split(text))
    return _filled(Note(path, kind, lines), list(_passages(lines, kind)), {None: lines}, threshold, prior)


def _filled(
    note: Note,
    passages: list[Passage],
    lines_of: Mapping[int | None, Sequence[str]],
    threshold: float,
    prior: Prior | None,
) -> Note:
    """Return a note with what its passages say."""
    found = find_mentions(passages, lines_of, threshold, prior)
    kept, ignored = apply_directives(found, passages)
    mentions = with_links(kept, lines_of)
    unread = tuple(_unread(passages, mentions))
    mentions = mentions[:MAX_MENTIONS]
    said = definitions(passages, mentions)
    return replace(
        note,
        unread=unread,
        mentions=tuple(mentions),
        definitions=said,
        ignored=tuple(ignored),
        passages=tuple(passages),
    )


def _unread(passages: Iterable[Passage], mentions: Sequence[Mention]) -> Iterator[str]:
    """Yield what is left out of a text, since no person writes so much: sentences with the place."""
    long = [one for one in passages if len(one.text) > MAX_LINE]
    if long:
        more = f", and so in {counted(len(long) - 1, 'other line')}" if len(long) > 1 else ""
        yield f"{_place(long[0])} is read up to its character {MAX_LINE:,} of {len(long[0].text):,}{more}"
    if len(mentions) > MAX_MENTIONS:
        left = counted(len(mentions) - MAX_MENTIONS, "shape")
        first = _place(mentions[MAX_MENTIONS].span)
        yield f"{left} from {first} on are not judged: at most {MAX_MENTIONS:,} are"


def _place(one: Passage | Span) -> str:
    return f"line {one.line:,}" if one.cell is None else f"cell {one.cell + 1}, line {one.line:,}"


def _passages(lines: tuple[str, ...], kind: Kind) -> Iterable[Passage]:
    if kind == "python":
        return code_passages(lines, 1, Frame(language="python"), 0, None, parsed(lines))
    try:
        return list(Reader(lines).passages())
    except RecursionError:
        # Quotations in quotations without end: what stands in the lines counts all the same.
        return fence_passages(lines, 1, Frame(language="text"), 0)


def _decoded(content: bytes, path: str, declared: str) -> str:
    """Return the text of a file.

    Args:
        content: its bytes.
        path: where it is, for messages.
        declared: the encoding that it has if its first bytes say nothing else.
    """
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), declared)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        what = f"'{path}' is not text in {encoding.upper()}"
        because = f"byte {error.start:,}: {error.reason}"
        raise InputError("not-text", what, where=path, because=because, hint="save it as UTF-8") from None
    if "\0" in text:
        what = f"'{path}' is not a text"
        raise InputError("not-text", what, where=path, because="it holds bytes that no text has")
    return text
