"""Parts of a claim's line that know their columns, and the error for a line that cannot be read.

Parsers get the line with everything but their own text blanked, so all columns are those of the file.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar, cast

from shapeflow.errors import Columns, WalkthroughError
from shapeflow.shapes.notation import Expression, ShapeTextError, parse_expression

Some = TypeVar("Some")


class ClaimError(WalkthroughError):
    """A line of a walkthrough that cannot be read; the hint, if there is one, is the line put right."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a claim and the column it begins at."""

    text: str
    start: int
    hidden: int = 0
    """How many signs of the text, at its beginning, are not written: the block says them."""

    @property
    def end(self) -> int:
        """The column after it."""
        return self.start + len(self.text) - self.hidden

    @property
    def columns(self) -> Columns:
        """The columns it takes, one at least."""
        return self.start, max(self.end, self.start + 1)

    def narrow(self, start: int, end: int) -> Columns:
        """Return the columns in the line of some columns in the text, one at least."""
        first = self.start + max(start - self.hidden, 0)
        return first, max(self.start + end - self.hidden, first + 1)

    def to(self, other: Part) -> Columns:
        """Return the columns from this part to the end of another one behind it, which may be empty."""
        return self.start, max(other.end, self.end)

    @property
    def padded(self) -> str:
        """The text with blanks before it, so that columns found in it are those of the line."""
        return " " * self.start + self.text

    def error(self, code: str, what: str, *, expected: str = "", hint: str = "") -> ClaimError:
        """Return the error for this part."""
        return ClaimError(code, what, columns=self.columns, expected=expected, hint=hint)


@dataclass(frozen=True, slots=True)
class SelectorPart(Part):
    """A selector, or the path of a module: in a block about a module it is relative to that."""

    @classmethod
    def of(cls, given: Part) -> SelectorPart:
        """Return a part as one that is a selector."""
        return cls(given.text, given.start, given.hidden)


def part(text: str, start: int, end: int) -> Part:
    """Return what stands between two columns, without the blanks around it."""
    inside = text[start:end]
    stripped = inside.strip()
    return Part(stripped, start + inside.find(stripped) if stripped else min(start, len(text.rstrip())))


def first_word(text: str) -> tuple[Part, Part]:
    """Return the first word, blanks inside quotes and brackets included, and what follows it."""
    begin = len(text) - len(text.lstrip())
    found = re.compile(r"""(?:'[^']*'|"[^"]*"|\{[^{}]*\}|\\.|\S)+""").match(text, begin)
    end = found.end() if found else begin
    return part(text, begin, end), part(text, end, len(text))


def around(text: str, separator: str) -> tuple[Part, Part] | None:
    """Return what stands left and right of a separator, or None if it is not there."""
    at = text.find(separator)
    if at < 0:
        return None
    return part(text, 0, at), part(text, at + len(separator), len(text))


def size_of(given: Part) -> Expression:
    """Read a size or an expression such as ``2*B``.

    Raises:
        ClaimError: it is not one.
    """
    try:
        return parse_expression(given.padded)
    except ShapeTextError as error:
        expected = error.expected or "a size or a name"
        raise ClaimError("claim-syntax", error.what, columns=error.columns, expected=expected) from None


def selectors_of(body: object) -> Iterator[SelectorPart]:
    """Yield the selectors in what a parser made of a line, however deep."""
    if isinstance(body, SelectorPart):
        yield body
    elif isinstance(body, tuple):
        for item in body:
            yield from selectors_of(item)
    elif is_dataclass(body) and not isinstance(body, type):
        for field in fields(body):
            yield from selectors_of(getattr(body, field.name))


_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Most of what parsers make, with nothing in it that could be changed."""


def rewritten(body: Some, changes: Mapping[type, Callable[[Any], Any]]) -> Some:
    """Return what a parser made of a line with all things of some types changed, however deep."""
    if type(body) in _PLAIN:
        return body
    for kind, change in changes.items():
        if isinstance(body, kind):
            return cast("Some", change(body))
    if isinstance(body, tuple):
        items = [rewritten(item, changes) for item in body]
        same = all(map(operator.is_, items, body))
        return body if same else cast("Some", tuple(items))
    changed: dict[str, Any] = {}
    for name in _fields_of(cast("Any", type(body))):
        before = getattr(body, name)
        after = rewritten(before, changes)
        if after is not before:
            changed[name] = after
    return cast("Some", replace(cast("Any", body), **changed)) if changed else body


@cache
def _fields_of(kind: type) -> tuple[str, ...]:
    """Return the fields of a dataclass that it is made with; none of another class, such as ``type``."""
    return tuple(field.name for field in fields(kind) if field.init) if is_dataclass(kind) else ()
