"""Mentions of shapes found in passages: everything that could be one, then what is likely enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from shapeflow.errors import InputError
from shapeflow.notes.finding.bare import axes, find_axes, find_bare, find_written_axes
from shapeflow.notes.finding.candidate import Candidate
from shapeflow.notes.finding.company import (
    Found,
    as_comments,
    as_printed,
    as_reshaped,
    in_context,
    like_neighbours,
)
from shapeflow.notes.finding.joined import alternatives, chained
from shapeflow.notes.finding.literal import Literal, with_names, without_overlap
from shapeflow.notes.finding.literals import MAX_LINE, find_literals
from shapeflow.notes.finding.scoring import evidence, probability
from shapeflow.notes.finding.subjects import role_of, subject_of
from shapeflow.notes.finding.wrapped import with_rest
from shapeflow.notes.mention import Frame, Mention, Passage, Region, Span
from shapeflow.shapes.notation import parse_shape

THRESHOLD = 0.5
"""What is less likely than this is not a mention."""
MAX_CANDIDATES = 100_000
MAX_AROUND = 400
"""Characters of the line that a mention keeps on either side."""
Prior = Callable[[Literal], float]
NAMED = 6.0
"""Logarithm of the odds that a comment for us in the line adds, which says what tensor is meant."""
PRECEDENCE = {"axes": 0, "real": 0, "names": 0, "bracket": 1, "times": 1, "bare": 2}
"""Which notation wins where two overlap."""

_WORTH = re.compile(r"[\[(×^]|\d\s?[xX*]\s?\w|\w [xX] \w|[A-Z]x[A-Z\d]|,|\\times|&times|[A-Z]\S* [A-Z\d(]|->")
_BACKTICKS = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_DOLLARS = re.compile(r"\$\$?(?! )([^$]{1,400}?)(?<! )\$\$?(?!\d)|\\\((.{1,400}?)\\\)|:math:`([^`]+)`")


def find_mentions(
    passages: Iterable[Passage],
    lines_of: Mapping[int | None, Sequence[str]],
    threshold: float = THRESHOLD,
    prior: Prior | None = None,
) -> list[Mention]:
    """Return the mentions in passages, in order.

    Args:
        passages: in the order of the text.
        lines_of: the original lines, by cell of a notebook; None for other texts.
        threshold: the least score.
        prior: what else is known of a literal, as a logarithm of odds: whether a trace has such sizes.
    """
    candidates: list[Found] = []
    for whole, rest in with_rest(passages):
        passage = whole if len(whole.text) <= MAX_LINE else replace(whole, text=whole.text[:MAX_LINE])
        if passage.frame.region == "annotation" or _WORTH.search(passage.text):
            names = any(not words.startswith("ignore") for words in passage.directives)
            own = _in_wrapped(passage, rest) if rest else _in_passage(passage)
            candidates += [replace(one, odds=one.odds + NAMED) for one in own] if names else own
            if len(candidates) > MAX_CANDIDATES:
                break
    if prior is not None:
        candidates = [replace(one, odds=one.odds + prior(one.literal)) for one in candidates]
    candidates = list(like_neighbours(in_context(as_comments(as_printed(as_reshaped(candidates))))))
    found = [one for one in candidates if probability(one.odds) >= threshold]
    mentions = list(_mentions(found, lines_of))
    places = [found[mention.id].passage for mention in mentions]
    return alternatives(chained(mentions, places), places)


def _in_passage(passage: Passage) -> Iterator[Found]:
    """Yield all literals of a passage with their scores."""
    text, frame = passage.text, passage.frame
    inline = [] if frame.region == "annotation" else _inline(text, frame.region)
    candidates = list(_annotated(text) if frame.region == "annotation" else find_literals(text))
    candidates += [] if frame.region == "annotation" else find_written_axes(text)
    if frame.region not in ("annotation", "prose", "item", "heading") or ":" in text:
        candidates += find_bare(text, *_bounds(text))
    for start, end, _ in inline:
        candidates += find_axes(text, start, end)
        candidates += find_bare(text, start, end)

    def seen(literal: Literal) -> tuple[Frame, float]:
        inside = (kind for a, b, kind in inline if a <= literal.start and literal.end <= b)
        here = replace(frame, region=next(inside, frame.region))
        return here, evidence(Candidate(literal, here, text))

    # Of two readings of the same piece that of the surer notation is taken, and of equal ones the longer.
    ranked = sorted(
        candidates, key=lambda one: (PRECEDENCE[one.form], len(one.dims) < 2, one.start - one.end)
    )
    last = ""
    for literal in _names_before(text, with_names(text, without_overlap(ranked))):
        here, odds = seen(literal)
        dims = str([dim.text for dim in literal.dims])
        if dims == last and _copied(text, literal):
            continue
        last = dims
        here = replace(
            here,
            before=text[: literal.start][-MAX_AROUND:].strip(),
            after=text[literal.end :][:MAX_AROUND].strip(),
        )
        yield Found(passage, literal, here, odds)


def _in_wrapped(passage: Passage, rest: str) -> Iterator[Found]:
    """Yield the literals of a passage of which the last one ends in the next line."""
    end = len(passage.text.rstrip())
    for found in _in_passage(replace(passage, text=passage.text[:end] + rest)):
        if found.literal.start < end:
            inside = min(found.literal.end, end)
            yield replace(found, passage=passage, literal=replace(found.literal, end=inside))


def _names_before(text: str, literals: list[Literal]) -> Iterator[Literal]:
    """Yield literals; ``b, n, c -> [1, 196, 768]`` is one, with the names of its dims."""
    for number, literal in enumerate(literals):
        after = literals[number + 1] if number + 1 < len(literals) else None
        before = literals[number - 1] if number else None
        if literal.form == "bare" and after is not None and _are_names(text, literal, after):
            continue
        if before is not None and before.form == "bare" and _are_names(text, before, literal):
            pairs = zip(before.dims, literal.dims, strict=True)
            yield replace(literal, dims=tuple(replace(size, name=name.text) for name, size in pairs))
        else:
            yield literal


def _are_names(text: str, names: Literal, sizes: Literal) -> bool:
    """Return whether one literal names the dims whose sizes the other gives."""
    return (
        len(names.dims) == len(sizes.dims)
        and all(dim.text.isidentifier() for dim in names.dims)
        and all(dim.text.isdecimal() for dim in sizes.dims)
        and bool(re.fullmatch(r"[\s`]*(?:->|→|=>|=|:)[\s`]*", text[names.end : sizes.start]))
    )


def _bounds(text: str) -> tuple[int, int]:
    return len(text) - len(text.lstrip()), len(text.rstrip())


def _annotated(text: str) -> Iterator[Literal]:
    """Yield what the string of an annotation says."""
    start, end = _bounds(text)
    if "->" in text:
        yield from find_axes(text, start, end)
    elif dims := axes(text, start, end):
        yield Literal(start, end, dims, "axes", separator=" ")


def _inline(text: str, region: Region) -> list[tuple[int, int, Region]]:
    """Return the columns of inline code and formulas in a line of Markdown or of a docstring."""
    if region in ("fence", "diagram", "output", "math"):
        return []
    spans: list[tuple[int, int, Region]] = []
    if "`" in text:
        spans += [(m.start(2), m.end(2), "code") for m in _BACKTICKS.finditer(text)]
    if "$" in text or "\\(" in text:
        for match in _DOLLARS.finditer(text):
            group = match.lastindex or 0
            spans.append((match.start(group), match.end(group), "math"))
    return spans


def _copied(text: str, literal: Literal) -> bool:
    """Return whether a literal repeats the one before it, as formulas copied from a page do."""
    return bool(re.search(r"[\])}]\s?\{?\s?$", text[: literal.start]))


def _mentions(found: list[Found], lines_of: Mapping[int | None, Sequence[str]]) -> Iterator[Mention]:
    """Yield a mention for each literal whose notation can be read."""
    for number, one in enumerate(found):
        literal, passage = one.literal, one.passage
        start = found[number - 1].literal.end if number and found[number - 1].passage is passage else 0
        try:
            pattern = parse_shape("[" + ", ".join(dim.text for dim in literal.dims) + "]")
        except InputError:
            continue
        original = lines_of[passage.cell][passage.line - 1]
        frame = one.frame
        if passage.frame.region in ("comment", "docstring"):
            frame = replace(frame, region=passage.frame.region)  # also what is in backticks there
        yield Mention(
            id=number,
            span=Span(passage.line, literal.start + 1, literal.end + 1, passage.cell),
            text=original[literal.start : literal.end],
            pattern=pattern,
            frame=frame,
            dims=_columns(literal),
            names=tuple(dim.name for dim in literal.dims) if literal.names else (),
            role=role_of(one.frame),
            subject=subject_of(passage.text[start : literal.start], one.frame),
            score=round(probability(one.odds), 4),
        )


def _columns(literal: Literal) -> tuple[tuple[int, int], ...]:
    """Return the columns of the dims; none of a literal that ends in the next line."""
    if literal.dims[-1].end > literal.end:
        return ()
    return tuple((dim.start + 1, dim.end + 1) for dim in literal.dims)
