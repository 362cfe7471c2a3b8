"""Which part of a model a line is about: told by the words before a statement, its table and the headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shapeflow.model.records import Module
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.subjects import VAGUE, Subjects
from shapeflow.notes.words.words import text_tokens

_LINK = re.compile(r"\[([^\[\]]*)\](\(\s*\))")
_ITEM = re.compile(r"^\s*(?:[-*+>|]|\d+[.)])\s")
_EMPHASIS = re.compile(r"(?<=[^\s*])\*+(?=[\s.,;:)]|$)|(?:^|(?<=[\s(]))\*+(?=[^\s*])")
LINK_END = re.compile(r"\]\(\s*\)")
"""What is left behind the words of a link, whose address is blanked."""
_INSIDE = frozenset({"query", "key", "value"})
"""What each attention has: such words name none of them."""


@dataclass(frozen=True, slots=True)
class Scoped:
    """Modules that a line can mean."""

    modules: tuple[Module, ...]
    named: bool
    """Whether something around the statement names them, and everything around it is understood."""


@lru_cache(maxsize=1 << 10)
def plain(text: str) -> str:
    """Return a line without signs of Markdown, each column where it was."""
    text = _ITEM.sub(lambda found: " " * len(found[0]), text)
    text = _LINK.sub(lambda found: f" {found[1]} {' ' * len(found[2])}", text)
    return _EMPHASIS.sub(lambda found: " " * len(found[0]), text.replace("`", " "))


def scoped(line: Line, before: str, modules: Sequence[Module], subjects: Subjects) -> Scoped:
    """Return those of some modules that a line is about; none if it is about something else.

    The nearest words that name a part of the model decide, and those further out may only narrow it.

    Args:
        line: where the statement stands.
        before: the words before it in its sentence.
        modules: what may be meant.
        subjects: what can be meant in the trace.
    """
    left = tuple(modules)
    ignored = VAGUE | _INSIDE
    named = False
    sure = True
    for text in _around(line, before):
        said = subjects.in_code(text)
        if len(said) == 1:
            inside = tuple(one for one in left if any(_is_in(one, module) for module in said[0]))
            if not inside:
                return Scoped((), named=False)
            left, named = inside, True
        elif said:
            return Scoped((), named=False)
        known = {word for word in text_tokens(plain(text)) if word in subjects.vocabulary} - ignored
        sure = sure and subjects.said(re.sub(r"`[^`]*`", " ", text)) is not None
        if known:
            inside = tuple(one for one in left if known <= subjects.tokens(one))
            if not inside and not named:
                return Scoped((), named=False)
            left = inside or left
            named = named or bool(inside)
    return Scoped(left, named and sure)


def _around(line: Line, before: str) -> Iterator[str]:
    """Yield what stands around a statement, the nearest first."""
    frame = line.passage.frame
    headings = frame.headings[:-1] if frame.region == "heading" else frame.headings
    for text in (before, frame.row, frame.column, *reversed(line.leads), *reversed(headings)):
        if text:
            yield text


def _is_in(one: Module, module: Module) -> bool:
    return not module.path or f"{one.path}.".startswith(f"{module.path}.")
