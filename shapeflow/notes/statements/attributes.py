"""Attributes that a text gives in the style of code: ``scalp=1``, ``encoder.num_layers = 6``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Subjects

_ATTRIBUTE = re.compile(
    r"""(?<![\w.{*/+-])(?<!\w[(\[])(?P<open>`?)(?P<path>(?:[A-Za-z_]\w*\.|\d+\.)*)(?P<name>[A-Za-z_]\w*)(?P<shut>`?)
    \s*(?P<sign>=|:)\s*`?(?P<value>-?\d+(?:\.\d+)?(?:e-?\d+)?|True|False|"[^"]*"|'[^']*'|[A-Za-z_]\w*)`?""",
    re.VERBOSE,
)
_END = re.compile(r"\s*[*_]*\s*(?:$|[,;。|]|\.(?!\w)|[)\]]|and\b|和)")
_IN_CALL = re.compile(r"\w[(\[][^)\]]*$")
_GENERIC_WORDS = """
num n layer layers head heads dim dims embed hidden size width depth dropout drop channel channels
in out kernel stride padding activation act eps patch window bias groups scale p k v q model d
length max min mlp ratio rate norm type mode name feature features input output img image vocab vdim
kdim nhead inner intermediate state key value query batch first weight attention position embedding
token embd ctx emb rope theta base
"""
_GENERIC = frozenset(_GENERIC_WORDS.split())
MOST = 200


def attributes(line: Line, subjects: Subjects) -> Iterator[Statement]:
    """Yield the attributes that a line gives."""
    for found in _given(line.text, subjects):
        name, value = found["name"], found["value"]
        if not _END.match(line.text, found.end()):
            continue
        if found["sign"] == ":" and not (found["open"] and found["shut"]):
            continue
        clear = line.clear(*found.span())
        if clear is None or (clear[0] == 0 and line.earlier):
            continue
        written = value if value[0] in "-0123456789'\"" or value in ("True", "False") else f'"{value}"'
        before = line.text[clear[0] : found.start()]
        meant, sure = ([], False) if _IN_CALL.search(before) else _meant(line, found, before, subjects)
        if not meant or len(meant) > MOST or not all(_alike(one.attributes[name], written) for one in meant):
            continue
        claims = tuple(f"attr {one.path}.{name} = {written}" for one in meant)
        span = Span(line.passage.line, found.start() + 1, found.end() + 1, line.passage.cell)
        failing: Failing = "contradicts" if sure else "says nothing"
        start, end = found.span("value")
        yield Statement(
            span,
            found[0],
            "attribute",
            claims,
            meant[0].path,
            failing,
            line.passage.frame.headings,
            (start + 1, end + 1),
        )


def _given(text: str, subjects: Subjects) -> Iterator[re.Match[str]]:
    """Yield where a name that is one of an attribute is followed by a value."""
    at = 0
    while found := _ATTRIBUTE.search(text, at):
        known = found["name"] in subjects.holders
        at = found.end() if known else found.end("name")
        if known:
            yield found


def _meant(line: Line, found: re.Match[str], before: str, subjects: Subjects) -> tuple[list[Module], bool]:
    """Return the modules whose attribute is meant, and whether another value would be wrong."""
    name = found["name"]
    holders = subjects.holders[name]
    if found["path"]:
        return [one for one in subjects.named(found["path"][:-1]) if one in holders], True
    others = subjects.in_code(line.text)
    named = subjects.in_code(before)
    if len(named) == 1 and len(others) == 1:
        plain = subjects.said(re.sub(r"`[^`]*`", " ", before)) == frozenset()
        return ([one for one in named[0] if one in holders] if plain else []), True
    if others or not is_distinct(name, holders):
        return [], False
    frame = line.passage.frame
    words = [_ATTRIBUTE.sub(" ", before), *frame.headings[-1:], *frame.lead[-1:], frame.row, frame.column]
    said = [subjects.said(part) for part in words]
    sure = all(one is not None and all(one <= subjects.tokens(holder) for holder in holders) for one in said)
    return holders, sure


def is_distinct(name: str, holders: list[Module]) -> bool:
    """Return whether nothing else than what holds it can be meant by the name of an attribute."""
    own = all(not one.class_path.startswith("torch.") for one in holders)
    parts = [part for part in re.split(r"_|\d+", name.lower()) if part]
    alike = len({repr(one.attributes[name]) for one in holders}) == 1
    return own and alike and any(part not in _GENERIC and len(part) > 2 for part in parts)


def _alike(value: object, written: str) -> bool:
    """Return whether a value that is written may stand for one that is there: text for text, and so on."""
    if isinstance(value, bool):
        return written in ("True", "False")
    if isinstance(value, int | float):
        return written[0] in "-0123456789"
    return isinstance(value, str) and written[0] in "'\""
