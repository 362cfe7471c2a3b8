"""Where the lines of a run stand in a file as it is now: blank lines may have come and gone, and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from shapeflow.model.trace import Trace
from shapeflow.source.comments import LONGEST_TEXT


def lines_of_run(trace: Trace, name: str) -> dict[int, str]:
    """Return the lines that a trace has of a file, by number: those that made something, and some around."""
    found = {source.line: source.text for source in trace.sources if source.file == name}
    for excerpt in trace.excerpts:
        if excerpt.file == name:
            found.update(enumerate(excerpt.lines, excerpt.first))
    return found


def places_now(known: Mapping[int, str], text: str) -> dict[int, int] | None:
    """Return where the lines of a run stand in a text; None if the text has other code.

    Lines of code have to follow one another as they did. Where the trace knows nothing of the lines between
    two of them there may be as many as there were, and no more.

    Args:
        known: the lines of the run by number; long ones may be cut.
        text: the file as it is now.
    """
    lines = text.split("\n")
    code = [(number, _code(line)) for number, line in enumerate(lines, 1)]
    code = [(number, line) for number, line in code if line]
    found: dict[int, int] = {}
    at, allowed, moved = 0, None, 0
    for run, room in _runs(known):
        allowed = room if allowed is None else allowed + room
        # before the first line that is known there may be anything that has room
        places = range(at, min(at + allowed, len(code)) + 1)
        fit = [place for place in places if _fits(run, code[place : place + len(run)])]
        if not fit:
            return None
        # of several alike it is the one that has moved as what stands before it
        start = min(fit, key=lambda place: abs(code[place][0] - run[0][0] - moved))
        moved = code[start + len(run) - 1][0] - run[-1][0]
        found.update((was, now) for (was, _), (now, _) in zip(run, code[start:], strict=False))
        at, allowed = start + len(run), 0
    return found


def _runs(known: Mapping[int, str]) -> list[tuple[list[tuple[int, str]], int]]:
    """Return the lines of code that followed one another, and how many others may stand before each run."""
    numbers = sorted(known)
    runs: list[tuple[list[tuple[int, str]], int]] = []
    room = numbers[0] - 1 if numbers else 0
    run: list[tuple[int, str]] = []
    for number, after in pairwise([*numbers, (numbers or [0])[-1] + 1]):
        if line := _code(known[number]):
            run.append((number, line))
        if after > number + 1 or number == numbers[-1]:
            if run:
                runs.append((run, room))
                room = 0
            room += after - number - 1
            run = []
    return runs


def _fits(run: Sequence[tuple[int, str]], code: Sequence[tuple[int, str]]) -> bool:
    return len(run) == len(code) and all(was == now for (_, was), (_, now) in zip(run, code, strict=True))


def code_of(line: str) -> str:
    """Return the code of a line, without its comment and the blanks around it."""
    text = line.strip()
    place = text.find("#")
    while place >= 0:
        head = text[:place]
        if head.count("'") % 2 == 0 and head.count('"') % 2 == 0:
            return head.strip()
        place = text.find("#", place + 1)
    return text


def _code(line: str) -> str:
    """Return the code of a line as it is compared: long ones are cut in a trace."""
    return code_of(line)[:LONGEST_TEXT]
