"""Every code that a message can have is explained, and nothing is explained that does not exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest
from message_cases import CAUSES, CLAIMS, COMMANDS, GOLD, prepare, text_of, verdict_of
from places import ROOT
from walkthroughs import document_of

CODE = re.compile(r"[a-z]+(-[a-z]+)*")
NOT_MESSAGES = {"SelectionError"}
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


@cache
def made() -> set[str]:
    """Return the codes of all errors."""
    return set().union(*map(codes_in, SOURCES))


PAGE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))


def test_every_code_is_explained():
    assert sorted(made() - set(EXPLAINED.findall(PAGE))) == []


def test_nothing_is_explained_that_does_not_exist():
    words = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', "\n".join(SOURCES)))
    explained = set(EXPLAINED.findall((ROOT / "docs" / "messages.md").read_text(encoding="utf-8")))
    assert sorted(explained - words) == []


def test_codes_are_found():
    assert codes_in('raise InputError("file-missing", "no file")') == {"file-missing"}
    assert codes_in('SelectorError("a-b" if x else "c", what)') == {"a-b", "c"}


def verdict_codes_in(text: str) -> set[str]:
    """Return the codes of the verdicts that a source text makes."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name == "Diagnostic":
            arguments = node.args[:1]
        elif name in ("replace", "amended"):
            arguments = [word.value for word in node.keywords if word.arg == "code"]
        else:
            continue
        found.update(code for argument in arguments for code in constants(argument) if code)
    return found


@cache
def verdicts() -> set[str]:
    """Return the codes of all verdicts."""
    return set().union(*map(verdict_codes_in, SOURCES))


TESTED_ELSEWHERE = {
    *("checkpoint-other-model", "checkpoint-unreadable", "vocabulary-missing"),
    *("dot-failed", "dot-missing", "dot-timeout", "nothing-to-draw", "png-missing"),
    *("disk-full", "image-too-large", "our-bug", "system"),
    *("model-crash", "no-cuda", "package-missing", "torch-missing", "torch-unsupported", "trace-outdated"),
    *("document-changed", "model-incomplete"),
    *("interrupted", "path-outside", "tool-argument", "unknown-tool"),
    *("no-shape-formula", "not-initialised", "other-device", "flow-unseen"),
    *("not-callable", "no-module", "no-steps"),
}
"""Codes whose cause takes a run, a large model, another machine or a broken one."""
INSIDE = {"shape-syntax"}
"""Shown under the code of the claim that holds the shape."""


def test_every_verdict_is_explained():
    assert {"shape", "layout", "symbol-conflict", "flow", "said-holds", "symbol-fraction"} <= verdicts()
    assert sorted(verdicts() - set(EXPLAINED.findall(PAGE))) == []


def test_every_code_has_its_whole_text():
    known = {*CLAIMS, *CAUSES, *COMMANDS, *INSIDE, *TESTED_ELSEWHERE}
    assert sorted((made() | verdicts()) - known) == []
    assert sorted(path.stem for path in GOLD.glob("*.txt")) == sorted({**CLAIMS, **CAUSES, **COMMANDS})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("messages")
    prepare(folder)
    return folder


@pytest.mark.parametrize("code", sorted({**CLAIMS, **CAUSES, **COMMANDS}))
def test_the_whole_text(code, folder):
    text = text_of(code, folder)
    assert text == (GOLD / f"{code}.txt").read_text(encoding="utf-8")
    first, *rest = text.splitlines()
    assert re.match(
        rf"(error|cause|contradicted|layout differs|undecided|not observed|holds)\[{code}\]: \S", first
    )
    assert len(first.partition(": ")[2]) <= 90
    assert not first.endswith((".", "!"))
    assert len(rest) < 12


@pytest.mark.parametrize("code", sorted(CLAIMS))
def test_places_point_at_the_text_under_the_carets(code):
    verdict = verdict_of(code)
    span = verdict.claim.span.narrow(*verdict.columns) if verdict.columns else verdict.claim.span
    meant = span.text[span.start : span.end]
    where, _, line, carets = verdict.render().splitlines()[1:5]
    path, number, column = where.removeprefix("  --> ").split(":")
    assert (path, line.split(" | ")[0]) == ("walkthrough.md", number)
    shown = line.partition(" | ")[2]
    assert shown[int(column) - 1 :].startswith(meant)
    under = carets.partition(" | ")[2]
    assert (under.index("^"), under.count("^")) == (int(column) - 1, len(meant))
    assert document_of(*CLAIMS[code]).splitlines()[int(number) - 1] == shown
