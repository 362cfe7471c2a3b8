"""What a text says against itself, without any trace. Only what can hardly be meant otherwise is named."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shapeflow.notes.finding.sums import wrong_sums
from shapeflow.notes.mention import Mention, Note, Span
from shapeflow.notes.reading.folding import fold

_MOVES = frozenset(
    {"view", "reshape", "permute", "transpose", "flatten", "unflatten", "squeeze", "unsqueeze", "contiguous"}
)
"""Methods that keep all elements."""
_CALLED = re.compile(r"\.?([A-Za-z_]\w*)\(")
_MOVE_WORDS = re.compile(
    r"(?i)\W*(?:flatten(?:ed|ing)?|reshape[ds]?|reshaping|transpose[ds]?|permute[ds]?|view|展平|转置|轉置|重塑|平坦化|転置"
    r"|전치|평탄화)\W*"
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two statements of a text of which one must be wrong, or one that is wrong by itself."""

    what: str
    """One sentence."""
    spans: tuple[Span, ...]
    mentions: tuple[int, ...] = ()
    """The ids of the mentions that it is about."""


def contradictions(note: Note) -> tuple[Contradiction, ...]:
    """Return what a text says against itself, in the order of its lines."""
    found = [*_sums(note), *_moves(note.mentions), *_twice(note.mentions)]
    found.sort(key=lambda one: (one.spans[0].cell or 0, one.spans[0].line, one.spans[0].column))
    return tuple(found)


def _sums(note: Note) -> Iterator[Contradiction]:
    """Yield sums that do not give what they are said to: ``72 × 72 = 5148``."""
    held: Mapping[int | None, Sequence[str]] = (
        dict(enumerate(note.cells)) if note.cells else {None: note.lines}
    )
    for cell, lines in held.items():
        for number, line in enumerate(lines, 1):
            for wrong in wrong_sums(fold(line)) if "=" in line else ():
                if not _ignored(note, number, cell):
                    yield Contradiction(wrong.what, (Span(number, wrong.start + 1, wrong.end + 1, cell),))


def _ignored(note: Note, line: int, cell: int | None) -> bool:
    scopes = (one for one in note.ignored if one.scope == "file" or one.cell == cell)
    return any(one.first <= line <= one.last for one in scopes)


def _moves(mentions: Sequence[Mention]) -> Iterator[Contradiction]:
    """Yield steps that only move elements and yet change how many there are."""
    for before, after in pairwise(mentions):
        if before.chain is None or before.chain != after.chain or after.position != before.position + 1:
            continue
        sizes, moved = _sizes(before), _sizes(after)
        if sizes and moved and _only_moves(before, after) and math.prod(sizes) != math.prod(moved):
            what = f"a step that keeps all elements makes {math.prod(moved):,} of {math.prod(sizes):,}"
            yield Contradiction(what, (before.span, after.span), (before.id, after.id))


def _only_moves(before: Mention, after: Mention) -> bool:
    """Return whether the step between two mentions can only move elements."""
    if before.span.line != after.span.line:
        return False
    statement = before.frame.statement
    whole = before.position == 0 and not re.match(r"\W*(?:→|-+>|=+>)", after.frame.after)
    if before.frame.region == "comment":
        called = _CALLED.findall(statement)
        operators = re.search(r"[+*/@]|\[|\w\s*-\s*\w", statement.partition("=")[2])
        return whole and bool(called) and set(called) <= _MOVES and not operators
    return whole and _MOVE_WORDS.fullmatch(before.subject) is not None


def _twice(mentions: Sequence[Mention]) -> Iterator[Contradiction]:
    """Yield what is said twice in one section, in the same words, with other sizes."""
    seen: dict[tuple[object, ...], Mention] = {}
    several: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for mention in mentions:
        key = _key(mention)
        if key is None:
            continue
        several[key].add(str(mention.pattern))
        first = seen.setdefault(key, mention)
        if str(first.pattern) != str(mention.pattern) and len(several[key]) == 2:
            what = f"'{mention.subject}' is {first.pattern} in line {first.span.line}, {mention.pattern} here"
            yield Contradiction(what, (mention.span, first.span), (mention.id, first.id))


def _key(mention: Mention) -> tuple[object, ...] | None:
    """Return what two mentions have in common that say the same thing; None: it says too little."""
    frame = mention.frame
    named = re.fullmatch(r"[A-Za-z_]\w*(?:\.\w+)*_\w+|[A-Za-z_]\w*(?:\.\w+)+", mention.subject)
    if (
        mention.chain is not None
        or not _sizes(mention)
        or frame.region in ("comment", "output", "annotation")
    ):
        return None
    if not named or frame.definitions or mention.subject not in frame.before:
        return None
    bare = re.sub(r"[\s\W]+", " ", frame.before).strip()
    if bare != re.sub(r"[\s\W]+", " ", mention.subject).strip():
        return None
    return (mention.subject, mention.role, frame.headings, frame.lead, frame.row, frame.column)


def _sizes(mention: Mention) -> tuple[int, ...]:
    """Return the sizes of a mention that has nothing but sizes."""
    texts = [dim.text for dim in mention.pattern.dims]
    return tuple(map(int, texts)) if all(text.isdecimal() for text in texts) else ()
