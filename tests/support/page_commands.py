"""The commands that pages show, and what they say these print."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL
)
INLINE = re.compile(r"`(shapeflow [a-z][^`]*)`")
USAGE = re.compile(r"[\[{]\S* ?[^'\"]*[\]}]|…|\.\.\.")
"""Marks a line that says what may be typed, not something to type."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A command on a page."""

    line: int
    text: str
    printed: tuple[str, ...] | None = None
    """What the page says it prints; None: the page does not say."""

    @property
    def words(self) -> list[str]:
        """The words behind ``shapeflow``."""
        return shlex.split(self.text)[1:]

    @property
    def is_usage(self) -> bool:
        """Whether the text says what may be typed: it has optional parts."""
        return bool(USAGE.search(re.sub(r"'[^']*'|\"[^\"]*\"|\S+=\S*", "", self.text)))


def shown_commands(page: Path) -> list[Shown]:
    """Return the commands in the blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for block in FENCE.finditer(text):
        first = text.count("\n", 0, block.start()) + 2
        indent = len(block["indent"])
        found += _in_block([line[indent:] for line in block["body"].splitlines()], first)
    return found


def inline_commands(page: Path) -> list[Shown]:
    """Return the commands that a page names in its sentences."""
    text = FENCE.sub(lambda block: "\n" * block[0].count("\n"), page.read_text(encoding="utf-8"))
    return [Shown(text.count("\n", 0, match.start()) + 1, match[1]) for match in INLINE.finditer(text)]


def differences(printed: list[str], expected: tuple[str, ...]) -> str:
    """Return the first line that a page shows and the command does not print; empty if there is none.

    A line ``…`` stands for any lines, and ``…`` at the end of a line for the rest of it.
    """
    place = 0
    skipping = False
    for line in expected:
        wanted = line.rstrip()
        if wanted.strip() == "…":
            skipping = True
            continue
        there = [
            number for number in range(place, len(printed)) if _is_like(printed[number].rstrip(), wanted)
        ]
        if not there or (there[0] != place and not skipping):
            return wanted or "an empty line"
        place, skipping = there[0] + 1, False
    return "" if skipping or place == len(printed) else f"and no more, but it goes on: {printed[place]}"


def _is_like(line: str, wanted: str) -> bool:
    return line.startswith(wanted[:-1].rstrip()) if wanted.endswith("…") else line == wanted


def _in_block(lines: list[str], first: int) -> Iterator[Shown]:
    """Yield the commands of a block: with what they print if they stand behind ``$``."""
    session = any(line.startswith("$ ") for line in lines)
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if not line.startswith("$ shapeflow " if session else "shapeflow ") or line.startswith("shapeflow ="):
            continue
        place = first + number - 1
        command = line.removeprefix("$ ")
        while command.endswith("\\"):
            command = command[:-1].rstrip() + " " + lines[number].strip()
            number += 1
        printed = []
        while session and number < len(lines) and not lines[number].startswith("$ "):
            printed.append(lines[number])
            number += 1
        while printed and not printed[-1]:
            printed.pop()
        yield Shown(place, _without_remark(command), tuple(printed) if session and printed else None)


def _without_remark(command: str) -> str:
    """Return a command without what stands behind it: ``# …``, or two blanks and words."""
    quoted = re.match(r"(?:[^\s'\"]|'[^']*'|\"[^\"]*\"| (?! ))+", command)
    assert quoted is not None
    return quoted[0].strip()
