"""The parts of a run that a poster shows where no document says what they are: the model's own children."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shapeflow.model.call_tree import CallTree, pattern
from shapeflow.model.costs import Stage, inner_calls, stages_of, total_flops, total_parameters

FEW = 6
"""Fewer parts than this say too little: the largest is opened."""
MAIN = 0.3
"""Blocks do most of the work of a part if this share of its ops runs in them."""
MANY = 24
"""So many may come of opening where there were few; small ones are merged then, see ``shortened``."""
LARGE = 0.5
"""A part with more than this share of the run's work is opened."""
GENERIC = ("model", "module", "net", "body")
"""Names that say nothing: the one before says what it is."""
ALIKE = 0.3
"""Parts beside an opened one that do at least this share of its work are opened with it."""


@dataclass(frozen=True, slots=True)
class Part:
    """Calls that are one station."""

    title: str
    calls: tuple[int, ...]
    ops: frozenset[int]
    times: int = 1
    """So many alike blocks do most of its work."""
    blocks: str = ""
    """Their name: ``layers``."""
    group: str = ""
    """Path of what is around it; empty for what must not be merged with others."""
    details: tuple[str, ...] = ()


def parts_of(tree: CallTree, most: int) -> list[Part]:
    """Return the parts of a run in its order, at most ``most``; alike calls are one part.

    Containers that only hand on are opened first, then what does most of the work; repeats stay closed.
    """
    total = (max(1, total_flops(tree.trace)), max(1, total_parameters(tree.trace)))
    shown = stages_of(tree, tree.roots, "")
    closed: set[tuple[int, ...]] = set()
    while True:
        candidates = [
            stage
            for stage in shown
            if len(stage.calls) == 1 and stage.calls not in closed and _opens(tree, stage)
        ]
        wanted = [
            stage
            for stage in candidates
            if len(shown) < FEW or _only_hands_on(tree, stage) or _work(tree, stage, total) > LARGE
        ]
        if not wanted:
            return [_part(tree, stage) for stage in shown]
        stage = max(wanted, key=lambda stage: (tree.hands_on(stage.calls[0]), _work(tree, stage, total)))
        opened = [
            other
            for other in candidates
            if other is stage
            or (
                other.level == stage.level
                and _parent(other) == _parent(stage)
                and _work(tree, other, total) >= ALIKE * _work(tree, stage, total)
            )
        ]
        for chosen in (opened, [stage]):
            inner = [part for one in chosen for part in _inside(tree, one)]
            room = most if len(shown) >= FEW else MANY
            if len(shown) - len(chosen) + len(inner) <= room:
                kept = [other for other in shown if other not in chosen]
                shown = sorted(kept + inner, key=lambda one: one.calls[0])
                break
        else:
            closed.add(stage.calls)


def _only_hands_on(tree: CallTree, stage: Stage) -> bool:
    """Return whether a stage is a wrapper to look through; a numbered one stays beside the others."""
    return tree.hands_on(stage.calls[0]) and not stage.path.rpartition(".")[2].isdigit()


def _opens(tree: CallTree, stage: Stage) -> bool:
    """Return whether there is more to see inside than one row of alike calls."""
    inside = _inside(tree, stage)
    return len(inside) > 1 or (len(inside) == 1 and len(inside[0].calls) == 1)


def unspoken(tree: CallTree, parts: Sequence[Part], most: int) -> list[Part]:
    """Return the outermost calls of modules with parameters that touch none of ``parts``, the largest first.

    They are what a document does not speak of.
    """
    spoken = sorted(op for part in parts for op in part.ops)
    found: list[Stage] = []
    waiting = list(tree.roots)
    while waiting:
        stages = stages_of(tree, waiting, "")
        waiting = []
        for stage in stages:
            calls = [tree.trace.calls[call] for call in stage.calls]
            if not any(_touches(spoken, call.first_op, call.last_op) for call in calls):
                if stage.parameters:
                    found.append(stage)
            else:
                waiting += [child for call in stage.calls for child in tree.children[call]]
    found.sort(key=lambda stage: -(stage.parameters or 0))
    return [_part(tree, stage) for stage in found[: max(0, most)]]


def _touches(ops: Sequence[int], first: int, last: int) -> bool:
    """Return whether some of ``ops``, in order, lies between two."""
    at = bisect_left(ops, first)
    return at < len(ops) and ops[at] < last


def _inside(tree: CallTree, stage: Stage) -> list[Stage]:
    return stages_of(tree, inner_calls(tree, stage.calls[0]), stage.path, stage.level + 1)


def _parent(stage: Stage) -> str:
    return stage.path.rpartition(".")[0]


def _work(tree: CallTree, stage: Stage, total: tuple[int, int]) -> float:
    """Return the share of a part in the FLOPs or in the parameters, or in the ops where there are neither."""
    flops, parameters = total
    if flops > 1 or parameters > 1:
        return max(stage.flops / flops, (stage.parameters or 0) / parameters)
    calls = [tree.trace.calls[call] for call in stage.calls]
    return sum(call.last_op - call.first_op for call in calls) / max(1, len(tree.trace.ops))


def _part(tree: CallTree, stage: Stage) -> Part:
    calls = [tree.trace.calls[call] for call in stage.calls]
    ops = frozenset(op for call in calls for op in range(call.first_op, call.last_op))
    times, blocks = repeats(tree, stage.calls)
    return Part(_title(stage), stage.calls, ops, times, blocks, _parent(stage), (stage.class_name,))


def _title(stage: Stage) -> str:
    """Return the end of a path that says something: not a number alone."""
    if stage.path in (".", ""):
        return stage.class_name
    names = stage.path.split(".")
    if len(stage.calls) > 1 and len(names) > 1 and re.fullmatch(r"[\d,-]+", names[-1]):
        names.pop()
    while len(names) > 1 and names[-1] in GENERIC:
        names.pop()
    return ".".join(names[-2:] if re.fullmatch(r"[\d,-]+", names[-1]) else names[-1:])


def repeats(tree: CallTree, calls: Sequence[int]) -> tuple[int, str]:
    """Return how many alike blocks in a row do most of the work of calls, and their name: ``32, "blocks"``.

    ``1, ""`` if there are none.
    """
    records = [tree.trace.calls[call] for call in calls]
    ops = sum(record.last_op - record.first_op for record in records)
    while calls:
        for group in stages_of(tree, calls, ""):
            inside = [tree.trace.calls[call] for call in group.calls]
            if sum(record.last_op - record.first_op for record in inside) > MAIN * ops:
                paths = dict.fromkeys(record.path for record in inside)
                if len(paths) > 1 and _same_inside(tree, group.calls):
                    return len(paths), _plural(paths)
                calls = [child for call in group.calls[:1] for child in tree.children[call]]
                break
        else:
            break
    return 1, ""


def _plural(paths: Iterable[str]) -> str:
    """Return what numbered paths have in common last: ``layers`` for ``decoder.layers.0``, ``.1``."""
    columns = list(zip(*(path.split(".") for path in paths), strict=False))
    at = next((i for i, column in enumerate(columns) if len(set(column)) > 1), 0)
    return columns[at - 1][0] if at else ""


def _same_inside(tree: CallTree, calls: Sequence[int]) -> bool:
    """Return whether calls hold mostly the same classes; a stem and a block may give equal shapes."""
    kinds = [{tree.trace.calls[child].class_name for child in inner_calls(tree, call)} for call in calls]
    return all(len(kind & kinds[0]) * 2 >= len(kind | kinds[0]) for kind in kinds)


def merged(first: Part, second: Part) -> Part:
    """Return two parts that follow each other as one."""
    head = first.title.split(" … ")[0].split(" · ")[0]
    tail = second.title.split(" … ")[-1].split(" · ")[-1]
    two = len(first.calls) == len(second.calls) == 1
    return Part(
        f"{head} · {tail}" if two else f"{head} … {tail}",
        first.calls + second.calls,
        first.ops | second.ops,
        group=first.group,
    )


def shortened(
    tree: CallTree, parts: Sequence[Part], links: set[tuple[int, int]], longest: int, most: int
) -> list[Part]:
    """Return parts, small ones that only feed each other merged until no path is longer than ``longest``.

    Where that is not enough, numbered ones beside each other are one part: ``down_blocks``, 4 of them.

    Args:
        tree: the call tree.
        parts: in the order of the run.
        links: pairs of positions between which data flows.
        longest: most parts in a row.
        most: most parts.
    """
    work = list(parts)
    while len(work) > most or _depth(len(work), links) > longest:
        after: dict[int, set[int]] = {}
        before: dict[int, set[int]] = {}
        for first, second in links:
            after.setdefault(first, set()).add(second)
            before.setdefault(second, set()).add(first)
        pairs = [
            (first, second)
            for first, second in links
            if after[first] == {second}
            and before[second] == {first}
            and work[first].times == work[second].times == 1
            and work[first].group == work[second].group
        ]
        if not pairs:
            return _folded(tree, work)
        first, second = min(pairs, key=lambda pair: (sum(len(work[i].ops) for i in pair), pair))
        work[first] = merged(work[first], work[second])
        del work[second]
        moved = {old: old - (old > second) if old != second else first for old in range(len(work) + 1)}
        links = {(moved[a], moved[b]) for a, b in links if moved[a] != moved[b]}
    return work


def _folded(tree: CallTree, parts: Sequence[Part]) -> list[Part]:
    """Return parts, those that follow one another and differ only in a number as one: ``down_blocks.0-3``."""
    folded: list[Part] = []
    known = ""
    for part in parts:
        path = pattern(tree.trace.calls[part.calls[0]].path)
        if folded and "*" in path and path == known:
            folded[-1] = _ranged(folded[-1], part)
        else:
            folded.append(part)
        known = path
    return folded


def _ranged(first: Part, last: Part) -> Part:
    """Return numbered parts as one; they are not alike, so they are no repeats."""
    name, _, number = first.title.rpartition(".")
    end = last.title.rpartition(".")[2]
    details = first.details if first.details == last.details else ()
    title = f"{name}.{number.partition('-')[0]}-{end}"
    return Part(title, first.calls + last.calls, first.ops | last.ops, group=first.group, details=details)


def _depth(number: int, links: set[tuple[int, int]]) -> int:
    """Return how many parts the longest path has; links that lead back do not count."""
    depth = [1] * number
    for first, second in sorted(links):
        if first < second:
            depth[second] = max(depth[second], depth[first] + 1)
    return max(depth, default=0)
