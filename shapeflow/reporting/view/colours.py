"""One colour for each named size, and texts of shapes cut into coloured pieces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from shapeflow.model.trace import Trace
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.letters import sizes_of
from shapeflow.reporting.view.model import Symbol
from shapeflow.reporting.view.pieces import Piece

if TYPE_CHECKING:
    from shapeflow.walkthrough.document import Document
    from shapeflow.walkthrough.verdict import CheckResult

PALETTE = 12
"""Colours that a page has for symbols; more symbols share them."""
LEAST_TELLING = 50
"""Smaller sizes are met by chance too often, 8 heads or 32 channels: only a claim says what they are."""

WORD = re.compile(r"[A-Za-z_]\w*")
NUMBER = re.compile(r"\d+")
COMMENT = re.compile(r"^\s+([A-Za-z_]\w*)\s*:[^#]*#\s*(.+?)\s*$")


class Colours:
    """Knows which size belongs to which symbol."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        self.symbols = tuple(symbols)
        self.by_name = {symbol.name: symbol for symbol in symbols}
        self.by_size = {symbol.size: symbol for symbol in symbols if symbol.telling}

    def shape(self, text: str, named: Mapping[int, str] | None = None) -> tuple[Piece, ...]:
        """Return the text of an observed shape in pieces.

        Args:
            text: ``f32[1, 256, 72, 72]``, or any text.
            named: symbols by the position of the dim, if a claim says so; None: sizes tell.
        """
        start = text.find("[")
        if start < 0:
            return (Piece(text),)
        pieces, at = [], 0
        for position, match in enumerate(NUMBER.finditer(text, start)):
            symbol = named.get(position, "") if named is not None else self._symbol_of(int(match[0]))
            if symbol:
                pieces += [Piece(text[at : match.start()]), Piece(match[0], symbol)]
                at = match.end()
        pieces.append(Piece(text[at:]))
        return tuple(piece for piece in pieces if piece.text)

    def claim(self, text: str) -> tuple[Piece, ...]:
        """Return the text of a claim in pieces: symbols count inside its last brackets only."""
        start = text.rfind("[")
        if start < 0:
            return (Piece(text),)
        pieces, at = [], 0
        for match in WORD.finditer(text, start):
            if match[0] in self.by_name:
                pieces += [Piece(text[at : match.start()]), Piece(match[0], match[0])]
                at = match.end()
        pieces.append(Piece(text[at:]))
        return tuple(piece for piece in pieces if piece.text)

    def _symbol_of(self, size: int) -> str:
        symbol = self.by_size.get(size)
        return symbol.name if symbol else ""


def symbols_of(trace: Trace, result: CheckResult | None, words: Translator | None = None) -> list[Symbol]:
    """Return the symbols of a walkthrough; without one, letters of the inputs and common sizes."""
    if result is not None and result.bindings:
        meanings = _meanings(result.document)
        sizes = Counter(size for size, _ in result.bindings.values())
        return [
            Symbol(
                name,
                size,
                number % PALETTE,
                _equation(name, result),
                meanings.get(name, ""),
                who,
                telling=size >= LEAST_TELLING and sizes[size] == 1,
            )
            for number, (name, (size, who)) in enumerate(result.bindings.items())
        ]
    return sizes_of(trace, words or Translator("en"))


def _equation(name: str, result: CheckResult) -> str:
    """Return ``N = 5184 = 72 * 72``."""
    size = result.bindings[name][0]
    written = str(result.document.dims.get(name, "") or "").strip()
    parts = [name, str(size)]
    if written and not NUMBER.fullmatch(written):
        sizes = {symbol: str(bound[0]) for symbol, bound in result.bindings.items()}
        parts.append(WORD.sub(lambda match: sizes.get(match[0], match[0]), written))
    return " = ".join(parts)


def _meanings(document: Document) -> dict[str, str]:
    """Return what the comments behind the ``dims`` of the front matter say."""
    head = document.text.split("\n---", 1)[0] if document.text.startswith("---") else ""
    found = (COMMENT.match(line) for line in head.splitlines())
    return {match[1]: match[2] for match in found if match and match[1] in document.dims}


def positions(dims: Iterable[object]) -> dict[int, str]:
    """Return the symbols of a claimed shape by position, up to a ``...``."""
    named: dict[int, str] = {}
    for position, dim in enumerate(dims):
        if getattr(dim, "text", "") == "...":
            break
        symbol = getattr(getattr(dim, "meaning", None), "symbol", "")
        if symbol:
            named[position] = symbol
    return named
