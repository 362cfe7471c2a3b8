"""What some layers of a row have: ``blocks 7 and 15 use global attention``, ``layers 0-3: window_size=7``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.plainness import is_plain
from shapeflow.notes.statements.scope import plain, scoped
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Row, Subjects
from shapeflow.notes.statements.values import VALUE, compared
from shapeflow.notes.statements.wording import is_against, sentence

_AND = r"\s*(?:,\s*(?:and|und|et|y|и)|[,/&]|and|und|et|y|e|и|和|与|及|と|과|와)\s*"
_LIST = rf"(?P<list>\d{{1,3}}(?:(?:{_AND}|\s?(?:-|\.\.|to|bis|à|至|到)\s?)\d{{1,3}})+)"
_UNIT = (
    r"(?:layers?|blocks?|Schichten|Blöcke|Blöcken|couches|blocs|capas|bloques|strati|blocchi|camadas|blocos|"
    r"слои|слоях|слоев|слоёв|блоки|блоках|レイヤー|ブロック|레이어|블록)"
)
_ITEMS = re.compile(
    rf"(?<!\w){_UNIT}\s*(?:No\.?\s*|#\s*)?{_LIST}(?!\s?[×x%.\d])|"
    rf"第?\s*{_LIST.replace('list', 'inner')}\s*(?:层|層|块|个块|ブロック|번)|"
    rf"`(?P<row>[A-Za-z_][\w.]*)`\s+{_LIST.replace('list', 'named')}(?!\s?[×x%.\d])",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    rf"(?<![\w.])(?P<name>[A-Za-z]\w*_\w+)\s*(?:=|:|is|ist|est|es|为|は)\s*(?P<value>{VALUE})(?![\w.]\w)"
)
_GLOBAL = re.compile(
    r"(?:global(?:e[nrs]?)?|full|vollständige\w*|глобальн\w+)[\s-]+(?:self-)?(?:attention|aufmerksamkeit|внимани\w+)|"
    r"(?:attention|atención|attenzione|atenção)\s+global\w*|全局(?:自)?注意力|グローバル(?:な)?(?:アテンション|注意)|전역\s*어텐션",
    re.IGNORECASE,
)
_FAR = 40
"""Characters between the numbers of layers and what is said of them."""
LEAST = 3
"""Members that a row has at least."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of layers: that an attribute of each has a value."""

    name: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Held:
    """A claim on a layer, and whether it holds."""

    claim: str
    right: bool


class LayerRanges:
    """What the layers of rows have that others in the row have not.

    Args:
        subjects: what can be meant in the trace.
        about: whether the text is about its model: else nothing of this kind is wrong.
    """

    def __init__(self, subjects: Subjects, *, about: bool) -> None:
        self._subjects, self._about = subjects, about
        modules = subjects.trace.module_by_path
        self._rows = [row for row in subjects.rows if row.number >= LEAST]
        self._members = {
            row.path: [modules[f"{row.path}.{number}"] for number in range(row.number)]
            for row in self._rows
            if all(f"{row.path}.{number}" in modules for number in range(row.number))
        }

    def read(self, line: Line) -> Iterator[Statement]:
        """Yield what a line says of layers that it numbers."""
        text = plain(line.text)
        if not self._members or not (_GLOBAL.search(text) or _GIVEN.search(text)):
            return
        for found in _ITEMS.finditer(line.text):
            first, last = sentence(text, *found.span())
            said = _said(text, found, first, last)
            if said and not is_against(line.sentence(*found.span())):
                yield from self._stated(line, found, said)

    def _stated(self, line: Line, found: re.Match[str], said: _Said) -> Iterator[Statement]:
        numbers = _numbers(found["list"] or found["inner"] or found["named"])
        rows = [row for row in self._rows if self._held(row, said)]
        if len(rows) != 1 or len(numbers) < 2 or numbers != sorted(set(numbers)):
            return
        row = rows[0]
        held = self._held(row, said)
        meant = scoped(line, "", self._members[row.path], self._subjects)
        if not meant.modules or numbers[-1] > row.number or (numbers[-1] == row.number and 0 in numbers):
            return
        right = [number < row.number and held[number].right for number in numbers]
        from_one = [held[number - 1].right for number in numbers if number]
        if not all(right) and 0 not in numbers and (all(from_one) or numbers[-1] == row.number):
            return  # counted from 1, perhaps
        wrong = [held[number].claim for number, good in zip(numbers, right, strict=True) if not good]
        claims = wrong or [held[number].claim for number in numbers]
        start, end = min(found.start(), said.start), max(found.end(), said.end)
        sure = self._about and is_plain(line, start, end, self._subjects)
        failing: Failing = "contradicts" if sure else "says nothing"
        span = Span(line.passage.line, start + 1, end + 1, line.passage.cell)
        headings = line.passage.frame.headings
        yield Statement(span, line.text[start:end], "attribute", tuple(claims), row.path, failing, headings)

    def _held(self, row: Row, said: _Said) -> list[_Held]:
        """Return what each member of a row has; none if it cannot be said of all of them."""
        result = []
        for member in self._members.get(row.path, ()):
            names = (
                [said.name] if said.name else [name for name in self._subjects.holders if "window" in name]
            )
            holders = [
                (name, one)
                for name in names
                for one in self._subjects.holders.get(name, ())
                if one is member or one.path.startswith(f"{member.path}.")
            ]
            if len(holders) != 1:
                return []
            name, module = holders[0]
            held = _compared(module, name, said.value)
            if held is None:
                return []
            result.append(held)
        return result if said.name or len({one.right for one in result}) > 1 else []


def _compared(module: Module, name: str, value: str) -> _Held | None:
    """Return whether an attribute has a value, or none of a window where no value is said."""
    held = module.attributes[name]
    if value:
        told = compared(held, value)
        return _Held(f"attr {module.path}.{name} = {told[1]}", told[0]) if told else None
    none = "None" if held is None else str(held) if held in ([-1, -1], [0, 0]) else "0"
    return _Held(f"attr {module.path}.{name} = {none}", held is None or held in (0, [-1, -1], [0, 0]))


def _said(text: str, found: re.Match[str], first: int, last: int) -> _Said | None:
    """Return what a sentence says of the layers that it numbers."""
    for pattern in (_GIVEN, _GLOBAL):
        told = list(pattern.finditer(text, first, last))
        if len(told) == 1 and max(told[0].start() - found.end(), found.start() - told[0].end()) <= _FAR:
            groups = told[0].groupdict()
            return _Said(groups.get("name", ""), groups.get("value", ""), *told[0].span())
    return None


def _numbers(text: str) -> list[int]:
    """Return the numbers of a list such as ``0-3, 7``."""
    numbers: list[int] = []
    for one in re.finditer(r"(\d+)(?:\s?(?:-|\.\.|to|bis|à|至|到)\s?(\d+))?", text):
        numbers += range(int(one[1]), min(int(one[2] or one[1]), 999) + 1)
    return numbers
