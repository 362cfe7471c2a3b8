"""Where the lines of a run stand in a file as it is now: blank lines may have come and gone, and comments.

As long as the code is that of the run there is one answer for all who ask. When it is not, ``places_now``
says so, and ``places_left`` of ``shapeflow.source.places_left`` tells which lines are surely there.
"""

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
    two of them there may be as many as there were, and no more. Where a line fits several places it is that
    which has moved as the known lines before and behind it; if there is none, that counts as other code.

    Args:
        known: the lines of the run by number; long ones may be cut.
        text: the file as it is now.
    """
    lines = text.split("\n")
    code = [(number, _code(line)) for number, line in enumerate(lines, 1)]
    code = [(number, line) for number, line in code if line]
    found: dict[int, int] = {}
    at, allowed, moved = 0, None, 0
    shifts: list[tuple[bool, int, int]] = []
    """Of each run, whether it fits several places, and how far its first and its last line have moved."""
    for run, room in _runs(known):
        allowed = room if allowed is None else allowed + room
        # before the first line that is known there may be anything that has room
        places = range(at, min(at + allowed, len(code)) + 1)
        fit = [place for place in places if _fits(run, code[place : place + len(run)])]
        if not fit:
            return None
        start = min(fit, key=lambda place: abs(code[place][0] - run[0][0] - moved))
        moved = code[start + len(run) - 1][0] - run[-1][0]
        shifts.append((len(fit) > 1, code[start][0] - run[0][0], moved))
        found.update((was, now) for (was, _), (now, _) in zip(run, code[start:], strict=False))
        at, allowed = start + len(run), 0
    return found if _is_certain(shifts) else None


def _is_certain(shifts: Sequence[tuple[bool, int, int]]) -> bool:
    """Return whether runs that fit several places have moved as those before and behind them."""
    if all(first == last == 0 for _, first, last in shifts):
        return True
    certain = [place for place, (is_open, *_) in enumerate(shifts) if not is_open]
    for place, (is_open, first, last) in enumerate(shifts):
        if is_open:
            before = [shifts[other][2] for other in certain if other < place][-1:]
            behind = [shifts[other][1] for other in certain if other > place][:1]
            if not behind or {first, last, *before, *behind} != {first}:
                return False
    return True


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
