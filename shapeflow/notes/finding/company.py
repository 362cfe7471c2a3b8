"""What the other candidates of a text make of one: its axes, and what stands beside it."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from shapeflow.notes.finding.context import Context
from shapeflow.notes.finding.cues import CONFIG_NAME
from shapeflow.notes.finding.literal import Literal
from shapeflow.notes.finding.scoring import WEIGHTS, probability
from shapeflow.notes.mention import Frame, Passage

FEWEST_ELEMENTS = 32
FEWEST_COMMENTS = 4
SURE, UNSURE, ODD, HOPELESS = 2.0, -1.3, -4.0, -5.0
"""Logarithms of the odds of what others can be likened to, and of what is too odd to be likened."""


_LISTS = re.compile(r"(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|[\s,;@x*+=>→-])*")
_REMARK = re.compile(r"\s*(?:$|[,;]|->|→)")
_NAMED = re.compile(r"(?<![\w.])([A-Za-z]\w*)=$")


@dataclass(frozen=True, slots=True)
class Found:
    """A literal where it stands, and the logarithm of the odds that it states a shape."""

    passage: Passage
    literal: Literal
    frame: Frame
    odds: float

    @property
    def kind(self) -> tuple[object, ...]:
        """Equal for literals that are written in the same way in the same block."""
        passage, literal = self.passage, self.literal
        sign = passage.text[: literal.start].rstrip()[-1:]
        place = (passage.cell, passage.block, passage.part, self.frame.region, self.frame.column)
        return (*place, literal.form, literal.opener, literal.separator, sign if not sign.isalnum() else "")


def in_context(candidates: list[Found]) -> list[Found]:
    """Return candidates; one with the axes of likely ones anywhere in the text is surer."""
    odds = [one.odds for one in candidates]
    for _ in range(2):
        likely = (
            (one.literal, probability(each)) for one, each in zip(candidates, odds, strict=True) if each > 0
        )
        context = Context(likely)
        odds = [
            min(SURE, one.odds + context.gain(one.literal)) if HOPELESS < one.odds <= SURE else one.odds
            for one in candidates
        ]
    return [replace(one, odds=each) for one, each in zip(candidates, odds, strict=True)]


def as_printed(candidates: list[Found]) -> list[Found]:
    """Return candidates; those of a printed object, ``Data(x=[2708, 1433], y=[2708])``, are surer.

    Such an object gives each of its tensors a name, and they share axes.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, one in enumerate(candidates):
        name = _NAMED.search(one.passage.text[: one.literal.start][-32:])
        if one.literal.opener == "[" and name and not _is_setting(name[1]):
            groups.setdefault((one.passage.cell, one.passage.block, one.passage.part), []).append(number)
    found = list(candidates)
    for group in (group for group in groups.values() if len(group) > 2):
        sizes = Counter(size for number in group for size in _large_sizes(candidates[number]))
        shared = [n for n in group if any(sizes[size] > 1 for size in _large_sizes(candidates[n]))]
        for number in group if len(shared) > 1 else ():
            if _large_sizes(candidates[number]):
                odds = candidates[number].odds + WEIGHTS["in a printed object"]
                found[number] = replace(candidates[number], odds=odds)
    return found


def _is_setting(name: str) -> bool:
    """Return whether a name is one of a setting; an index of edges is a tensor."""
    return CONFIG_NAME.search(name) is not None and not name.endswith("index")


def _large_sizes(one: Found) -> set[str]:
    return {dim.text for dim in one.literal.dims if dim.text.isdecimal() and int(dim.text) >= 16}


def as_comments(candidates: list[Found]) -> list[Found]:
    """Return candidates; ``# (8732)`` is surer in a text whose other comments are nothing but shapes."""
    here = [number for number, one in enumerate(candidates) if _fills_comment(one)]
    sure = {
        candidates[n].passage.line
        for n in here
        if candidates[n].odds > SURE and len(candidates[n].literal.dims) > 1
    }
    found = list(candidates)
    for number in here if len(sure) >= FEWEST_COMMENTS else ():
        if len(candidates[number].literal.dims) == 1:
            odds = candidates[number].odds + WEIGHTS["as other comments are"]
            found[number] = replace(candidates[number], odds=odds)
    return found


def _fills_comment(one: Found) -> bool:
    """Return whether a comment begins with lists in parentheses of which this is one."""
    text, literal = one.passage.text, one.literal
    if one.frame.region != "comment" or literal.opener != "(" or literal.glued:
        return False
    return bool(_LISTS.fullmatch(text, 0, literal.start) and _REMARK.match(text, literal.end))


def as_reshaped(candidates: list[Found]) -> list[Found]:
    """Return candidates; two of a line with as many elements, ``(28, 28)`` and ``(784,)``, are surer."""
    found = list(candidates)
    for number, one in enumerate(candidates):
        elements = _elements(one)
        beside = (*candidates[max(0, number - 2) : number], *candidates[number + 1 : number + 3])
        if elements >= FEWEST_ELEMENTS and any(
            other.passage is one.passage
            and _elements(other) == elements
            and [dim.text for dim in other.literal.dims] != [dim.text for dim in one.literal.dims]
            and other.literal.opener == one.literal.opener != ""
            for other in beside
        ):
            found[number] = replace(one, odds=one.odds + WEIGHTS["as many elements as another"])
    return found


def _elements(one: Found) -> int:
    """Return how many elements a tensor of this shape has; 0 where it does not say."""
    sizes = [dim.text for dim in one.literal.dims]
    return math.prod(map(int, sizes)) if all(size.isdecimal() for size in sizes) else 0


def like_neighbours(candidates: list[Found]) -> Iterator[Found]:
    """Yield candidates; one that is written like sure ones in the lines around it is surer."""
    sure: dict[tuple[object, ...], list[int]] = {}
    for one in candidates:
        if one.odds > SURE:
            sure.setdefault(one.kind, []).append(one.passage.line)
    for number, one in enumerate(candidates):
        lines = sure.get(one.kind, ()) if one.odds <= SURE else ()
        near = bisect_right(lines, one.passage.line + 6) - bisect_left(lines, one.passage.line - 6)
        alike = UNSURE < one.odds <= SURE and (near > 1 or _beside_sure(candidates, number))
        if ODD < one.odds <= UNSURE and near > 2 and one.frame.region in ("fence", "output"):
            yield replace(one, odds=one.odds + WEIGHTS["one of a column"])
        elif alike:
            yield replace(one, odds=one.odds + WEIGHTS["like its neighbours"])
        elif UNSURE < one.odds <= 0 and _with_like(candidates, number):
            yield replace(one, odds=one.odds + WEIGHTS["like others of its line"])
        else:
            yield one


def _with_like(candidates: list[Found], number: int) -> bool:
    """Return whether a likely candidate on the same line is written as this one is."""
    one = candidates[number]
    return any(
        other.passage is one.passage
        and other.odds > 0
        and (other.literal.form, other.literal.opener) == (one.literal.form, one.literal.opener)
        for other in (*candidates[max(0, number - 4) : number], *candidates[number + 1 : number + 5])
    )


def _beside_sure(candidates: list[Found], number: int) -> bool:
    """Return whether an arrow joins a candidate with a sure one on its line."""
    one = candidates[number]
    for other in candidates[max(0, number - 1) : number + 2]:
        if other is one or other.passage is not one.passage or other.odds <= SURE:
            continue
        first, last = sorted((one.literal, other.literal), key=lambda literal: literal.start)
        if re.fullmatch(
            r"[\s`$)]*(?:→|-+>|=+>|to|\\to|\\rightarrow)[\s`$(]*", one.passage.text[first.end : last.start]
        ):
            return True
    return False
