"""Sentences that are written in English where a fact is known, in the language of a report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from shapeflow.reporting.words.sentences import PAIRS

HOLE = re.compile(r"\{(?P<kind>[*@]?)(?P<name>[a-z]+\d?)\}|<(?P<words>[a-z| ]*\|[a-z| ]*)>")
"""What a pattern leaves open: some text, or one of several words."""
FILLED = re.compile(r"\{([*@]?)([a-z]+\d?)\}")
KINDS = {
    "n": r"-?\d[\d,.]*",
    "value": r"\w+\[[\d, ]*\]|\S+",
    "names": r"\S+(?:, \S+)*(?: and [\d,]+ more)?",
    "batch": r"(?:[^,;]|,(?=\d))+",
}
"""Name of a hole -> what it takes in, where that is not any text."""
COLUMNS = re.compile(r"( {2,})")
"""Stands between the parts of a line: where, what is there, what is wrong with it."""
BESIDE_QUOTES = re.compile(r"(?<=[\u4e00-\u9fff]) (?=“)|(?<=”) (?=[\u4e00-\u9fff])")
MORE = re.compile(r"(.+) and ([\d,]+) more")
QUOTED = re.compile(r"'([^']+)'")
LISTS = ("names", "counts")
COUNT = re.compile(r"([\d,]+) in ([^\s,]+)")


class Pattern:
    """A sentence in English with its holes, and the same in another language.

    Args:
        english: as the tables write it.
        other: likewise.
    """

    def __init__(self, english: str, other: str) -> None:
        self.other = other
        literals, parts, at = [], [], 0
        for hole in HOLE.finditer(english):
            literals.append(english[at : hole.start()])
            parts += [re.escape(literals[-1]), _regex(hole)]
            at = hole.end()
        literals.append(english[at:])
        self.regex = re.compile("".join([*parts, re.escape(literals[-1])]))
        self.key = max(literals, key=len)
        """The longest part that has to be there."""
        self.size = sum(map(len, literals))
        self.is_word = " " not in english
        """Whether it may be a name: such a pattern counts only inside of another."""


def _regex(hole: re.Match[str]) -> str:
    if hole["words"] is not None:
        return f"(?:{'|'.join(map(re.escape, hole['words'].split('|')))})"
    taken = r"\S+" if hole["kind"] == "@" else KINDS.get(hole["name"].rstrip("234"), ".+?")
    return f"(?P<{hole['name']}>{taken})"


class Sentences:
    """Looks sentences up; what no pattern fits stays as it is.

    Args:
        pairs: the patterns in English and in the other language; of those that fit, the longest counts.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]] = PAIRS) -> None:
        patterns = [Pattern(english, other) for english, other in pairs]
        self.patterns = sorted(patterns, key=lambda pattern: -pattern.size)
        self.known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Return a text in the other language, line by line."""
        return "\n".join(map(self._line, text.split("\n")))

    def _line(self, line: str) -> str:
        if line not in self.known:
            parts = COLUMNS.split(line)
            said = [self._sentence(part) or part for part in parts]
            self.known[line] = "".join(said) if said != parts else self._sentence(line) or line
        return self.known[line]

    def _sentence(self, text: str, *, inside: bool = False) -> str | None:
        """Return one sentence in the other language; None if no pattern fits."""
        for pattern in self.patterns:
            if pattern.key in text and (inside or not pattern.is_word):
                found = pattern.regex.fullmatch(text)
                if found is not None:
                    return self._filled(pattern.other, found.groupdict())
        return None

    def _filled(self, other: str, given: dict[str, str]) -> str:
        return BESIDE_QUOTES.sub("", FILLED.sub(lambda hole: self._given(hole, given), other))

    def _given(self, hole: re.Match[str], given: dict[str, str]) -> str:
        """Return what stands in a hole: a sentence is looked up, the end of a list is put in words."""
        kind, name = hole.groups()
        text = given[name]
        if kind == "*":
            return self._sentence(text, inside=True) or text
        if name in LISTS:
            more = MORE.fullmatch(text)
            items = COUNT.sub(r"\2 中 \1 个", more[1] if more else text)
            items = QUOTED.sub(r"“\1”", items).replace(", ", "、")
            return f"{items} 等，另有 {more[2]} 项" if more else items
        return text


@cache
def chinese_sentences() -> Sentences:
    """Return the sentences in Chinese."""
    return Sentences()
