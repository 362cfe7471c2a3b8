"""The tokens of a formula, and a reader that goes over them: the ground of both kinds of formula."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from shapeflow.walkthrough.parts import ClaimError, Part

PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2}
"""How strongly the signs between two operands bind."""


class Token(NamedTuple):
    """One word or sign of a formula."""

    kind: str
    """``selector``, ``number``, ``name``, ``text``, ``mark`` …; empty at the end."""
    text: str
    place: tuple[int, int]


class Reader:
    """Goes over the tokens of one formula.

    Args:
        given: the formula.
        tokens: its tokens.
        most: how many it may have.
    """

    def __init__(self, given: Part, tokens: Iterable[Token], most: int) -> None:
        self.tokens = list(islice(tokens, most + 1))
        if len(self.tokens) > most:
            raise given.error("claim-syntax", f"a formula has at most {most} parts")
        self.tokens.append(Token("", "", (max(given.end - 1, 0), max(given.end, 1))))
        self.position = 0

    @property
    def token(self) -> str:
        """The next token; empty at the end."""
        return self.tokens[self.position].text

    @property
    def kind(self) -> str:
        """What the next token is."""
        return self.tokens[self.position].kind

    @property
    def place(self) -> tuple[int, int]:
        """The columns of the next token."""
        return self.tokens[self.position].place

    def unexpected(self, expected: str) -> ClaimError:
        """Return the error for the next token."""
        what = f"'{self.token[:60]}' cannot stand here" if self.token else "the formula ends too early"
        return ClaimError("claim-syntax", what, columns=self.place, expected=expected)

    def take(self) -> str:
        """Return the next token and go on."""
        token = self.token
        self.position += bool(token)
        return token

    def takes(self, mark: str) -> bool:
        """Go on over a sign if it is the next token."""
        found = self.kind == "mark" and self.token == mark
        self.position += found
        return found

    def need(self, mark: str) -> None:
        """Go on over a sign that has to be there."""
        if not self.takes(mark):
            raise self.unexpected(f"'{mark}'")
