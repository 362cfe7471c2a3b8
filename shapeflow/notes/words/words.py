"""Words of a text as tokens that names in code can be compared with, in many languages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from unicodedata import normalize

from shapeflow.notes.words.vocabulary import CONCEPTS, GENERIC_WORDS, PARTS, STEMS, STOPPED_WORDS

PARTS_OF = {name: row.split()[0] for row in PARTS.strip().splitlines() for name in row.split()[1:]}
"""Names of things -> what they are usually part of, or the same as."""
GENERIC = frozenset(GENERIC_WORDS.split())
"""Words that many things are called by: they tell less than they are seldom."""
STOPPED = frozenset(STOPPED_WORDS.split())
"""Words that say nothing on which tensor is meant; what is put in and comes out is told by the role."""

_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+")
_NUMBERED = re.compile(r"\b([A-Za-z]+)[ _]?(\d{1,2})(?![\d×x*%]|[,.:]\d|\s*[×x*,]\s*\d)")


def _tables() -> tuple[dict[str, str], dict[str, str]]:
    latin: dict[str, str] = {}
    other: dict[str, str] = {}
    for row in CONCEPTS.strip().splitlines():
        concept, *names = row.split()
        for name in (concept, *names):
            (latin if name.isascii() else other).setdefault(name, concept)
    return latin, other


LATIN, OTHER = _tables()


def without_accents(text: str) -> str:
    """Return a text with no accents on its Latin and Cyrillic letters."""
    if text.isascii():
        return text
    return normalize("NFC", _ACCENT.sub("", normalize("NFD", text))).translate(_LETTERS)


_ACCENT = re.compile("[\u0300-\u036f]")
_LETTERS = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})
"""Letters that are no others with an accent."""


def _stems() -> Mapping[str, frozenset[str]]:
    """Return concepts by the beginnings of words for them; a whole word ends with a blank."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in STEMS.replace("\n    ", " ").strip().splitlines():
        concept, *names = row.split()
        for name in names:
            plain = without_accents(name.lower())
            found[plain.removesuffix("*") if plain.endswith("*") else f"{plain} "].add(concept)
    return {stem: frozenset(concepts) for stem, concepts in found.items()}


_STEMS = _stems()
_LONGEST = max(map(len, _STEMS))
LEAST_JOINED = 6
"""So many letters of a word that begins within another one make that one a joined word."""


@lru_cache(maxsize=1 << 14)
def _meant(word: str) -> frozenset[str]:
    """Return what a word in small letters without accents means, in languages that inflect or join words."""
    found = _beginning(f"{word} ", 3)
    for start in range(3, len(word) - LEAST_JOINED + 1):
        found |= _beginning(word[start:], LEAST_JOINED)
    return found


def _beginning(word: str, least: int) -> frozenset[str]:
    """Return what the longest known beginning of a word means."""
    for end in range(min(len(word), _LONGEST), least - 1, -1):
        if word[:end] in _STEMS:
            return _STEMS[word[:end]]
    return frozenset()


@lru_cache(maxsize=1 << 14)
def name_tokens(name: str) -> frozenset[str]:
    """Return what a name in code says: ``self_attn2`` says ``self``, ``attention`` and ``#2``."""
    found: set[str] = set()
    for word in re.findall(r"\w+", name):
        for part in word.split("_"):
            low = part.lower()
            if low in PARTS_OF:
                found.add(PARTS_OF[low])
            if low.isdecimal():
                found.add(f"#{int(low)}" if len(low) < 3 else low)
            elif low in LATIN:
                found.add(LATIN[low])
            else:
                found.update(_pieces(part))
        if word.lower() in PARTS_OF:
            found.add(PARTS_OF[word.lower()])
        if not word.isdecimal() and ("_" in word or any(sign.isdecimal() for sign in word)):
            found.add(f"={word.lower()}")
    return frozenset(found - STOPPED)


def _pieces(part: str) -> set[str]:
    """Return the words in one part of a name: those between capitals and digits."""
    pieces = [piece.lower() for piece in _PIECE.findall(part)]
    found = {LATIN.get(piece) or _stem(piece) for piece in pieces if not piece.isdecimal()}
    found |= {f"#{int(piece)}" for piece in pieces if piece.isdecimal() and len(piece) < 3}
    low = part.lower()
    if low in LATIN:
        found.add(LATIN[low])
    return {piece for piece in found if len(piece) > 1}


def _stem(word: str) -> str:
    """Return a word without the ending of its plural."""
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return LATIN.get(word, word)


@lru_cache(maxsize=1 << 14)
def text_tokens(text: str) -> frozenset[str]:
    """Return what words of a text say, as tokens; words beside each other also as one name."""
    found: set[str] = set()
    if not text.isascii():
        found |= {concept for word, concept in OTHER.items() if word in text}
        text = without_accents(text)
    words = [(word.start(), word.end(), word[0].lower()) for word in _LATIN_NAME.finditer(text)]
    for _, _, word in words:
        found |= name_tokens(word)
    found |= {token for word in _CAMEL.findall(text) for token in name_tokens(word)}
    found |= {token for word in _WORD.findall(text) for token in _meant(word.lower())}
    for (_, end, first), (start, _, second) in pairwise(words):
        if text[end:start] in (" ", "-"):
            found.add(f"={first}_{second}")
    for letter, number in _NUMBERED.findall(text):
        low = letter.lower()
        if low not in STOPPED or len(letter) == 1:
            found |= {f"#{int(number)}", f"={low}{int(number)}", f"={low}_{int(number)}"}
    return frozenset(found - STOPPED)


_LATIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CAMEL = re.compile(r"[A-Za-z]+[a-z][A-Z]\w*")
_WORD = re.compile(r"[A-Za-z\u0400-\u04ff]{3,}")


@lru_cache(maxsize=1 << 12)
def dotted_names(text: str) -> tuple[str, ...]:
    """Return names such as ``encoder.layers.0.self_attn`` in a text."""
    return tuple(_DOTTED.findall(text))
