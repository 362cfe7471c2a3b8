"""Expressions of one symbol that give a size in every run: ``3*T``, ``T/2 - 1``, ``ceil(H/4)``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from shapeflow.drafting.size_flow import Row

LARGEST_ROUNDED = 64
"""What is rounded is divided by at most so much."""
FEWEST_TO_ROUND = 5
"""Different sizes of a symbol without which something rounded would fit by coincidence."""
MOST_ADDED = 2
"""What is added to something rounded: more would fit by coincidence."""
BELOW = 3
"""How near to the next multiple a size has to be that shows what ``H // 16`` rounds down."""
LARGEST_DIVISOR = 4096
"""``H/16`` explains something, ``H/40960`` does not."""


@dataclass(frozen=True, slots=True)
class Term:
    """An expression and its sizes."""

    text: str
    row: Row
    factors: int = 1

    @property
    def rank(self) -> tuple[int, int, str]:
        """The simpler of two comes first."""
        return self.factors, len(self.text), self.text


def fits(row: Row, basis: Row, name: str) -> Iterator[Term]:
    """Yield the expressions of one symbol that give a row: ``3*T``, ``T/2 - 1``, ``T*T + 1``, ``H // 4``."""
    squares = tuple(size * size for size in basis)
    found = False
    for term in (Term(name, basis), Term(f"{name}*{name}", squares, 2)):
        if fitting := scale(row, term) or shift(row, term):
            found = True
            yield fitting
    if not found:
        yield from _rounded(row, basis, name)


def _rounded(row: Row, basis: Row, name: str) -> Iterator[Term]:
    """Yield ``ceil(H/4)`` or ``H // 4``, with a small number added, if many sizes show it."""
    if len(set(basis)) < FEWEST_TO_ROUND or len(set(row)) < 2 or min(basis) < 1:
        return
    for divisor in range(2, min(LARGEST_ROUNDED, max(basis)) + 1):
        rests = {size % divisor for size in basis}
        for text, sizes, is_shown in (
            (f"ceil({name}/{divisor})", [-(-size // divisor) for size in basis], 1 in rests),
            (f"{name} // {divisor}", [size // divisor for size in basis], max(rests) >= divisor - BELOW),
        ):
            if 0 not in rests or not is_shown:
                continue  # the sizes do not show where it goes up by one
            steps = {size - own for size, own in zip(row, sizes, strict=True)}
            if len(steps) == 1 and abs(added := steps.pop()) <= MOST_ADDED and len(set(sizes)) > 2:
                yield Term(plus(f"({text})" if added and "//" in text else text, added), row, 2 + bool(added))


def scale(row: Row, term: Term) -> Term | None:
    """Return ``k*term`` if that is the row in every run."""
    pairs = [(size, own) for size, own in zip(row, term.row, strict=True) if own]
    if not pairs or any(size for size, own in zip(row, term.row, strict=True) if not own):
        return None
    ratio = Fraction(*pairs[0])
    if ratio <= 0 or len(set(term.row)) < 2 or any(Fraction(*pair) != ratio for pair in pairs):
        return None
    return _multiple(ratio, 0, term, row)


def shift(row: Row, term: Term) -> Term | None:
    """Return ``k*term + c`` if that is the row in every run; three different sizes are needed to tell."""
    low, high = term.row.index(min(term.row)), term.row.index(max(term.row))
    if len(set(term.row)) < 3:
        return None
    ratio = Fraction(row[high] - row[low], term.row[high] - term.row[low])
    added = row[low] - ratio * term.row[low]
    if ratio <= 0 or added.denominator != 1:
        return None
    if any(ratio * own + added != size for size, own in zip(row, term.row, strict=True)):
        return None
    return _multiple(ratio, int(added), term, row)


def _multiple(ratio: Fraction, added: int, term: Term, row: Row) -> Term | None:
    """Return ``ratio*term + added`` as text, if it can be evaluated without a remainder on the way."""
    if ratio.denominator > LARGEST_DIVISOR or any((own * ratio).denominator != 1 for own in term.row):
        return None
    text = times(ratio.numerator, term.text)
    if ratio.denominator > 1:
        text = f"{text}/{ratio.denominator}"
    extra = (ratio.denominator > 1) + bool(added)
    return Term(plus(text, added), row, term.factors + extra)


def times(factor: int, text: str) -> str:
    """Return a multiple of an expression."""
    return text if factor == 1 else f"{factor}*{text}"


def plus(text: str, added: int) -> str:
    """Return an expression with a number added."""
    return text if not added else f"{text} {'+' if added > 0 else '-'} {abs(added)}"
