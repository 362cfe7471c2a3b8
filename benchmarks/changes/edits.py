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
VERBS = ("replace", "drop", "swap", "before", "after")
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

Edit = tuple[Any, ...]
Span = tuple[int, int]
"""Where a text begins and ends, in characters."""


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
    edits: tuple[Edit, ...]
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
        EditError: an edit fits nowhere, or in several places, or leaves what is not Python.
    """
    text, lines = source, None
    for edit in change.edits:
        span = _found(text, _function(text, change.function), edit, change.name)
        if lines is None:
            lines = range(text.count("\n", 0, span[0]) + 1, text.count("\n", 0, span[1]) + 2)
        text = _edited(text, change, edit, span)
    _statements(text)
    assert lines is not None
    return Edited(text, lines)


def _edited(text: str, change: Change, edit: Edit, span: Span) -> str:
    """Return the text after one edit, whose place is known."""
    verb, first, *rest = edit
    new = str(rest[0]) if rest else ""
    start, end = span
    if verb == "replace":
        if rest[1:] != ["all"]:
            return text[:start] + new + text[end:]
        left, right = _function(text, change.function)
        return text[:left] + text[left:right].replace(first, new) + text[right:]
    if verb == "drop":
        return f"{text[:start]}pass{text[end:]}"
    if verb == "swap":
        other = _statement(text, _function(text, change.function), new, change.name)
        one, two = sorted((span, other))
        return text[: one[0]] + text[slice(*two)] + text[one[1] : two[0]] + text[slice(*one)] + text[two[1] :]
    indent = " " * (start - text.rfind("\n", 0, start) - 1)
    if verb == "before":
        return f"{text[:start]}{new}\n{indent}{text[start:]}"
    return f"{text[:end]}\n{indent}{new}{text[end:]}"


def _found(text: str, function: Span, edit: Edit, name: str) -> Span:
    """Return the place of an edit: the first one, if it is of all."""
    verb, first, *rest = edit
    if verb not in VERBS:
        raise EditError(f"{name}: there is no edit {verb!r}; there are {', '.join(VERBS)}")
    if verb != "replace":
        return _statement(text, function, first, name)
    found = [match.span() for match in re.finditer(re.escape(first), text[slice(*function)])]
    which = rest[1] if len(rest) > 1 else None
    chosen = found[:1] if which == "all" else found if which is None else found[which - 1 : which]
    if len(chosen) != 1:
        raise EditError(f"{name}: {first!r} stands {len(found)} times in the function")
    return function[0] + chosen[0][0], function[0] + chosen[0][1]


def _statement(text: str, function: Span, beginning: str, name: str) -> Span:
    """Return where the one statement that begins like this begins and ends."""
    found = [
        span
        for span, _ in _statements(text)
        if function[0] < span[0] and span[1] <= function[1] and text.startswith(beginning, span[0])
    ]
    if len(found) != 1:
        raise EditError(f"{name}: {len(found)} statements of the function begin with {beginning!r}")
    return found[0]


def _function(text: str, name: str) -> Span:
    """Return where a function begins and ends."""
    for span, qualified in _statements(text):
        if qualified == name:
            return span
    raise EditError(f"there is no {name}")


@lru_cache(maxsize=8)
def _statements(text: str) -> list[tuple[Span, str]]:
    """Return where each statement begins and ends, and the qualified names of functions and classes."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(line: int, column: int) -> int:
        start = starts[line - 1]
        return start + len(text[start : start + column].encode()[:column].decode())

    found: list[tuple[Span, str]] = []

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = getattr(child, "name", "") if isinstance(child, _NAMED) else ""
            if isinstance(child, ast.stmt):
                assert child.end_lineno is not None
                assert child.end_col_offset is not None
                span = place(child.lineno, child.col_offset), place(child.end_lineno, child.end_col_offset)
                found.append((span, f"{prefix}{name}" if name else ""))
            visit(child, f"{prefix}{name}." if name else prefix)

    try:
        visit(ast.parse(text), "")
    except SyntaxError as error:
        raise EditError(f"an edit leaves what is not Python: {error}") from None
    return found
