"""The changes of ``changes.yaml``, and how one is made in the text of a source file.

A change is told in as few words of the source as find the place: the function, and an edit there.

* ``[replace, OLD, NEW]``: text that stands there once. A fourth word says which of several, or ``all``.
* ``[drop, STATEMENT]``: the statement that begins like this.
* ``[swap, STATEMENT, STATEMENT]``: these two change places.
* ``[before, STATEMENT, NEW]`` and ``[after, STATEMENT, NEW]``: a new line there.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

LIST = Path(__file__).with_name("changes.yaml")
SAME = "none"
"""The kind of a change that changes nothing."""


class EditError(Exception):
    """An edit does not fit the source: it is of another version, or the edit is wrong."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change to one function."""

    name: str
    kind: str
    what: str
    """What it does, as an end of the sentence "somebody …"."""
    file: str
    """Relative to the package."""
    function: str
    """Its qualified name."""
    edits: tuple[tuple[Any, ...], ...]
    place: str
    """A regular expression for the names that a message about it has to have one of."""

    @property
    def same(self) -> bool:
        """True if the model stays what it is."""
        return self.kind == SAME


@dataclass(frozen=True, slots=True)
class Edited:
    """A source file after a change."""

    text: str
    lines: range
    """The lines, counted before the change, that hold what was edited."""


def read(path: Path = LIST) -> list[Change]:
    """Return all changes of a file."""
    found = []
    for group in yaml.safe_load(path.read_text(encoding="utf-8")):
        for name, item in group["changes"].items():
            place = item.get("place", group.get("place", ""))
            edits = tuple(tuple(edit) for edit in item["edits"])
            where = group["file"], group["in"]
            found.append(Change(name, item["kind"], item["what"], *where, edits, place))
    names = [change.name for change in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise EditError(f"names that stand twice in {path.name}: {', '.join(sorted(twice))}")
    return found


def apply(change: Change, source: str) -> Edited:
    """Return ``source`` with a change made.

    Raises:
        EditError: an edit fits nowhere, or in several places.
    """
    text, lines = source, None
    for edit in change.edits:
        start, end = _function(text, change.function)
        changed, spans = _edit(text, start, end, edit, change.name)
        if lines is None:
            lines = range(text.count("\n", 0, spans[0]) + 1, text.count("\n", 0, spans[1]) + 2)
        text = changed
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise EditError(f"{change.name}: what comes out is not Python: {error}") from None
    assert lines is not None
    return Edited(text, lines)


def _edit(text: str, start: int, end: int, edit: tuple[Any, ...], name: str) -> tuple[str, tuple[int, int]]:
    """Return the text after one edit between two places, and what was edited before it."""
    verb, first, *rest = edit
    if verb == "replace":
        found = [match.span() for match in re.finditer(re.escape(first), text[start:end])]
        which = rest[1] if len(rest) > 1 else None
        chosen = found if which == "all" else found if which is None else found[which - 1 : which]
        if not chosen or (which != "all" and len(chosen) > 1):
            raise EditError(f"{name}: {first!r} stands {len(found)} times in the function")
        for left, right in reversed(chosen):
            text = text[: start + left] + rest[0] + text[start + right :]
        return text, (start + chosen[0][0], start + chosen[0][1])
    span = _statement(text, start, end, first, name)
    if verb == "drop":
        return f"{text[: span[0]]}pass{text[span[1] :]}", span
    if verb == "swap":
        one, two = sorted((span, _statement(text, start, end, rest[0], name)))
        parts = text[: one[0]], text[slice(*two)], text[one[1] : two[0]], text[slice(*one)], text[two[1] :]
        return "".join(parts), one
    indent = " " * (span[0] - text.rfind("\n", 0, span[0]) - 1)
    if verb == "before":
        return f"{text[: span[0]]}{rest[0]}\n{indent}{text[span[0] :]}", span
    if verb == "after":
        return f"{text[: span[1]]}\n{indent}{rest[0]}{text[span[1] :]}", span
    raise EditError(f"{name}: there is no edit {verb!r}")


def _function(text: str, name: str) -> tuple[int, int]:
    """Return where a function begins and ends."""
    try:
        body: list[ast.stmt] = ast.parse(text).body
    except SyntaxError as error:
        raise EditError(f"an edit of {name} leaves what is not Python: {error}") from None
    node: ast.stmt | None = None
    for part in name.split("."):
        node = next((item for item in body if getattr(item, "name", None) == part), None)
        if node is None:
            raise EditError(f"there is no {name}")
        body = getattr(node, "body", [])
    assert node is not None
    return _span(text, node)


def _statement(text: str, start: int, end: int, beginning: str, name: str) -> tuple[int, int]:
    """Return where the one statement that begins like this begins and ends."""
    spans = [_span(text, node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    within = [span for span in spans if start < span[0] and span[1] <= end]
    found = [span for span in within if text.startswith(beginning, span[0])]
    if len(found) != 1:
        raise EditError(f"{name}: {len(found)} statements of the function begin with {beginning!r}")
    return found[0]


def _span(text: str, node: ast.stmt) -> tuple[int, int]:
    """Return where a node begins and ends, in characters."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    starts = _line_starts(text)

    def place(line: int, column: int) -> int:
        start = starts[line - 1]
        return start + len(text[start : start + column].encode()[:column].decode())

    return place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)


@lru_cache(maxsize=4)
def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]
