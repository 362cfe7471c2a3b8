r"""Patterns over dotted paths: ``*`` one name, ``**`` any number of them, ``{a,b}``, ``[0-31]``.

A backslash makes the sign behind it an ordinary one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shapeflow.errors import SelectorError

_SPECIAL = r"*{}\[\],()@:/\\\s."
_TOKEN = re.compile(
    r"\\(?P<escaped>.)|(?P<stars>\*+)|\{(?P<names>[^{}]*)\}|\[(?P<ranges>[^\[\]]*)\]"
    rf"|(?P<plain>[^{_SPECIAL}]+)|(?P<dot>\.)|(?P<stray>.)",
    re.DOTALL,
)
_MOST_STARS = 3
"""In one segment: more would let a hostile pattern run for minutes."""
_MOST_IN_RANGE = 10_000


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a path, or the target of an op."""

    text: str
    """As written."""
    start: int
    """Column in the selector."""
    literal: str | None
    """The one name that fits; None for a pattern."""
    fits: re.Pattern[str] | None
    """What fits a whole name; None for a literal and for ``**``. Each ``{a,b}`` and ``[0-5]`` is a group."""
    listed: tuple[tuple[str, ...], ...] = ()
    """The names of each ``{a,b}`` and the numbers of each ``[0-5]``."""

    @property
    def deep(self) -> bool:
        """True for ``**``."""
        return self.literal is None and self.fits is None

    @property
    def span(self) -> tuple[int, int]:
        """Its columns in the selector."""
        return self.start, self.start + len(self.text)

    def accepts(self, name: str) -> bool:
        """Return whether a name fits; a helper method (``name()``) only where one is asked for."""
        if self.fits is None:
            return name == self.literal
        return name.endswith("()") == self.text.endswith("()") and self.fits.fullmatch(name) is not None


def hide_escaped(text: str) -> str:
    """Return the text, as long as before, with each escaped sign made meaningless."""
    return re.sub(r"\\.", "\0\0", text) if "\\" in text else text


def escape(name: str) -> str:
    """Return a name with a backslash before each sign that would mean something; dots stay."""
    return re.sub(rf"(?!\.)([{_SPECIAL}])", r"\\\1", name)


def syntax_error(
    what: str, span: tuple[int, int], *, expected: str = "", found: str = "", hint: str = ""
) -> SelectorError:
    """Return the error for some columns of a selector, one column at least."""
    columns = (span[0], max(span[1], span[0] + 1))
    return SelectorError("selector-syntax", what, columns=columns, expected=expected, found=found, hint=hint)


def parse_path(text: str, start: int = 0) -> tuple[Segment, ...]:
    """Read a dotted path that begins at column ``start``; the root, ``.``, has no segments.

    A leading dot means the same as none: the path begins at the model itself.

    Raises:
        SelectorError: it cannot be read.
    """
    if text == ".":
        return ()
    dotted = text.startswith(".")
    body = text[1:] if dotted else text
    pieces = _pieces(body, start + dotted)
    for column, piece in pieces:
        if not piece:
            raise syntax_error(
                "a name is missing here", (column, column), expected="a name on each side of a dot"
            )
    segments = tuple(parse_segment(piece, column) for column, piece in pieces)
    for segment in segments[:-1]:
        if segment.text.endswith("()"):
            raise syntax_error(
                "a helper method has nothing below it", segment.span, expected="it as the last name"
            )
    root_helper = len(segments) == 1 and segments[0].text.endswith("()")
    if root_helper and not dotted:
        raise syntax_error("a helper of the root begins with a dot", segments[0].span, hint=f".{text}")
    return segments


def _pieces(text: str, start: int) -> list[tuple[int, str]]:
    """Return column and text of what stands between the dots that are in no brackets."""
    if not any(sign in text for sign in "{[]}\\"):
        plain: list[tuple[int, str]] = []
        for piece in text.split("."):
            plain.append((start, piece))
            start += len(piece) + 1
        return plain
    pieces, depth, begin = [], 0, 0
    for column, sign in enumerate(hide_escaped(text)):
        depth += (sign in "{[") - (sign in "}]")
        if sign == "." and depth == 0:
            pieces.append((start + begin, text[begin:column]))
            begin = column + 1
    return [*pieces, (start + begin, text[begin:])]


def parse_segment(text: str, start: int, *, dots: bool = False) -> Segment:
    """Read one segment, or with ``dots`` the target of an op, that begins at column ``start``.

    Raises:
        SelectorError: it cannot be read.
    """
    if text == "**":
        return Segment(text, start, None, None)
    if text.isidentifier() or text.isdecimal():  # most are
        return Segment(text, start, text, None)
    helper = text.endswith("()") and len(text) > 2
    body = text[:-2] if helper else text
    literal, regex, stars, plain = "", "", 0, True
    listed: list[tuple[str, ...]] = []
    for token in _TOKEN.finditer(body):
        span = (start + token.start(), start + token.end())
        kind, written = str(token.lastgroup), token[str(token.lastgroup)]
        if kind in ("plain", "escaped") or (kind == "dot" and dots):
            literal += written
            regex += re.escape(written)
            continue
        plain = False
        stars += kind == "stars"
        if kind == "stars" and stars <= _MOST_STARS:
            regex += ".*"
        elif kind in ("names", "ranges"):
            listed.append(_alternatives(written, span, numbers=kind == "ranges"))
            regex += f"({'|'.join(map(re.escape, listed[-1]))})"
        else:
            raise _stray(written, span)
    if plain:
        return Segment(text, start, literal + "()" * helper, None)
    fits = re.compile(regex + r"\(\)" * helper, re.DOTALL)
    return Segment(text, start, None, fits, tuple(listed))


def _stray(sign: str, span: tuple[int, int]) -> SelectorError:
    if sign.startswith("*"):
        return syntax_error(f"more than {_MOST_STARS} '*' in one name", span, expected="'**' for any path")
    if sign.isspace():
        return syntax_error("a path holds no space", span, expected="PATH[@K][:PORT]")
    expected = {"[": "a closing ']'", "{": "a closing '}'", "(": "'()' at the end of a helper's name"}
    return syntax_error(f"'{sign}' does not belong here", span, expected=expected.get(sign, "a name"))


def _alternatives(written: str, span: tuple[int, int], *, numbers: bool) -> tuple[str, ...]:
    """Return the names that ``{a,b}`` or ``[0-5,7]`` lists, given what is between the brackets."""
    names: list[str] = []
    for item in written.split(","):
        if not numbers:
            if not item or re.search(rf"[{_SPECIAL}]", item):
                raise syntax_error(
                    f"'{{{written}}}' is not a list of names", span, expected="names such as {a,b}"
                )
            names.append(item)
            continue
        limits = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", item, re.ASCII)
        first, last = (int(limits[1]), int(limits[2] or limits[1])) if limits else (1, 0)
        if last < first or last - first >= _MOST_IN_RANGE:
            raise syntax_error(
                f"'[{written}]' is not a range", span, expected="numbers such as [0-31] or [0-6,8]"
            )
        names += map(str, range(first, last + 1))
    return tuple(dict.fromkeys(names))
