"""Calls and ops that are alike, told once: of paths that differ in numbers only, with equal results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from shapeflow.common.text import runs_of
from shapeflow.model.call_tree import NUMBER, pattern
from shapeflow.model.containers import told
from shapeflow.model.match import Match
from shapeflow.model.pattern import escape
from shapeflow.model.records import Call, Records


@dataclass(frozen=True, slots=True)
class Alike:
    """Calls, or ops, that differ in the numbers of their paths only."""

    selector: str
    """Names all of them and nothing else: ``trunk.blocks.[0-31].attn/linear``."""
    matches: tuple[Match, ...]

    @property
    def what(self) -> str:
        """The class of the calls, or the ops' own name."""
        owner = self.matches[0].owner
        return owner.class_name if isinstance(owner, Call) else owner.target


def fold_alike(trace: Records, matches: Sequence[Match]) -> list[Alike]:
    """Return calls and ops with those alike folded, in the order of the first of each."""
    by_path: dict[str, list[Match]] = {}
    for match in matches:
        by_path.setdefault(match.path, []).append(match)
    groups: dict[object, list[tuple[str, Match]]] = {}
    for path, found in by_path.items():
        for suffix, part in _numbered(found):
            head, op = _split(found[0])
            key = (pattern(head), op, suffix, tuple({_results(trace, match): None for match in part}))
            groups.setdefault(key, []).extend((path, match) for match in part)
    alike = [one for group in groups.values() for one in _folded(group)]
    order = {id(match): place for place, match in enumerate(matches)}
    return sorted(alike, key=lambda one: order[id(one.matches[0])])


def _split(match: Match) -> tuple[str, str]:
    """Return the path of the call, and ``/op`` for an op."""
    if match.op is None:
        return match.path, ""
    op = f"/{escape(match.op.target)}"
    return match.path.removesuffix(op), op


def _numbered(matches: Sequence[Match]) -> Iterator[tuple[str, list[Match]]]:
    """Yield matches of one path, with the ``@A-B`` that names them: none if it is all there are."""
    if len(matches) == matches[0].siblings:
        yield "", list(matches)
        return
    by_number = {match.index: match for match in matches}
    for first, last in runs_of(sorted(by_number)):
        suffix = f"@{first}" if first == last else f"@{first}-{last}"
        yield suffix, [by_number[number] for number in range(first, last + 1)]


def _results(trace: Records, match: Match) -> tuple[object, ...]:
    owner = match.owner
    kind = owner.class_name if isinstance(owner, Call) else owner.target
    return (kind, *((port.name, trace.content(port)) for port in told(owner.outputs)))


def _folded(group: Sequence[tuple[str, Match]]) -> Iterator[Alike]:
    """Yield one or more that name exactly what is in a group of paths alike but for numbers."""
    matches: dict[str, list[Match]] = {}
    for path, match in group:
        matches.setdefault(path, []).append(match)
    op = _split(group[0][1])[1]
    suffix = next(_numbered(matches[group[0][0]]))[0]
    for heads in _blocks([path.removesuffix(op) for path in matches]):
        name = _ranges(heads)
        yield Alike(f"{name}{op}{suffix}", tuple(m for head in heads for m in matches[f"{head}{op}"]))


def _blocks(heads: Sequence[str]) -> Iterator[list[str]]:
    """Yield paths in groups that a range for each number names without naming another path."""
    columns = list(zip(*(NUMBER.findall(head) for head in heads), strict=True))
    distinct = [list(dict.fromkeys(column)) for column in columns]
    if prod(map(len, distinct)) == len(heads):
        yield list(heads)
        return
    place = next(place for place, names in enumerate(distinct) if len(names) > 1)
    for name in distinct[place]:
        yield from _blocks([head for head, own in zip(heads, columns[place], strict=True) if own == name])


def _ranges(heads: Sequence[str]) -> str:
    """Return one path for all: ``trunk.blocks.[0-31].attn``."""
    columns = zip(*(NUMBER.findall(head) for head in heads), strict=True)
    between = NUMBER.split(heads[0])
    written = [_range(column) for column in columns]
    return "".join(part for pair in zip(between, [*written, ""], strict=True) for part in pair)


def _range(numbers: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(numbers))
    if len(distinct) == 1:
        return distinct[0]
    runs = runs_of(sorted(map(int, distinct)))
    inside = ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
    return f"[{inside}]"
