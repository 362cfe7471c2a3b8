"""Which of several alike a text counts: the second block, the last layer, stage 3 counted from one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from shapeflow.model.records import Records
from shapeflow.notes.mention import Mention
from shapeflow.notes.words.words import name_tokens, text_tokens, without_accents

LAST = "last"
_ORDINALS = """
1 first 1st erste ersten erster erstes premier premiere primer primera primero primeira primeiro prima primo
2 second 2nd zweite zweiten zweiter zweites deuxieme seconde segunda segundo seconda secondo
3 third 3rd dritte dritten dritter drittes troisieme tercer tercera tercero terceira terceiro terza terzo
4 fourth 4th vierte vierten vierter quatrieme cuarta cuarto quarta quarto
5 fifth 5th funfte funften cinquieme quinta quinto
last last final letzte letzten letzter letztes dernier derniere ultima ultimo ultimas ultimos ultimi ultime
"""
_STEMS = """
1 перв
2 втор
3 трет
4 четверт
last последн
"""
_SIGNS = """
1 第一 最初の 一つ目 1つ目 첫_번째 첫번째 첫째
2 第二 二つ目 2つ目 두_번째 두번째 둘째
3 第三 三つ目 3つ目 세_번째 세번째 셋째
4 第四 四つ目 4つ目 네_번째 네번째
last 最后 最後 마지막
"""


def _table(rows: str) -> dict[str, str]:
    found = {}
    for row in rows.strip().splitlines():
        rank, *words = row.split()
        found.update(dict.fromkeys((word.replace("_", " ") for word in words), rank))
    return found


_WORDS, _BEGINNINGS, _PIECES = _table(_ORDINALS), _table(_STEMS), _table(_SIGNS)
_WORD = re.compile(r"[0-9A-Za-z\u0400-\u04ff]+")
_COUNTED = re.compile(r"第\s*(\d{1,2})\s*(?:个|個|つの)?|(\d{1,2})\s*(?:番目の|つ目の|번째 ?|-[йяе]\b ?|º|ª)")
_NUMBERED = re.compile(r"([^\W\d_]+)[ _-]?(\d{1,2})(?![\w×*%]|[,.:]\d|\s*[×x*,]\s*\d)")
_NEAR = 3
"""So many words behind an ordinal may be what it counts."""


@lru_cache(maxsize=1 << 14)
def ranked(text: str) -> frozenset[str]:
    """Return what a text counts by ordinals, as tokens: ``block@2`` of the second block."""
    found: set[str] = set()
    plain = without_accents(text)
    words = list(_WORD.finditer(plain))
    for number, word in enumerate(words):
        low = word[0].lower()
        begun = next((rank for stem, rank in _BEGINNINGS.items() if low.startswith(stem)), "")
        if rank := _WORDS.get(low) or begun:
            end = words[min(number + _NEAR, len(words) - 1)].end()
            found |= _of(plain[word.end() : end], rank)
    for piece, rank in _PIECES.items():
        for match in re.finditer(piece, text):
            found |= _of(text[match.end() : match.end() + 6], rank)
    for match in _COUNTED.finditer(text):
        found |= _of(text[match.end() : match.end() + 6], match[1] or match[2])
    return frozenset(found)


def _of(words: str, rank: str) -> set[str]:
    return {f"{token}@{rank}" for token in text_tokens(words) if token[0] not in "#="}


@lru_cache(maxsize=1 << 14)
def numbered(text: str) -> frozenset[tuple[str, int]]:
    """Return what has a number behind it in a text: ``("stage", 3)``."""
    return frozenset(
        (token, int(number))
        for word, number in _NUMBERED.findall(without_accents(text))
        for token in text_tokens(word)
        if token[0] not in "#="
    )


class Ranks:
    """Where modules stand among those beside them of the same name, and of the same class."""

    def __init__(self, trace: Records) -> None:
        beside: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._numbers: dict[str, frozenset[tuple[str, int]]] = {}
        for module in trace.modules:
            parent, _, name = module.path.rpartition(".")
            stem = name.rstrip("0123456789")
            number = name[len(stem) :]
            stem = stem or parent.rpartition(".")[2].rstrip("0123456789")
            tokens = {token for token in name_tokens(stem) if token[0] not in "#="} if stem else set()
            if number:
                self._numbers[module.path] = frozenset((token, int(number)) for token in tokens)
                for token in tokens:
                    beside[parent, token].append(module.path)
            for token in name_tokens(module.class_name) - tokens:
                if token[0] not in "#=":
                    beside[parent, token].append(module.path)
        self._ranks: dict[str, set[str]] = defaultdict(set)
        for (_, token), paths in beside.items():
            if len(paths) > 1:
                for rank, path in enumerate(paths, 1):
                    self._ranks[path].add(f"{token}@{rank}")
                self._ranks[paths[-1]].add(f"{token}@{LAST}")

    def of(self, path: str) -> set[str]:
        """Return the ranks of a module and of those around it."""
        return {rank for one in _upwards(path) for rank in self._ranks.get(one, ())}

    def own(self, path: str) -> set[str]:
        """Return the ranks of a module itself."""
        return self._ranks.get(path, set())

    def numbers(self, path: str) -> set[tuple[str, int]]:
        """Return the numbers in a path, each with what it numbers."""
        return {pair for one in _upwards(path) for pair in self._numbers.get(one, ())}


def _upwards(path: str) -> Iterable[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def counted_from_one(
    mentions: Sequence[Mention],
    texts: Mapping[int, Iterable[str]],
    fitting: Mapping[int, Iterable[str]],
    ranks: Ranks,
) -> frozenset[str]:
    """Return what a text counts from 1, and the code from 0: ``stage 1`` is ``stages.0``.

    Args:
        mentions: those of the text.
        texts: the words around each mention, by its id.
        fitting: paths of modules that its shape fits, by its id.
        ranks: those of the modules.
    """
    votes: dict[str, Counter[int]] = defaultdict(Counter)
    zero: set[str] = set()
    for mention in mentions:
        said = {pair for text in texts[mention.id] for pair in numbered(text)}
        zero |= {token for token, number in said if number == 0}
        held = {pair for path in fitting[mention.id] for pair in ranks.numbers(path)}
        for token, number in said:
            fits = [(token, number - gap) in held for gap in (0, 1)]
            if fits[0] != fits[1]:
                votes[token][fits[1]] += 1
    return frozenset(
        token
        for token, count in votes.items()
        if token not in zero and count[1] >= LEAST_VOTES and count[1] > 2 * count[0]
    )


LEAST_VOTES = 2
"""So many shapes have to fit only where the code has a smaller number than the text."""
