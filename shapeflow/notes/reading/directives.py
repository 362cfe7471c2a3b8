"""Comments for us in a text: ``<!-- shapeflow: SELECTOR -->`` and ``ignore``, in Python behind ``#``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from shapeflow.notes.mention import Ignored, Mention, Passage, Scope

_COMMENT = re.compile(r"<!--\s*shapeflow:\s*(.*?)\s*-->")
_BEHIND_HASH = re.compile(r"\s*shapeflow:\s*(\S.*?)\s*$")
_IGNORE = re.compile(r"ignore(?:[ -](line|block|file))?")


@dataclass(frozen=True, slots=True)
class Directive:
    """One comment for us."""

    words: str
    line: int
    cell: int | None
    alone: bool
    """Whether nothing else stands in its line: it is then about what follows."""


def directives(passages: Iterable[Passage]) -> Iterator[Directive]:
    """Yield the directives in passages."""
    for passage in passages:
        for words in passage.directives:
            yield Directive(words, passage.line, passage.cell, not passage.text.strip())
        if passage.frame.region == "comment" and (found := _BEHIND_HASH.fullmatch(passage.text)):
            alone = passage.frame.line.startswith("#")
            yield Directive(found[1], passage.line, passage.cell, alone)


def written_in(line: str) -> tuple[str, ...]:
    """Return what the directives in a line of Markdown say."""
    return tuple(_COMMENT.findall(line)) if "shapeflow:" in line else ()


def apply_directives(
    mentions: Sequence[Mention], passages: Sequence[Passage]
) -> tuple[list[Mention], list[Ignored]]:
    """Return the mentions that are not ignored, with selectors that are theirs, and what is ignored."""
    ignored: list[Ignored] = []
    kept = list(mentions)
    for directive in directives(passages):
        lines = _lines(directive, passages)
        if (found := _IGNORE.fullmatch(directive.words)) is not None:
            scope: Scope = "file" if found[1] == "file" else "block" if directive.alone else "line"
            first, last = (1, 10**9) if scope == "file" else (min(lines), max(lines))
            ignored.append(Ignored(first, last, scope, directive.cell))
            kept = [one for one in kept if not (scope == "file" or _within(one, directive, lines))]
        else:
            kept = [
                replace(one, frame=replace(one.frame, selector=directive.words))
                if _within(one, directive, lines)
                else one
                for one in kept
            ]
    return _renumbered(kept), ignored


def _renumbered(mentions: Sequence[Mention]) -> list[Mention]:
    """Return mentions whose ids are their positions, and those of chains too."""
    first: dict[int, int] = {}
    for number, mention in enumerate(mentions):
        if mention.chain is not None:
            first.setdefault(mention.chain, number)
    chains = ((None if one.chain is None else first[one.chain]) for one in mentions)
    numbered = enumerate(zip(mentions, chains, strict=True))
    return [replace(mention, id=number, chain=chain) for number, (mention, chain) in numbered]


def _lines(directive: Directive, passages: Sequence[Passage]) -> range:
    """Return the lines that a directive is about: its own, or those of the block that follows."""
    own = range(directive.line, directive.line + 1)
    if not directive.alone:
        return own
    following = (one for one in passages if one.cell == directive.cell and one.line > directive.line)
    first = next((one for one in following if one.text.strip()), None)
    if first is None:
        return own
    block = (first.block, first.part)
    held = [one.line for one in passages if one.cell == first.cell and (one.block, one.part) == block]
    return range(directive.line, max(line for line in held if line >= first.line) + 1)


def _within(mention: Mention, directive: Directive, lines: range) -> bool:
    return mention.span.cell == directive.cell and mention.span.line in lines
