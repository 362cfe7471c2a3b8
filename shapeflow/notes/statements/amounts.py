"""Numbers of things that the code has a name for: ``200 queries``, ``查询数量：200``, by ``num_queries``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from shapeflow.notes.mention import Span
from shapeflow.notes.statements.attributes import is_distinct
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.scope import plain, scoped
from shapeflow.notes.statements.settings import AFTER
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.wording import is_against, sentence, subject_tokens
from shapeflow.notes.words.words import name_tokens

_COUNTED = re.compile(r"n|num|number|count|total")
_CLASSIFIERS = r"(?:个|個の|個|개의|개|つの)?"
_BEFORE = re.compile(
    rf"(?<![A-Za-z0-9_.,×*/^+=-])(?<![×*/^+=-]\s)(?P<number>\d{{1,6}})\s*{_CLASSIFIERS}\s*"
    r"(?P<thing>(?:[A-Za-z]+[ -]){0,3}[A-Za-z]+|[^\s\d!-~、。]{1,10})"
)
_BEHIND = re.compile(
    r"(?<![A-Za-z0-9_.])(?P<thing>(?:[A-Za-z]+ ){0,3}[A-Za-z]+|[^\s\d!-~、。]{1,12}?)"
    r"\s*(?:数量|个数|数目|の数|数|수|개수)?\s*(?::|=|为|是|は|는|은)\s*(?P<number>\d{1,6})"
)
_ENDED = re.compile(
    r"[*_]*\s*(?:$|[.,;:。;|)、(]|(?:and|und|et|y|e|in|for|that|which|to|as|der|die|das)\b|和|与|と|を|が|来|をもつ)"
)
MOST = 200


class Amounts:
    """What the modules of one trace have a number of.

    Args:
        subjects: what can be meant in the trace.
    """

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self._names: dict[frozenset[str], list[str]] = defaultdict(list)
        """What the things are called -> the attributes that say how many there are."""
        for name, holders in subjects.holders.items():
            first, _, rest = name.partition("_")
            counted = bool(_COUNTED.fullmatch(first)) and bool(rest)
            if counted and all(_is_count(one.attributes[name]) for one in holders):
                self._names[_things(rest)].append(name)

    def read(self, line: Line) -> Iterator[Statement]:
        """Yield the numbers that a line gives."""
        if not self._names:
            return
        text = plain(line.text)
        for pattern in (_BEFORE, _BEHIND):
            for found in pattern.finditer(text):
                words = found["thing"]
                name, exact, length = self._name(words, last=pattern is _BEHIND)
                end = found.start("thing") + length if pattern is _BEFORE else found.end()
                if name and (AFTER if pattern is _BEHIND else _ENDED).match(text, end):
                    start = found.start("number") if pattern is _BEFORE else found.start("thing")
                    yield from self._stated(line, name, (start, end), found.span("number"), exact)

    def _name(self, words: str, *, last: bool) -> tuple[str, bool, int]:
        """Return the attribute that says how many of some things there are, and whether no word is left over.

        Args:
            words: those next to the number.
            last: whether the last of them stand next to it, and not the first.
        """
        pieces = list(re.finditer(r"[A-Za-z]+", words)) or list(re.finditer(r".", words))
        for size in range(len(pieces), 0, -1):
            for start in range(len(pieces) - size + 1):
                end = start + size
                if last and end != len(pieces):
                    continue
                piece = words[pieces[start].start() : pieces[end - 1].end()]
                tokens = subject_tokens(piece)
                names = sorted(self._names.get(tokens, ()), key=_parts) if tokens else []
                if names and (len(names) == 1 or _parts(names[0]) < _parts(names[1])):
                    exact = start == 0 and (last or end == len(pieces))
                    return names[0], exact, pieces[end - 1].end()
        return "", False, 0

    def _stated(
        self, line: Line, name: str, span: tuple[int, int], number: tuple[int, int], exact: bool
    ) -> Iterator[Statement]:
        if is_against(line.sentence(*span)):
            return
        before = line.text[sentence(line.text, *span)[0] : span[0]]
        holders = self._subjects.holders[name]
        meant = scoped(line, before, holders, self._subjects)
        modules = meant.modules or (tuple(holders) if is_distinct(name, holders) else ())
        if not modules or len(modules) > MOST or len({one.attributes[name] for one in modules}) > 1:
            return
        claims = tuple(f"attr {one.path}.{name} = {line.text[slice(*number)]}" for one in modules)
        sure = exact and meant.named and line.clear(*span) is not None
        failing: Failing = "contradicts" if sure else "says nothing"
        place = Span(line.passage.line, span[0] + 1, span[1] + 1, line.passage.cell)
        yield Statement(
            place,
            line.text[slice(*span)],
            "count",
            claims,
            modules[0].path,
            failing,
            line.passage.frame.headings,
            (number[0] + 1, number[1] + 1),
        )


def _is_count(value: object) -> bool:
    return type(value) is int


def _parts(name: str) -> int:
    return len(name.split("_"))


def _things(name: str) -> frozenset[str]:
    return frozenset(token for token in name_tokens(name) if token[0] not in "#=")
