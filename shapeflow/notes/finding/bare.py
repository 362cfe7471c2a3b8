"""Shapes without brackets: ``B, N, C`` in a comment, ``B H/2 W/2 C`` in a cell, ``b c h w -> b (h w) c``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapeflow.notes.finding.literal import Literal, ReadDim, read_dims, split, stripped

_WORD = r"[A-Za-z_Α-Ωα-ω][A-Za-z0-9_.]{0,24}'?"
_ONE = rf"(?:\d{{0,3}}{_WORD}|\d{{1,7}}|\([^(),]{{1,30}}\)|\.\.\.|-1|\?)"
_BARE_DIM = rf"{_ONE}(?: ?(?://?|\*|\+|-) ?{_ONE})*"
_COMMAS = re.compile(rf"{_BARE_DIM}(?: {{0,2}}, {{0,2}}{_BARE_DIM}){{1,7}}", re.ASCII)
_SHORT = r"(?:[A-Z]{1,2}\d?(?:_\w{1,4})?'?|\d{1,7}|\([A-Za-z0-9_ *]{1,20}\)|\.\.\.)(?:[*/+]{1,2}\w{1,5})*"
_SPACES = re.compile(rf"{_SHORT}(?: {{1,2}}{_SHORT}){{1,7}}(?![\w'])", re.ASCII)
_BEFORE = re.compile(
    r"(?:^|[:=#`|\"]|→|->|=>|(?<![A-Za-z])(?:shape|size)s?\s*(?:is|of|are)?\s*"
    r"|(?:shape|形状|維度|维度|形)[为是は])[\s*_\-]*$",
    re.I,
)
_AFTER = re.compile(r"\s*(?:$|[.;`|\"#]|\((?![^()]*\)\s*,)|→|->|=>|,\s*(?:$|(?=[^\W\d]\w* \w))|\s[-—]\s)")
_AMOUNTS = re.compile(r"\d+[BMKkTG](?:\W+\d+[BMKkTG])*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_CODE_AFTER = re.compile(r"\s*=\s*(?!\d)")
_AXIS = r"(?:[a-zA-Z]\w*|\d+|\.\.\.|…|_|\*|\(\s*(?:\w+|\.\.\.)?(?:\s+(?:\w+|\.\.\.))*\s*\))"
_AXES_SIDE = rf"{_AXIS}(?:\s+{_AXIS})*"
_AXES = re.compile(rf"\s*({_AXES_SIDE}(?:\s*,\s*{_AXES_SIDE})*)\s*->\s*({_AXES_SIDE})\s*")
_JAXTYPED = re.compile(r"(\w+)\[[\w.]+(?:\[[\w., ]*\])?, ?([\"'])([^\"'\[\]]+)\2\]")
_QUOTED_AXES = re.compile(r"([\"'])([^\"'`]*->[^\"'`]*)\1")
JAXTYPING = re.compile(r"(?:B?Float|U?Int|Complex)\d*|Integer|Inexact|Num|Real|Bool|Shaped|Key")
"""Types of jaxtyping, whose string may name a single axis."""
_PIECE = re.compile(r"\([^()]*\)|\S+")
_NAMED_PIECE = re.compile(r"[*#?]*(?:[A-Za-z_]\w*=)?[\w.+*/()-]+|\.\.\.|…")


def find_bare(line: str, start: int, end: int) -> Iterator[Literal]:
    """Yield lists of dims that stand alone between two columns: nothing else is around them."""
    for pattern, separator in ((_COMMAS, ","), (_SPACES, " ")):
        last = -1
        for match in pattern.finditer(line, start, end):
            before, after = line[start : match.start()], line[match.end() : end]
            if _THOUSANDS.fullmatch(match[0]):
                continue
            if before.count("(") + before.count("[") > before.count(")") + before.count("]"):
                continue
            beside = last >= 0 and re.fullmatch(r"\s*[,;]\s*", line[last : match.start()])
            if (
                not (beside or _BEFORE.search(before[-24:]))
                or not _AFTER.match(after)
                or _CODE_AFTER.match(after)
            ):
                continue
            pieces = _pieces(line, match.start(), match.end(), separator)
            dims = read_dims(line, pieces)
            if len(dims) > 1 and _like_dims(dims, separator) and not _AMOUNTS.fullmatch(match[0]):
                last = match.end()
                yield Literal(match.start(), match.end(), dims, "bare", separator=separator)


def find_axes(line: str, start: int, end: int) -> Iterator[Literal]:
    """Yield the sides of a pattern of einops, ``b c h w -> b (h w) c``, that fills the columns."""
    match = _AXES.fullmatch(line, start, end) if "->" in line[start:end] else None
    names = [set(re.findall(r"[a-zA-Z]\w*", match[side])) for side in (1, 2)] if match else []
    if match and any(" " in match[side].strip() for side in (1, 2)) and names[0] & names[1]:
        sides = [*split(line, *match.span(1), ","), match.span(2)]
        for first, last in (stripped(line, *side) for side in sides):
            dims = axes(line, first, last)
            if (dims and dims[0].text != "...") or len(dims) > 1:
                yield Literal(first, last, dims, "axes", separator=" ")


def find_written_axes(line: str) -> Iterator[Literal]:
    """Yield the axes of ``Float[Tensor, "b c h w"]`` and ``'b c h w -> b (h w) c'`` in text about code."""
    if "[" in line and ("'" in line or '"' in line):
        for match in _JAXTYPED.finditer(line):
            dims = axes(line, *match.span(3))
            if dims and (len(dims) > 1 or JAXTYPING.fullmatch(match[1])):
                yield Literal(*match.span(3), dims, "axes", separator=" ")
    if "->" in line:
        for match in _QUOTED_AXES.finditer(line):
            yield from find_axes(line, *match.span(2))


def axes(line: str, start: int, end: int) -> tuple[ReadDim, ...]:
    """Return axes separated by blanks, as einops and jaxtyping write them; none if one is not one."""
    pieces = [(start + m.start(), start + m.end()) for m in _PIECE.finditer(line[start:end])]
    if not all(line[a] == "(" or _NAMED_PIECE.fullmatch(line, a, b) for a, b in pieces):
        return ()
    return read_dims(line, pieces)


def _pieces(line: str, start: int, end: int, separator: str) -> list[tuple[int, int]]:
    pattern = r"[^,]+" if separator == "," else r"\([^()]*\)\S*|\S+"
    found = re.finditer(pattern, line[start:end])
    return [(start + m.start(), start + m.end()) for m in found]


def _like_dims(dims: tuple[ReadDim, ...], separator: str) -> bool:
    """Return whether a list without brackets can be a shape at all."""
    symbols = [dim.text for dim in dims if not dim.text.isdecimal() and dim.text not in ("_", "...")]
    short = [text for text in symbols if len(text.rstrip("_")) <= 2 or any(sign in text for sign in "*/+")]
    if separator == " ":
        letters = len(dims) == 2 and all(len(dim.text) == 1 and dim.text.isupper() for dim in dims)
        return letters or (len(dims) >= 3 and len(short) * 2 >= len(dims))
    return not symbols or bool(short) or any("_" in text for text in symbols)
