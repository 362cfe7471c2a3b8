"""Sums that a text does: ``14 × 14 + 1 = 197``. What cannot be read as plain arithmetic is left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_SIGN = r"(?:×|\*|x|·|⋅|\\times|\\cdot|\+|-|−|–|/|÷)"
_PART = (
    rf"[(]?\s?\d{{1,7}}(?:\s{{0,2}}[)])?(?:\s{{0,2}}{_SIGN}\s{{0,2}}[(]?\s?\d{{1,7}}(?:\s{{0,2}}[)])?){{1,7}}"
)
_SUM = re.compile(
    r"(?<![A-Za-z0-9_.,×*·/÷^+%-])(?<!times )(?<!cdot )(?<![×*·/÷^+–−%-] )(?!0x)"
    rf"(?P<sum>{_PART})\s{{0,2}}=\s{{0,2}}(?P<result>\d{{1,12}})"
    rf"(?![A-Za-z0-9_]|[.,]\d|[×*·/÷^+%-]|\s{{0,2}}(?:{_SIGN}|=)\s{{0,2}}[\d(])"
)
_ITEM = re.compile(r"^\s*(?:[-*+>]|\d+[.)])\s")
_TOKEN = re.compile(rf"\d+|[()]|{_SIGN}")
_TIMES, _OVER, _MINUS = ("×", "*", "x", "·", "⋅", "\\times", "\\cdot"), ("/", "÷"), ("-", "−", "–")


@dataclass(frozen=True, slots=True)
class WrongSum:
    """A sum that does not give what it is said to."""

    start: int
    end: int
    what: str


def wrong_sums(line: str) -> Iterator[WrongSum]:
    """Yield the sums of a line, its signs folded, that are wrong.

    A quotient may be rounded, up or down.
    """
    line = _ITEM.sub(lambda item: " " * len(item[0]), line)
    for found in _SUM.finditer(line) if "=" in line else ():
        tokens = _TOKEN.findall(found["sum"])
        if _is_range(tokens, found["sum"]):
            continue
        try:
            value = _Sum(tokens).value()
        except (ValueError, ZeroDivisionError, IndexError):
            continue
        result = int(found["result"])
        if abs(value - result) < 1 if value.denominator > 1 else value == result:
            continue
        shown = f"about {float(value):.2f}" if value.denominator > 1 else str(value)
        text = " ".join("×" if one in _TIMES else one for one in tokens).replace("( ", "(").replace(" )", ")")
        yield WrongSum(found.start(), found.end(), f"{text} is {shown}, not {result}")


def _is_range(tokens: list[str], text: str) -> bool:
    """Return whether this may be a range or a date, a fraction or a name: a lone sign without blanks."""
    signs = {one for one in tokens if not one.isdigit()}
    if "0" in tokens and signs <= set(_TIMES):
        return True
    tight = not re.search(r"\s(?:-|−|–|/|\+|x)\s", text)
    return tight and bool(signs & {*_MINUS, *_OVER}) and not signs & {*_TIMES, "+", "("}


class _Sum:
    """Works out a sum by the usual order of its signs."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def value(self) -> Fraction:
        """Return what it gives.

        Raises:
            ValueError, IndexError: its parentheses do not fit.
            ZeroDivisionError: it divides by nothing.
        """
        result = self._terms()
        if self._at != len(self._tokens):
            raise ValueError(self._tokens)
        return result

    def _terms(self) -> Fraction:
        result = self._factors()
        while self._at < len(self._tokens) and self._tokens[self._at] in ("+", *_MINUS):
            sign = self._next()
            other = self._factors()
            result = result + other if sign == "+" else result - other
        return result

    def _factors(self) -> Fraction:
        result = self._one()
        while self._at < len(self._tokens) and self._tokens[self._at] in (*_TIMES, *_OVER):
            sign = self._next()
            other = self._one()
            result = result * other if sign in _TIMES else result / other
        return result

    def _one(self) -> Fraction:
        token = self._next()
        if token.isdigit():
            return Fraction(int(token))
        if token != "(":
            raise ValueError(token)
        inside = self._terms()
        if self._next() != ")":
            raise ValueError(token)
        return inside

    def _next(self) -> str:
        token = self._tokens[self._at]
        self._at += 1
        return token
