"""Which of many names somebody may have meant who typed another one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from shapeflow.common.text import nearest

SHORTEST, INSIDE = 2, 4
"""Signs that say enough to be looked for at the beginning of a name, and anywhere in it."""
SURE = 5
"""Signs of a name that say enough to be looked for in what was typed: ``BertModel.from_pretrained``."""
TYPO = 0.72
"""How alike letters have to be at least."""
SEPARATED = re.compile(r"[-_ ./]")
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
SAME, FAMILY, BEGINS, WITHIN, HAS, IN_WORDS, IN_A_WORD = 1.0, 0.95, 0.9, 0.85, 0.8, 0.8, 0.65
"""How likely a name was meant: it is the same but for case and signs, of the family named first, begins with
what was typed, is its beginning, has it as a word, has the beginnings of its words in order, or has it in the
midst of a word."""
FAR = 0.15
"""How much less likely than the likeliest name one may be, to be offered beside it."""


def near(name: str, names: Iterable[str], limit: int = 3) -> list[str]:
    """Return the names that somebody who typed ``name`` may have meant, the likeliest first."""
    return [found for found, _ in ranked(name, names)[:limit]]


def ranked(name: str, names: Iterable[str]) -> list[tuple[str, float]]:
    """Return the names that may have been meant and how likely each is, the likeliest first.

    Case, hyphens and underscores do not count.
    """
    plain = {plain_name(known): known for known in names}
    wanted, words = plain_name(name), _words(name)
    found: dict[str, float] = {}
    for key, known in plain.items():
        if likely := _likely(key, wanted):
            found[key] = HAS if likely == IN_A_WORD and wanted in SEPARATED.split(known.lower()) else likely
        elif len(words) > 1 and _in_order(words, _words(known)):
            found[key] = IN_WORDS - len(_words(known)) / 1000
    for key in nearest(wanted, plain, 3, TYPO):
        alike = FAMILY * SequenceMatcher(None, key, wanted).ratio()
        found[key] = max(found.get(key, 0.0), alike)
    if not found and len(words) > 1 and len(words[0]) > SHORTEST:  # bert-base-uncased
        begun = {key: _same_beginning(key, wanted) for key in plain if key.startswith(words[0])}
        found = {key: TYPO + same / 1000 - len(key) / 10_000 for key, same in begun.items()}
    order = sorted(found, key=lambda key: (-found[key], abs(len(key) - len(wanted)), key))
    return [(plain[key], found[key]) for key in order]


def best_of(found: Mapping[str, Sequence[tuple[str, float]]], limit: int) -> dict[str, list[str]]:
    """Return names by library, the likeliest library first, without those that are far less likely."""
    best = max((names[0][1] for names in found.values() if names), default=0.0)
    order = sorted(
        (prefix for prefix, names in found.items() if names), key=lambda prefix: -found[prefix][0][1]
    )
    likely = {
        prefix: [name for name, sure in found[prefix][:limit] if sure >= best - FAR] for prefix in order
    }
    return {prefix: names for prefix, names in likely.items() if names}


def plain_name(name: str) -> str:
    """Return a name as it is compared: ``ViT-B/32`` as ``vitb32``."""
    return "".join(sign for sign in name.lower() if sign.isalnum())


def spelled(name: str, names: Sequence[str]) -> str:
    """Return a name as it is in a list, whatever its case and hyphens; empty if it is not."""
    if name in names:
        return name
    plain = plain_name(name)
    return next((known for known in names if plain_name(known) == plain), "") if plain else ""


def _likely(key: str, wanted: str) -> float:
    """Return how likely a name was meant, both as they are compared; 0 if it is not."""
    if key == wanted:
        return SAME
    if len(wanted) >= SHORTEST and key.startswith(wanted):
        return BEGINS
    if len(key) >= SURE and wanted.startswith(key):
        return WITHIN
    return IN_A_WORD if len(wanted) >= INSIDE and wanted in key else 0.0


def _same_beginning(one: str, other: str) -> int:
    """Return how many signs two names have in common at their beginnings."""
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))


def _words(name: str) -> list[str]:
    """Return the words and numbers in a name: ``ViT-B/16`` as vit, b, 16."""
    if SEPARATED.search(name):
        return re.findall(r"[a-z]+|\d+", name.lower())
    return [word.lower() for word in WORDS.findall(name)]


def _in_order(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Return whether a name begins with the first word, and the others begin words of it, in order."""
    if not words or not words[0].startswith(wanted[0]):
        return False
    rest = iter(words[1:])
    return all(any(word.startswith(part) for word in rest) for part in wanted[1:])
