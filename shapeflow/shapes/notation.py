"""Shape text and dims: ``f32[B, 256, H/14]`` read into dims, matched with what was observed, and printed.

Text is parsed, never evaluated as Python. An expression is kept as postfix items and evaluated with a
stack, so no depth of brackets can exhaust anything; text and sizes are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from shapeflow.errors import InputError
from shapeflow.shapes.arithmetic import EXACT, FUNCTIONS, MAX_SIZE, OPERATORS, PRECEDENCE

MAX_TEXT = 1_000
"""Characters of one shape or expression."""

DTYPE = re.compile(r"bool|bf16|u(?:8|16|32|64)|i(?:4|8|16|32|64)|f(?:16|32|64)|f8\w*|f4\w*|c(?:32|64|128)")
"""The short names of dtypes."""
ANY_DTYPE = "_"
"""Written before a shape: any dtype, also where the document says which is meant without one."""
EXAMPLE = "a shape such as [B, 256, H, W]"

_TOKEN = re.compile(r"\s*(?:(?P<size>\d+)|(?P<symbol>[^\W\d]\w*)|(?P<rest>\.\.\.)|(?P<mark>//|\S))")


class Wildcard(Enum):
    """A dim that says nothing about a size."""

    ANY = "_"
    REST = "..."


class ShapeTextError(InputError):
    """Text that is not a shape or an expression.

    Args:
        what: the reason in one line.
        start: first column (from 0) of the text that is wrong.
        end: the column after it.
        expected: what could stand there.
    """

    def __init__(self, what: str, start: int, end: int, *, expected: str = "") -> None:
        super().__init__("shape-syntax", what, columns=(start, end), expected=expected)


@dataclass(frozen=True, slots=True)
class Expression:
    """A size, a symbol or a sum of such, as written and as postfix items."""

    text: str
    items: tuple[int | str, ...]
    """Sizes, symbols and operators: ``H/14 + 1`` is ``("H", 14, "/", 1, "+")``; see ``arithmetic``."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names in it, in order of appearance."""
        names = (item for item in self.items if isinstance(item, str) and item not in OPERATORS)
        return tuple(dict.fromkeys(names))

    @property
    def symbol(self) -> str:
        """The name, if it is nothing but one symbol, else empty."""
        return self.text if self.items == (self.text,) else ""


@dataclass(frozen=True, slots=True)
class Dim:
    """One axis of a shape as written, with its place in the text."""

    meaning: Expression | Wildcard
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ShapePattern:
    """A shape as written in a claim."""

    text: str
    dtype: str
    """Short name; ``_``: any; empty: what the document says, else any."""
    dims: tuple[Dim, ...]
    implied: str = ""
    """The dtype that the document says for shapes without one; empty: any."""

    @property
    def wanted_dtype(self) -> str:
        """The dtype that is meant; empty: any."""
        wanted = self.dtype or self.implied
        return "" if wanted == ANY_DTYPE else wanted

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(dim.text for dim in self.dims)}]"

    @property
    def rest(self) -> int | None:
        """Position of the ``...``, if there is one."""
        return next((i for i, dim in enumerate(self.dims) if dim.meaning is Wildcard.REST), None)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names in it, in order of appearance."""
        named = (dim.meaning.symbols for dim in self.dims if isinstance(dim.meaning, Expression))
        return tuple(dict.fromkeys(name for names in named for name in names))

    def with_sizes(self, sizes: Mapping[int, int | str], dtype: str = "") -> str:
        """Return the text with other sizes at some positions of ``dims``, and right for a dtype, if given."""
        dims = (str(sizes.get(i, dim.text)) for i, dim in enumerate(self.dims))
        written = self.dtype if not dtype or self.wanted_dtype in ("", dtype) else dtype
        return f"{written}[{', '.join(dims)}]"


DTYPE_BYTES = {"bool": 1, "c64": 8, "c128": 16}
"""Bytes of one element, where the digits of the dtype's short name do not say it in bits."""


def element_bytes(dtype: str) -> int:
    """Return the bytes of one element of a dtype given by its short name, such as ``f32`` or ``bf16``."""
    if dtype in DTYPE_BYTES:
        return DTYPE_BYTES[dtype]
    digits = "".join(c for c in dtype.lstrip("abcdefghijklmnopqrstuvwxyz")[:2] if c.isdigit())
    return max(1, int(digits or 8) // 8)


def shape_text(dtype: str, shape: Sequence[int]) -> str:
    """Return the one notation of a tensor: ``f32[1, 256, 72, 72]``."""
    return f"{dtype}[{', '.join(map(str, shape))}]"


def parse_shape(text: str) -> ShapePattern:
    """Read a shape such as ``f32[B, 256, H/14, _]`` or ``[..., C]``.

    Raises:
        ShapeTextError: it is not one; ``corrections`` knows what was probably meant.
    """
    _refuse_long(text)
    head = re.match(r"\s*(\w*)\s*", text)
    opening = head.end() if head else 0
    if text[opening : opening + 1] != "[":
        found = text.strip()
        start = text.index(found)
        what = f"a shape opens with '[', found '{found[:40]}'" if found else "a shape is missing here"
        raise ShapeTextError(what, start, start + max(1, len(found)), expected=EXAMPLE)
    dtype = head[1] if head else ""
    if dtype not in ("", ANY_DTYPE) and not DTYPE.fullmatch(dtype):
        column = text.index(dtype)
        raise ShapeTextError(
            f"no dtype '{dtype}'", column, column + len(dtype), expected="f32, bf16, i64, bool …, '_' or none"
        )
    closing = text.find("]", opening)
    if closing < 0:
        raise ShapeTextError("this bracket is never closed", opening, opening + 1, expected="']' at the end")
    if text[closing + 1 :].strip():
        column = closing + 1 + len(text[closing + 1 :]) - len(text[closing + 1 :].lstrip())
        raise ShapeTextError("nothing may follow the shape", column, len(text.rstrip()))
    return ShapePattern(text.strip(), dtype, _read_dims(text, opening + 1, closing))


def parse_expression(text: str) -> Expression:
    """Read a size: a number, a symbol, or arithmetic over such with parentheses, ``ceil()`` and ``floor()``.

    Raises:
        ShapeTextError: it is not one.
    """
    _refuse_long(text)
    return _read_expression(text, 0, len(text), "an operator is missing before")


def _read_expression(text: str, start: int, end: int, missing: str) -> Expression:
    """Read the expression between two columns; ``missing`` says what a second operand in a row lacks."""
    output: list[int | str] = []
    waiting: list[tuple[str, int]] = []
    operand_next = True
    tokens = _tokens(text, start, end)
    for number, token in enumerate(tokens, 1):
        column = token.start(token.lastgroup or 0)
        word = token[token.lastgroup or 0]
        if operand_next and token.lastgroup == "symbol" and _opens(tokens[number : number + 1]):
            waiting.append((_function(word, column), column))
        elif operand_next and token.lastgroup in ("size", "symbol") and word != Wildcard.ANY.value:
            output.append(_size(word, column) if token.lastgroup == "size" else word)
            operand_next = False
        elif operand_next and word == "(":
            waiting.append((word, column))
        elif not operand_next and word in PRECEDENCE:
            while waiting and PRECEDENCE.get(waiting[-1][0], 0) >= PRECEDENCE[word]:
                output.append(_operator(waiting.pop()[0], waiting))
            waiting.append((word, column))
            operand_next = True
        elif not operand_next and word == ")":
            _close(waiting, output, column)
        else:
            raise _unexpected(word, column, operand_next, missing)
    if operand_next:
        place = max(start, len(text[:end].rstrip()) - 1)
        raise ShapeTextError("a size is missing here", place, place + 1, expected="a size or a name")
    while waiting:
        operator, column = waiting.pop()
        if operator == "(":
            raise ShapeTextError("this bracket is never closed", column, column + 1)
        output.append(operator)
    return Expression(text[start:end].strip(), tuple(output))


def _opens(tokens: Sequence[re.Match[str]]) -> bool:
    """Return whether the next token is a bracket, so that the name before it is one of a function."""
    return bool(tokens) and tokens[0]["mark"] == "("


def _function(name: str, column: int) -> str:
    """Return the item that stands for a function."""
    if name not in FUNCTIONS:
        what = f"sizes have no function '{name}'"
        raise ShapeTextError(what, column, column + len(name), expected="ceil(H / 4), floor(H / 4) or H // 4")
    return f"{name}()"


def _operator(operator: str, waiting: list[tuple[str, int]]) -> str:
    """Return the item for an operator: a division inside a function that rounds is an exact one."""
    inside = any(other in OPERATORS and other.endswith("()") for other, _ in waiting)
    return EXACT if operator == "/" and inside else operator


def _read_dims(text: str, start: int, end: int) -> tuple[Dim, ...]:
    """Read the dims between two columns, which are separated by commas."""
    if not text[start:end].strip():
        return ()
    dims: list[Dim] = []
    for part in text[start:end].split(","):
        dim = _read_dim(text, start, start + len(part))
        if dim.meaning is Wildcard.REST and any(other.meaning is Wildcard.REST for other in dims):
            raise ShapeTextError("'...' may stand only once in a shape", dim.start, dim.end)
        dims.append(dim)
        start += len(part) + 1
    return tuple(dims)


def _read_dim(text: str, start: int, end: int) -> Dim:
    """Read the one dim between two columns."""
    word = text[start:end].strip()
    if not word:
        place = max(start - 1, 0)
        raise ShapeTextError(
            "a dim is missing here", place, place + 1, expected="a size, a name, '_' or '...'"
        )
    column = text.index(word, start)
    if word in (Wildcard.ANY.value, Wildcard.REST.value):
        return Dim(Wildcard(word), word, column, column + len(word))
    missing = "dims in a shape are separated by commas, found"
    return Dim(_read_expression(text, start, end, missing), word, column, column + len(word))


def _tokens(text: str, start: int, end: int) -> list[re.Match[str]]:
    """Return the tokens between two columns."""
    return list(_TOKEN.finditer(text, start, len(text[:end].rstrip())))


def _refuse_long(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise ShapeTextError(f"more than {MAX_TEXT:,} characters are not a shape", 0, 1)


def _size(word: str, column: int) -> int:
    """Return a written size as a number."""
    if len(word) > len(str(MAX_SIZE)) or int(word) > MAX_SIZE:
        raise ShapeTextError("no tensor is that large", column, column + len(word))
    return int(word)


def _close(waiting: list[tuple[str, int]], output: list[int | str], column: int) -> None:
    """Move what waits inside a bracket that closes to the output."""
    while waiting and waiting[-1][0] != "(":
        output.append(_operator(waiting.pop()[0], waiting))
    if not waiting:
        raise ShapeTextError("this bracket was never opened", column, column + 1)
    waiting.pop()
    if waiting and waiting[-1][0].endswith("()"):
        output.append(waiting.pop()[0])


def _unexpected(word: str, column: int, operand_next: bool, missing: str) -> ShapeTextError:
    """Return the error for a token that cannot stand where it does."""
    end = column + len(word)
    if not operand_next and re.match(r"[\w.]", word):
        return ShapeTextError(f"{missing} '{word}'", column, end)
    expected = "a dim (a size, a name, '_' or '...')" if operand_next else "an operator, ',' or ']'"
    return ShapeTextError(f"'{word}' cannot stand here", column, end, expected=expected)
