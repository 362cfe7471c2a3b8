"""Which lines of a run are still there in a file that was edited since: only those that can be no others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shapeflow.model.trace import Trace
from shapeflow.source.comments import LONGEST_TEXT
from shapeflow.source.places_now import code_of, places_now

_HEAD = re.compile(r"(?P<kind>class|(?:async )?def)\s+(?P<name>\w+)")


@dataclass(frozen=True, slots=True)
class _Code:
    """A line of code."""

    number: int
    text: str
    owner: str
    """The class around it, as far as is known."""
    function: str
    """The innermost function around it; empty if that is not known."""


def functions_of_run(trace: Trace, name: str) -> dict[int, str]:
    """Return the functions that the lines of a file ran in, by number."""
    return {source.line: source.function for source in trace.sources if source.file == name}


def places_left(known: Mapping[int, str], functions: Mapping[int, str], text: str) -> dict[int, int]:
    """Return where the lines of a run stand in a text that may have other code, of those that are certain.

    The heads of classes and methods are certain by their names. Any other line is if its code stands once in
    the run and once in the text, in a function and a class of the same names, and beside a line that it stood
    beside; also if it follows a certain line as it did; and if it is the only one of its code between two
    certain lines of a function.

    Args:
        known: the lines of the run by number; long ones may be cut.
        functions: of those that ran, the innermost function around them.
        text: the file as it is now.
    """
    whole = places_now(known, text)
    if whole is not None:
        return whole
    before = list(_lines_of_run(known, functions))
    after = list(_lines_of_text(text))
    found = dict(_alone(before, after, known))
    missing = -1
    while missing != len(found):
        missing = len(found)
        _extend(found, before, after, known)
        _fill(found, before, after, known)
    return {before[was].number: after[now].number for was, now in sorted(found.items())}


def _lines_of_run(known: Mapping[int, str], functions: Mapping[int, str]) -> Iterator[_Code]:
    owner = ""
    for number in sorted(known):
        text = code_of(known[number])[:LONGEST_TEXT]
        head = _HEAD.match(text)
        if text:
            yield _Code(number, text, owner, "" if head else functions.get(number, ""))
        if head and head["kind"] == "class":
            owner = head["name"]


def _lines_of_text(text: str) -> Iterator[_Code]:
    """Yield the lines of code of a text, which may be no Python as it stands: blanks tell what is inside."""
    around: list[tuple[int, str, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        code = code_of(line)[:LONGEST_TEXT]
        if not code:
            continue
        depth = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        head = _HEAD.match(code)
        if head or not code.startswith((")", "]", "}", '"', "'")):
            while around and around[-1][0] >= depth:
                around.pop()
        owner = next((name for _, kind, name in reversed(around) if kind == "class"), "")
        function = next((name for _, kind, name in reversed(around) if kind != "class"), "")
        if head:
            around.append((depth, head["kind"], head["name"]))
        yield _Code(number, code, owner, function)


def _alone(
    before: Sequence[_Code], after: Sequence[_Code], known: Mapping[int, str]
) -> Iterator[tuple[int, int]]:
    """Yield the places of lines that stand once in the run and in the text, and of heads of definitions."""
    for place, now in _once(before, after, _definition):
        yield place, now
    for place, now in _once(before, after, lambda line: line.text):
        line, other = before[place], after[now]
        if line.function == other.function and other.owner in ("", line.owner):
            beside = [step for step in (-1, 1) if _is_beside(before, place, step, known)]
            if any(_text(after, now + step) == before[place + step].text for step in beside):
                yield place, now


def _once(
    before: Sequence[_Code], after: Sequence[_Code], key: Callable[[_Code], str]
) -> Iterator[tuple[int, int]]:
    """Yield the places of lines that have a key which stands once in the run and once in the text."""
    counts = [Counter(map(key, lines)) for lines in (before, after)]
    places = {key(line): place for place, line in enumerate(after)}
    for place, line in enumerate(before):
        if key(line) and all(count[key(line)] == 1 for count in counts):
            yield place, places[key(line)]


def _definition(line: _Code) -> str:
    """Return the class and the name that a line begins to define; empty if it does not."""
    head = _HEAD.match(line.text)
    if head is None:
        return ""
    return head["name"] if head["kind"] == "class" else f"{line.owner}.{head['name']}"


def _is_beside(lines: Sequence[_Code], place: int, step: int, known: Mapping[int, str]) -> bool:
    """Return whether the line of code before or behind one is known: nothing unknown is between them."""
    if not 0 <= place + step < len(lines):
        return False
    return all(
        number in known for number in range(*sorted((lines[place].number, lines[place + step].number)))
    )


def _text(lines: Sequence[_Code], place: int) -> str:
    return lines[place].text if 0 <= place < len(lines) else ""


def _extend(
    found: dict[int, int], before: Sequence[_Code], after: Sequence[_Code], known: Mapping[int, str]
) -> None:
    """Add the lines that follow certain ones in the run and in the text, as far as the same code follows."""
    taken = set(found.values())
    for place in sorted(found):
        was, now = place + 1, found[place] + 1
        while was < len(before) and was not in found and now not in taken:
            text = before[was].text
            if text != _text(after, now) or _HEAD.match(text) or not _is_beside(before, was, -1, known):
                break
            if text in (_text(before, was + 1), _text(after, now + 1)):
                break
            found[was] = now
            taken.add(now)
            was, now = was + 1, now + 1


def _fill(
    found: dict[int, int], before: Sequence[_Code], after: Sequence[_Code], known: Mapping[int, str]
) -> None:
    """Add the lines that are the only ones of their code between two certain ones of a function."""
    for first, last in list(pairwise(sorted(found))):
        start, end = found[first], found[last]
        inside = {
            (line.owner, line.function) for line in after[start : end + 1] if not _HEAD.match(line.text)
        }
        is_known = all(_is_beside(before, place, 1, known) for place in range(first, last))
        if last == first + 1 or start >= end or len(inside) != 1 or not is_known:
            continue
        was = Counter(line.text for line in before[first + 1 : last])
        now = Counter(line.text for line in after[start + 1 : end])
        places = {line.text: place for place, line in enumerate(after[start + 1 : end], start + 1)}
        for place in range(first + 1, last):
            text = before[place].text
            if was[text] == now[text] == 1:
                found[place] = places[text]
