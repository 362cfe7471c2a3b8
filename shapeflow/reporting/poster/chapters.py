"""Which part of a run each chapter of a walkthrough is about, judged by what its claims rest on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapeflow.model.call_tree import CallTree
from shapeflow.model.trace import Trace

if TYPE_CHECKING:
    from shapeflow.walkthrough.document import Section
    from shapeflow.walkthrough.verdict import CheckResult, Verdict

Weights = dict[int, Counter[str]]
"""Call or op -> how much each section's claims speak of it."""

CLAIM = 10_000
"""What one claim weighs, divided among what it speaks of."""
LEAST_CHAPTERS = 3
"""Fewer sections of one level are not the chapters of a document; the next level is looked at."""
LEAST_OPS = 3
"""Fewer ops between calls are not a part of their own."""
MAIN = 0.5
"""A section is at home in a call if more than this share of what it says is about what lies in it."""
RIVAL = 0.2
"""A section that says less than this share of what the first one says about a call is no rival for it."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A section of a document with the part of the run that it is about."""

    section: Section
    inner: tuple[Section, ...]
    """The sections in it, itself first."""
    calls: tuple[int, ...]
    """The outermost calls that belong to it, in the order of the run."""
    ops: frozenset[int]
    """All ops that belong to it."""


def chapters_of(trace: Trace, result: CheckResult, most: int) -> list[Chapter]:
    """Return the chapters of a document that own a part of the run, in its order, at most ``most``.

    Every op belongs to one chapter at most: the one whose claims speak most of the call around it.
    """
    tree = trace.cached(CallTree)
    sections = [section for section in result.document.sections if section.title]
    weights = _weights(trace, result)
    for level in sorted({section.level for section in sections}):
        found = _owned(tree, weights, _groups(sections, level))
        if len(found) >= LEAST_CHAPTERS:
            return _opened(tree, weights, found, most)
    return []


def _groups(sections: Sequence[Section], level: int) -> dict[str, tuple[Section, ...]]:
    """Return the sections of a level with those in them, by the id of the outer one."""
    groups: dict[str, list[Section]] = {}
    current = ""
    for section in sections:
        if section.level <= level:
            current = section.id if section.level == level else ""
        if current:
            groups.setdefault(current, []).append(section)
    return {name: tuple(inner) for name, inner in groups.items()}


def _weights(trace: Trace, result: CheckResult) -> tuple[Weights, Weights]:
    """Return how much each section speaks of calls, and of ops; each claim counts one in all."""
    home: dict[int, str] = {}
    for one in result.document.sections:
        home.update((claim, one.id) for block in one.blocks for claim in block.claims)
    calls: Weights = defaultdict(Counter)
    ops: Weights = defaultdict(Counter)
    for verdict in result.verdicts:
        section = home.get(verdict.claim.id)
        if section is None or verdict.claim.said or verdict.claim.kind == "flow":
            continue
        _weigh(trace, verdict, section, calls, ops)
    return calls, ops


def _weigh(trace: Trace, verdict: Verdict, section: str, calls: Weights, ops: Weights) -> None:
    """Add what one claim speaks of."""
    evidence = verdict.evidence
    for op in evidence.ops:
        ops[op][section] += max(1, CLAIM // len(evidence.ops))
    spoken = evidence.calls or [call for op in evidence.ops if (call := trace.ops[op].call) is not None]
    for call in spoken:
        calls[call][section] += max(1, CLAIM // len(spoken))


def _owned(
    tree: CallTree, weights: tuple[Weights, Weights], groups: Mapping[str, tuple[Section, ...]]
) -> list[Chapter]:
    """Divide the run among groups of sections."""
    group_of = {section.id: name for name, inner in groups.items() for section in inner}

    def grouped(counts: Counter[str]) -> Counter[str]:
        found: Counter[str] = Counter()
        for section, weight in counts.items():
            if section in group_of:
                found[group_of[section]] += weight
        return found

    within = _within(tree, {call: grouped(counts) for call, counts in weights[0].items()})
    totals: Counter[str] = sum((within[root] for root in tree.roots if root in within), Counter())
    calls: dict[str, list[int]] = defaultdict(list)
    ops: dict[str, set[int]] = defaultdict(set)

    def visit(call: int) -> None:
        if call not in within:
            return
        owner = _owner(within[call], totals)
        if owner is not None:
            record = tree.trace.calls[call]
            calls[owner].append(call)
            ops[owner].update(range(record.first_op, record.last_op))
        else:
            for op in tree.own_ops[call]:
                _claim_op(grouped(weights[1][op]) if op in weights[1] else Counter(), op, ops)
            for child in tree.children[call]:
                visit(child)

    for root in tree.roots:
        visit(root)
    for op in weights[1]:
        if tree.trace.ops[op].call is None:
            _claim_op(grouped(weights[1][op]), op, ops)
    return [
        Chapter(inner[0], inner, tuple(calls[name]), frozenset(ops[name]))
        for name, inner in groups.items()
        if calls[name] or len(ops[name]) >= LEAST_OPS
    ]


def _within(tree: CallTree, direct: Mapping[int, Counter[str]]) -> dict[int, Counter[str]]:
    """Return how much each group speaks of a call and of what lies in it, for the calls of which any does."""
    found = {call: Counter(counts) for call, counts in direct.items() if counts}
    for call in reversed(tree.trace.calls):
        if call.parent is not None and call.id in found:
            found.setdefault(call.parent, Counter()).update(found[call.id])
    return found


def _owner(counts: Counter[str], totals: Counter[str]) -> str | None:
    """Return the group that a whole call belongs to; None if several are at home in it, or none."""
    at_home = [name for name, weight in counts.items() if weight > MAIN * totals[name]]
    if not at_home:
        return counts.most_common(1)[0][0] if counts else None
    first = max(at_home, key=lambda name: counts[name])
    rivals = [name for name in at_home if counts[name] >= RIVAL * counts[first]]
    return first if len(rivals) == 1 else None


def _claim_op(counts: Counter[str], op: int, ops: dict[str, set[int]]) -> None:
    """Give an op between calls to the group that speaks most of it."""
    if counts:
        ops[counts.most_common(1)[0][0]].add(op)


def _opened(
    tree: CallTree, weights: tuple[Weights, Weights], chapters: list[Chapter], most: int
) -> list[Chapter]:
    """Return chapters; one that begins with several separate things as the sections in it."""
    result: list[Chapter] = []
    maker = _makers(tree, chapters)
    for chapter in chapters:
        parts = _parts(tree, weights, chapter)
        room = most - len(chapters) + 1
        begins = not _reads_others(tree, chapter, maker)
        result += parts if 1 < len(parts) <= room and begins and _separate(tree, parts) else [chapter]
    return result


def _parts(tree: CallTree, weights: tuple[Weights, Weights], chapter: Chapter) -> list[Chapter]:
    """Return a chapter as the sections in it."""
    if len(chapter.inner) < 2:
        return []
    parts = _owned(tree, weights, {section.id: (section,) for section in chapter.inner})
    kept = [
        Chapter(p.section, p.inner, tuple(set(p.calls) & set(chapter.calls)), p.ops & chapter.ops)
        for p in parts
    ]
    return [part for part in kept if part.ops]


def _makers(tree: CallTree, chapters: Sequence[Chapter]) -> dict[int, str]:
    """Return the section of the chapter that made a value."""
    return {value: one.section.id for one in chapters for op in one.ops for value in tree.made[op]}


def _reads_others(tree: CallTree, chapter: Chapter, maker: Mapping[int, str]) -> bool:
    """Return whether a chapter reads what others made."""
    own = chapter.section.id
    return any(maker.get(value, own) != own for op in chapter.ops for value in tree.given[op])


def _separate(tree: CallTree, parts: Sequence[Chapter]) -> bool:
    """Return whether no part reads what another made."""
    maker = _makers(tree, parts)
    return not any(_reads_others(tree, part, maker) for part in parts)
