"""Which call is meant where a claim names two places: ``layers.*:out = layers.*:in[0] + layers.*.mlp:out``.

What both selectors begin with stands for the same module on both sides. Of several calls those are meant that
run in the same call of it: in the innermost one around the first place in which any of them runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

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
    if match.call is None:
        return list(others)
    shared = _shared(text, other)
    inside = ".".join([*match.call.key.split(".")[:shared], ""]) if shared else ""
    below = trace.cached(_grouped).setdefault((other, inside), [])
    same_path = next((kept for given, kept in below if given is others), None)
    if same_path is None:
        same_path = _below(trace, inside, others)
        below.append((others, same_path))
    if others and all(found.tensor for found in others):
        return same_path
    selector = parse(other)
    if selector.calls is not None or selector.ops is not None or len(same_path) < 2:
        return same_path
    return _nearest(trace, match.call, same_path)


def _grouped(
    trace: Records,
) -> dict[tuple[str, str], list[tuple[Sequence[Match], list[Match]]]]:
    """Return which matches of selectors were found below the names that keys begin with, so far."""
    return {}


def _below(trace: Records, inside: str, others: Sequence[Match]) -> list[Match]:
    """Return the matches below what keys begin with; with nothing to begin with, all."""
    if others and all(found.tensor for found in others):
        return [found for found in others if f"{found.path}.".startswith(inside)]
    starts = trace.cached(_starts)
    return [
        found for found in others if not inside or (found.call and starts[found.call.id].startswith(inside))
    ]


def _starts(trace: Records) -> list[str]:
    """Return what the keys of the calls below each call begin with."""
    return [f"{call.key}." for call in trace.calls]


@lru_cache(maxsize=2**12)
def _shared(text: str, other: str) -> int:
    """Return how many names both selectors begin with."""
    count = 0
    for first, second in zip(parse(text).path or (), parse(other).path or (), strict=False):
        if first.text != second.text or first.deep:
            break
        count += 1
    return count


def _nearest(trace: Records, call: Call, others: list[Match]) -> list[Match]:
    """Return the matches that run in the innermost call around a call in which any of them runs."""
    callers = [(found, set(_callers(trace, found.call)) if found.call else set()) for found in others]
    for number in _callers(trace, call):
        inside = [found for found, around in callers if number in around]
        if inside:
            return inside
    return others


def _callers(trace: Records, call: Call) -> list[int]:
    """Return a call and the calls that it runs in, the innermost first."""
    numbers = [call.id]
    while call.parent is not None:
        call = trace.calls[call.parent]
        numbers.append(call.id)
    return numbers
