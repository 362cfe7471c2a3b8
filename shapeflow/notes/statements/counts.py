"""How many layers, blocks, stages or heads a text says that something has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.plainness import is_plain
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Subjects

_LATIN_WORDS = "two three four five six seven eight nine ten eleven twelve"
_WORDS = {word: number for number, word in enumerate(_LATIN_WORDS.split(), 2)}
_WORDS |= dict(zip("一二三四五六七八九十", range(1, 11), strict=True))
_CLASSIFIERS = r"(?:个|個の|個|개의|개|つの)?"
_UNIT = (
    r"(?P<unit>(?:layers?|blocks?|stages?|heads?|Schichten|Blöcken?|Köpfen?|couches|blocs|étages|têtes|capas|bloques|"
    r"cabezas|strati|blocchi|camadas|blocos)(?![A-Za-z_])|层|層|块|塊|头|頭|阶段|レイヤー?|ブロック|ステージ|"
    r"ヘッド|레이어|블록|스테이지|헤드)"
)
_NUMBER = rf"(?P<number>\d{{1,3}}|{_LATIN_WORDS.replace(' ', '|')}|[一二三四五六七八九十](?=[个個层層]))"
_MID = r"(?P<mid>(?:[A-Za-z`][\w.`]*[\s-]+){0,3}|[^\s\d,.;:()、。]{0,10}?\s?)"
_COUNT = re.compile(
    rf"(?<![A-Za-z0-9_.,/×*+-]){_NUMBER}(?:\s?-\s?|\s*){_CLASSIFIERS}\s*{_MID}{_UNIT}", re.IGNORECASE
)
_BEHIND = re.compile(
    r"""\s*(?:(?:共|がある|があります|を持つ|を持ちます|からなる|からなります|です|である|で構成される|組成|组成|
    構成|构成|堆叠而成|堆叠|
    로\ 구성된다|로\ 구성됩니다|이\ 있다|가\ 있다|을\ 가진다|를\ 가진다|이다|입니다|in\ total)\s*)?
    [*_`]*\s*(?:$|[.,;:。;|)、(]|and\b|和|与|と\s)""",
    re.VERBOSE,
)
_NAMES = ("num_heads", "n_heads", "n_head", "nhead", "num_attention_heads", "attention_heads")
_UNITS = {
    "layer": "layer layers schichten couches capas strati camadas 层 層 レイヤ レイヤー 레이어",
    "block": "block blocks blöcke blöcken blocs bloques blocchi blocos 块 塊 ブロック 블록",
    "stage": "stage stages étages ステージ 阶段 스테이지",
    "head": "head heads köpfe köpfen têtes cabezas 头 頭 ヘッド 헤드",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_ENGLISH = "layer layers block blocks stage stages head heads"
_EUROPEAN = frozenset(word for word in _UNIT_OF if word < "\u3000") - frozenset(_ENGLISH.split())
"""Units of languages of which few words are understood otherwise: the whole sentence has to be."""
MOST = 200
"""Modules of which one statement may speak."""


def counts(line: Line, subjects: Subjects) -> Iterator[Statement]:
    """Yield what a line says of numbers of layers, blocks, stages and heads."""
    for found in _COUNT.finditer(line.text):
        clear = line.clear(*found.span())
        if clear is None or (clear[0] == 0 and line.earlier):
            continue
        behind = line.text[found.end() : clear[1]]
        after = _joined(found, behind)
        if after is None:
            continue
        start = max(clear[0], *(one.end() for one in re.finditer(r"[,、]", line.text[: found.start()])), 0)
        phrase = line.text[start : found.start()]
        if start > clear[0] and phrase.strip():
            continue  # its subject may stand before the comma
        yield from _stated(line, found, (phrase, found["mid"], after), start > clear[0], subjects)


def _joined(found: re.Match[str], behind: str) -> str | None:
    """Return the name that follows, as in "a 6-layer encoder"; None where something else goes on."""
    if _BEHIND.match(behind):
        return ""
    glued = "-" in found[0] or found["unit"] in "层層"
    name = re.match(r"\s*的?([^\d,.;:()、。|]{2,40})(?:$|[,.;:|)、。])", behind)
    return name[1] if glued and name else None


def _stated(
    line: Line, found: re.Match[str], words: tuple[str, str, str], listed: bool, subjects: Subjects
) -> Iterator[Statement]:
    frame = line.passage.frame
    headings = list(frame.headings[:-1] if frame.region == "heading" else frame.headings)
    unit = _UNIT_OF[found["unit"].lower()]
    number = int(found["number"]) if found["number"].isdigit() else _WORDS[found["number"].lower()]
    named = subjects.in_code(line.text[: found.start()]) if not listed else []
    said: set[str] = set()
    if len(named) > 1 or len(subjects.in_code(line.text)) > len(named):
        return
    if not named:
        for part in words:
            tokens = subjects.said(part)
            if tokens is None:
                return
            said |= tokens
        if not said - {"attention", "self", "cross"}:
            context = [*headings[-1:], *frame.lead[-1:], frame.row, frame.column]
            listed_first = line.text[: found.start()].strip(" -*+|") if listed else ""
            if listed_first:
                return
            for part in context:
                tokens = subjects.said(part)
                if tokens is None:
                    return
                said |= tokens
    elif (tokens := subjects.said(re.sub(r"`[^`]*`", " ", "".join(words)))) is None or tokens - {"attention"}:
        return
    if unit == "head":
        claims, place = _heads(number, said, headings, named, subjects)
    else:
        claims, place = _rows(number, unit, said, headings, named, subjects)
    if claims:
        span = Span(line.passage.line, found.start("number") + 1, found.end() + 1, line.passage.cell)
        digits = (found.start("number") + 1, found.end("number") + 1) if found["number"].isdigit() else None
        european = found["unit"].lower() in _EUROPEAN
        sure = not european or is_plain(line, *found.span(), subjects, subjects.vocabulary)
        failing: Failing = "contradicts" if sure else "says nothing"
        yield Statement(span, found[0], "count", claims, place, failing, line.passage.frame.headings, digits)


def _rows(
    number: int,
    unit: str,
    said: set[str],
    headings: list[str],
    named: list[list[Module]],
    subjects: Subjects,
) -> tuple[tuple[str, ...], str]:
    """Return the claim on the one row of modules that can be meant."""
    if named:
        paths = {module.path for module in named[0]}
        rows = [row for row in subjects.rows if row.path in paths or row.owner in paths]
        if any(unit not in row.units for row in rows):
            return (), ""
    else:
        rows = [
            row for row in subjects.rows if unit in row.units and subjects.fit(row.tokens, said, headings)
        ]
        if len(rows) > 1 and said:  # that of several of which it is so, where it is so of one alone
            rows = [row for row in rows if row.number == number]
        if not all(row.attends for row in rows):
            return (), ""
    if len(rows) != 1:
        return (), ""
    return (f"count {rows[0].path}.* = {number}",), rows[0].path


def _heads(
    number: int, said: set[str], headings: list[str], named: list[list[Module]], subjects: Subjects
) -> tuple[tuple[str, ...], str]:
    """Return the claims on the heads of all attentions that can be meant."""
    above = [f"{one.path}." if one.path else "" for one in named[0]] if named else []
    if not named and "attention" not in said:
        return (), ""
    claims: list[str] = []
    places: list[str] = []
    for name in _NAMES:
        for module in subjects.holders.get(name, ()):
            inside = any(f"{module.path}.".startswith(one) for one in above)
            if inside if named else subjects.fit(subjects.tokens(module), said, headings):
                claims.append(f"attr {module.path}.{name} = {number}")
                places.append(module.path)
    return (tuple(claims), places[0]) if 0 < len(claims) <= MOST else ((), "")
