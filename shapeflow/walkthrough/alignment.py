"""Which call is meant where a claim names two places: ``layers.*:out = layers.*:in[0] + layers.*.mlp:out``.

What both selectors begin with stands for the same module, and the same call of it, on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence

from shapeflow.model.match import Match
from shapeflow.model.records import Call, Records
from shapeflow.model.selector import parse


def aligned(trace: Records, match: Match, text: str, other: str, others: Sequence[Match]) -> list[Match]:
    """Return which matches of another selector belong to one match of a selector.

    Args:
        trace: the run.
        match: one match of ``text``.
        text: the selector that it is a match of.
        other: another selector.
        others: all matches of ``other``.
    """
    shared = _shared(text, other)
    if not shared or match.call is None:
        return list(others)
    prefix = match.call.key.split(".")[:shared]
    if others and all(found.tensor for found in others):
        return [found for found in others if found.path.split(".")[:shared] == prefix]
    same_path = [found for found in others if found.call and found.call.key.split(".")[:shared] == prefix]
    selector = parse(other)
    if selector.calls is not None or selector.ops is not None or len(same_path) < 2:
        return same_path
    around = _around(trace, match.call, ".".join(prefix))
    if around is None:
        return same_path
    return [found for found in same_path if found.call and around in _callers(trace, found.call)] or same_path


def _shared(text: str, other: str) -> int:
    """Return how many names both selectors begin with."""
    count = 0
    for first, second in zip(parse(text).path or (), parse(other).path or (), strict=False):
        if first.text != second.text or first.deep:
            break
        count += 1
    return count


def _around(trace: Records, call: Call, key: str) -> int | None:
    """Return the outermost call of a module, or of a helper method, that a call is or runs in."""
    found = [
        number
        for number in _callers(trace, call)
        if key in (trace.calls[number].key, trace.calls[number].path)
    ]
    return found[-1] if found else None


def _callers(trace: Records, call: Call) -> list[int]:
    """Return a call and the calls that it runs in, the innermost first."""
    numbers = [call.id]
    while call.parent is not None:
        call = trace.calls[call.parent]
        numbers.append(call.id)
    return numbers
