"""The true sizes written into a text, in its author's own notation; all else stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shapeflow.errors import InputError
from shapeflow.notes.annotate import Annotation
from shapeflow.notes.mention import Mention, Span
from shapeflow.notes.statements.statement import StatementMark
from shapeflow.shapes.notation import Expression, parse_shape

SURE = 0.9
"""So sure has the place of a shape to be, from 0 to 1, before anything is written there."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?|True|False")
_NEW_LINE = re.compile(r"\r\n|\n|\r")
_LAYOUTS: tuple[dict[str, Any], ...] = (
    {"indent": 1, "ensure_ascii": False},
    {"indent": 1},
    {"indent": 2, "ensure_ascii": False},
    {"indent": 2},
    {"indent": 4, "ensure_ascii": False},
    {"indent": 4},
    {"ensure_ascii": False},
    {},
)
"""How programs write the JSON of a notebook."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A size in place of another."""

    line: int
    """From 1."""
    column: int
    """From 1."""
    end: int
    """The column after the last that is replaced."""
    text: str
    cell: int | None = None


def fixes(annotation: Annotation) -> tuple[list[Fix], list[Span]]:
    """Return what would put a text right, and where is what is contradicted and left for its author.

    A shape is put right where its place is sure, it has as many axes as the tensor there, or all but a 1 in
    front, and what is wrong in it is written as numbers: a letter that stands for another size may be right
    elsewhere. Of a count or a setting the number is replaced, where the run has one.
    """
    found: list[Fix] = []
    left = []
    for mark in annotation.marks:
        if mark.verdict == "contradicted":
            own = list(_fixes(mark.mention, mark.found)) if mark.confidence >= SURE else []
            found += own
            left += [] if own else [mark.mention.span]
    for stated in annotation.statements:
        if stated.verdict == "contradicted":
            change = _of_statement(stated)
            found += change
            left += [] if change else [stated.statement.span]
    return found, sorted(left, key=lambda span: (span.cell or 0, span.line, span.column))


def _of_statement(mark: StatementMark) -> list[Fix]:
    """Return what puts a count or a setting right: a number in place of a number."""
    span, value = mark.statement.span, mark.statement.value
    if value is None or not _NUMBER.fullmatch(mark.found):
        return []
    return [Fix(span.line, *value, mark.found, span.cell)]


def _fixes(mention: Mention, found: str) -> Iterator[Fix]:
    """Yield what puts one mention right; nothing if that cannot be done by numbers alone."""
    dims = mention.pattern.dims
    sizes = [int(dim.text) for dim in parse_shape(found).dims] if found else []
    if len(sizes) == len(dims) + 1 and sizes[0] == 1:
        sizes = sizes[1:]
    if len(mention.dims) != len(dims) or len(sizes) != len(dims):
        return
    changes = []
    for dim, columns, size in zip(dims, mention.dims, sizes, strict=True):
        meaning = dim.meaning
        if not isinstance(meaning, Expression) or meaning.items == (size,):
            continue
        if meaning.symbols:
            continue  # it may be right: a letter stands for any size
        if len(meaning.items) != 1:
            return
        changes.append(Fix(mention.span.line, *columns, str(size), mention.span.cell))
    yield from changes


def fixed(text: str, changes: Iterable[Fix]) -> str:
    """Return a text with other sizes; of a notebook, its JSON.

    Raises:
        InputError: the JSON of a notebook is not written as programs write it, and would change all over.
    """
    changes = list(changes)
    if any(change.cell is not None for change in changes):
        return _fixed_notebook(text, changes)
    starts = [0, *(match.end() for match in _NEW_LINE.finditer(text))]
    for change in sorted(changes, key=lambda one: (one.line, one.column), reverse=True):
        start = starts[change.line - 1] + change.column - 1
        text = text[:start] + change.text + text[start + change.end - change.column :]
    return text


def _fixed_notebook(text: str, changes: Sequence[Fix]) -> str:
    data = json.loads(text)
    end = text[len(text.rstrip()) :]
    layout = next((one for one in _LAYOUTS if json.dumps(data, **one) + end == text), None)
    if layout is None:
        raise InputError(
            "not-writable",
            "the JSON of this notebook is not written as Jupyter does, and would change all over",
            where="option --fix",
            hint="open it in Jupyter and save it",
        )
    for number in {change.cell for change in changes if change.cell is not None}:
        cell = data["cells"][number]
        source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        own = [change for change in changes if change.cell == number]
        new = fixed(source, [Fix(one.line, one.column, one.end, one.text) for one in own])
        cell["source"] = new if isinstance(cell["source"], str) else new.splitlines(keepends=True)
    return json.dumps(data, **layout) + end
