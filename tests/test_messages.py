"""Every code that a message can have is explained, and nothing is explained that does not exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = re.compile(r"[a-z]+(-[a-z]+)*")
NOT_MESSAGES = {"UnselectedError"}
"""Carries a status, not a code."""
EXPLAINED = re.compile(r"^\| `([a-z-]+)` \|", re.MULTILINE)


def constants(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression can have, as far as it is written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)


def codes_in(text: str) -> set[str]:
    """Return the codes of the errors that a source text makes."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in NOT_MESSAGES:
                continue
            if name.endswith(("Error", "_error")) or name == "__init__":
                found.update(code for code in constants(node.args[0]) if CODE.fullmatch(code))
    return found


SOURCES = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "shapeflow").rglob("*.py"))]
MADE = set().union(*map(codes_in, SOURCES))
PAGE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))


def test_every_code_is_explained():
    assert sorted(MADE - set(EXPLAINED.findall(PAGE))) == []


def test_nothing_is_explained_that_does_not_exist():
    words = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', "\n".join(SOURCES)))
    explained = set(EXPLAINED.findall((ROOT / "docs" / "messages.md").read_text(encoding="utf-8")))
    assert sorted(explained - words) == []


def test_codes_are_found():
    assert codes_in('raise InputError("file-missing", "no file")') == {"file-missing"}
    assert codes_in('SelectorError("a-b" if x else "c", what)') == {"a-b", "c"}
