"""``shapeflow annotate --fix`` and ``--to-walkthrough``: files that are changed or made."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import say
from shapeflow.common.control_characters import printed
from shapeflow.common.files import read_bytes, write_bytes
from shapeflow.common.printing import put
from shapeflow.common.text import counted, listing
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.notes.annotate import Annotation


def fix(annotations: Sequence[Annotation], *, write: bool) -> None:
    """Show, or make, the change that puts the sizes of texts right.

    Raises:
        InputError: a text cannot be read or written as it is.
    """
    from shapeflow.notes.fix import fixed, fixes

    for annotation in annotations:
        path = Path(annotation.note.path)
        changes, left = fixes(annotation)
        text = _text(path)
        after = fixed(text, changes)
        if write and after != text:
            write_bytes(path, after.encode())
        elif after != text:
            change = difflib.unified_diff(_lines(text), _lines(after), str(path), str(path))
            put(printed("".join(change).rstrip("\n")))
        numbers = listing(list(dict.fromkeys(str(span.line) for span in left)), 12)
        rest = f"; left for you: line {numbers}" if left else ""
        did = "put right" if write else "would be put right, with --write"
        say(f"{path}: {counted(len(changes), 'size')} {did}{rest}")


def write_walkthrough(trace: Trace, annotation: Annotation, path: Path, *, force: bool) -> None:
    """Write what a run confirms of a text as claims."""
    from shapeflow.notes.as_walkthrough import as_walkthrough
    from shapeflow.reporting.output import save

    text, claims = as_walkthrough(trace, annotation)
    save(path, text.encode(), force=force, inputs=[Path(annotation.note.path)])
    say(f"{path}  {counted(claims, 'claim')}, all of which hold in this run")


def _text(path: Path) -> str:
    """Return a text as it is, with its line ends."""
    try:
        return read_bytes(path, "note").decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"'{path}' is not UTF-8, and is left as it is"
        raise InputError("not-text", what, where=str(path), because=str(error)) from None


def _lines(text: str) -> list[str]:
    return [f"{line.rstrip(chr(13))}\n" for line in text.split("\n")]
