"""From several runs of one model: how each dim moves, as an expression a walkthrough can state.

A dim is a list of sizes, one a run. It is matched with the sizes of what was varied: first each symbol alone
(``T + 1``, ``H/16``), then products and sums of what was found. An expression must give the size in every
run; of several the simplest wins, and where none fits the dim is ``_``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, combinations_with_replacement

from shapeflow.drafting.size_flow import Row, SizeFlow, bracketed
from shapeflow.model.records import Call, Port, Value
from shapeflow.model.trace import Trace
from shapeflow.model.variation import Variation

Key = tuple[str, str, int, str]
"""A port: path, method, number of the call and name."""

ANY = "_"
MOST_ATOMS = 24
"""Expressions of one symbol that products and sums are made of."""
MOST_SUMMANDS = 40
LARGEST_ROUNDED = 64
"""What is rounded is divided by at most so much."""
FEWEST_TO_ROUND = 5
"""Different sizes of a symbol without which something rounded would fit by coincidence."""
MOST_ADDED = 2
"""What is added to something rounded: more would fit by coincidence."""
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


class Symbols:
    """The dims of a run as text, with symbols where other runs show that they move.

    Args:
        trace: the run that was given.
        variation: other runs of the same model; without any, all dims are numbers.
    """

    def __init__(self, trace: Trace, variation: Variation) -> None:
        self._trace = trace
        self._others = [_ports(run.trace) for run in variation.runs]
        self._traces = [run.trace for run in variation.runs]
        own = {axis.symbol: axis.size for axis in variation.axes}
        self._sizes: list[Mapping[str, int]] = [own, *(run.sizes for run in variation.runs)]
        self.names = tuple(own)
        self.widths = {symbol: size for symbol, (size, _) in variation.widths.items()}
        """Symbols of sizes that come from the configuration."""
        self._texts: dict[Row, str] = {}

    def dims(self, call: Call, port: Port) -> tuple[str, ...] | None:
        """Return the dims of the tensor in a port; None if some run has no such tensor there."""
        rows = self._rows(call, port)
        if rows is None:
            return None
        explained = None if port.value is None else self._flow.dims(port.value)
        if explained is None or len(explained) != len(rows):
            return tuple(self.text(row) for row in rows)
        return explained

    @cached_property
    def _flow(self) -> SizeFlow:
        """Explains sizes by what went into the ops."""
        names = {self._basis(name): name for name in reversed(self.names)}
        widths = {size: name for name, size in self.widths.items()}
        return SizeFlow(self._trace, self._traces, self.text, names, widths)

    def is_none(self, call: Call, port: Port) -> bool:
        """Return whether a port holds ``None`` in every run."""
        others = [ports.get(_key(call, port)) for ports in self._others]
        return port.text == "None" and all(other is not None and other.text == "None" for other in others)

    def count(self, counts: Sequence[int]) -> str:
        """Return the expression for something that was counted in every run."""
        return self.text(tuple(counts))

    @property
    def traces(self) -> tuple[Trace, ...]:
        """All runs, the given one first."""
        return (self._trace, *self._traces)

    def text(self, row: Row) -> str:
        """Return the simplest expression for a size in every run; ``_`` if there is none."""
        if len(set(row)) == 1:
            return str(row[0])
        if row not in self._texts:
            self._texts[row] = self._fit(row)
        return self._texts[row]

    def dtype(self, call: Call, port: Port) -> str:
        """Return the dtype of the tensor in a port; empty if it is another one in some run."""
        found = {value.dtype for value in self._values(call, port)}
        return found.pop() if len(found) == 1 else ""

    def _rows(self, call: Call, port: Port) -> list[Row] | None:
        """Return the sizes of each dim in every run."""
        shapes = [value.shape for value in self._values(call, port)]
        if len({len(shape) for shape in shapes}) != 1:
            return None
        return list(zip(*shapes, strict=True))

    def _values(self, call: Call, port: Port) -> list[Value]:
        """Return the tensors that are in a port, one a run; none if some run has no such tensor."""
        if port.value is None:
            return []
        values = [self._trace.values[port.value]]
        for trace, ports in zip(self._traces, self._others, strict=True):
            other = ports.get(_key(call, port))
            if other is None or other.value is None:
                return []
            values.append(trace.values[other.value])
        return values

    def _fit(self, row: Row) -> str:
        alone = [term for name in self.names for term in fits(row, self._basis(name), name)]
        if alone:
            return min(alone, key=lambda term: term.rank).text
        found = [*_scaled(row, self._products), *_sums(row, self._summands)]
        return min(found, key=lambda term: term.rank).text if found else ANY

    def _basis(self, name: str) -> Row:
        return tuple(sizes[name] for sizes in self._sizes)

    @cached_property
    def _atoms(self) -> list[Term]:
        """The symbols, and the expressions of one symbol that the dims of this trace are."""
        plain = [Term(name, self._basis(name)) for name in self.names]
        rows: dict[Row, None] = {}
        for call in self._trace.calls:
            for port in (*call.inputs, *call.outputs):
                rows.update(dict.fromkeys(self._rows(call, port) or ()))
        known = {_direction(term.row) for term in plain}
        for row in rows:
            terms = (
                [] if len(set(row)) == 1 else [t for n in self.names for t in fits(row, self._basis(n), n)]
            )
            best = min(terms, key=lambda term: term.rank, default=None)
            # 3*B is B again, but H/16 is wanted beside H: a product with it stays whole.
            if best and (_direction(row) not in known or "/" in best.text) and len(plain) < MOST_ATOMS:
                known.add(_direction(row))
                plain.append(Term(bracketed(best.text), row))
        return plain

    @cached_property
    def _summands(self) -> list[Term]:
        """What sums of two are made of."""
        pairs = (term for term in self._products if term.factors == 2)
        return [*self._atoms, *sorted(pairs, key=lambda term: term.rank)][:MOST_SUMMANDS]

    @cached_property
    def _products(self) -> list[Term]:
        """Products of up to three atoms."""
        products = []
        for count in (2, 3):
            for terms in combinations_with_replacement(self._atoms, count):
                row = tuple(_product(sizes) for sizes in zip(*(term.row for term in terms), strict=True))
                products.append(Term("*".join(term.text for term in terms), row, count))
        return products


def fits(row: Row, basis: Row, name: str) -> Iterator[Term]:
    """Yield the expressions of one symbol that give a row: ``3*T``, ``T/2 - 1``, ``T*T + 1``, ``H // 4``."""
    squares = tuple(size * size for size in basis)
    found = False
    for term in (Term(name, basis), Term(f"{name}*{name}", squares, 2)):
        if fitting := _scale(row, term) or _shift(row, term):
            found = True
            yield fitting
    if not found:
        yield from _rounded(row, basis, name)


def _rounded(row: Row, basis: Row, name: str) -> Iterator[Term]:
    """Yield ``ceil(H/4)`` or ``H // 4``, with a small number added, if many sizes show it."""
    if len(set(basis)) < FEWEST_TO_ROUND or len(set(row)) < 2 or min(basis) < 1:
        return
    for divisor in range(2, min(LARGEST_ROUNDED, max(basis)) + 1):
        for text, sizes in (
            (f"ceil({name}/{divisor})", [-(-size // divisor) for size in basis]),
            (f"{name} // {divisor}", [size // divisor for size in basis]),
        ):
            steps = {size - own for size, own in zip(row, sizes, strict=True)}
            if len(steps) == 1 and abs(added := steps.pop()) <= MOST_ADDED and len(set(sizes)) > 2:
                yield Term(
                    _plus(f"({text})" if added and "//" in text else text, added), row, 2 + bool(added)
                )


def _scaled(row: Row, terms: Sequence[Term]) -> Iterator[Term]:
    """Yield multiples of a term, with or without a constant added."""
    for term in terms:
        if found := _scale(row, term) or _shift(row, term):
            yield found


def _sums(row: Row, terms: Sequence[Term]) -> Iterator[Term]:
    """Yield sums of multiples of two terms, with or without a constant added: ``T + S``, ``2*B + N + 1``."""
    for one, other in combinations(terms, 2):
        found = _solve(row, one.row, other.row)
        if found is None or 0 in found[:2]:
            continue
        first, second, added = found
        parts = sorted(((first, one.text), (second, other.text)), key=lambda part: part[0] < 0)
        text = " ".join(f"{'-' if k < 0 else '+'} {_times(abs(k), name)}" for k, name in parts)
        if text.startswith("+ "):
            yield Term(_plus(text[2:], added), row, one.factors + other.factors + 1 + bool(added))


def _scale(row: Row, term: Term) -> Term | None:
    """Return ``k*term`` if that is the row in every run."""
    pairs = [(size, own) for size, own in zip(row, term.row, strict=True) if own]
    if not pairs or any(size for size, own in zip(row, term.row, strict=True) if not own):
        return None
    ratio = Fraction(*pairs[0])
    if ratio <= 0 or len(set(term.row)) < 2 or any(Fraction(*pair) != ratio for pair in pairs):
        return None
    return _multiple(ratio, 0, term, row)


def _shift(row: Row, term: Term) -> Term | None:
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
    text = _times(ratio.numerator, term.text)
    if ratio.denominator > 1:
        text = f"{text}/{ratio.denominator}"
    extra = (ratio.denominator > 1) + bool(added)
    return Term(_plus(text, added), row, term.factors + extra)


def _solve(row: Row, one: Row, other: Row) -> tuple[int, int, int] | None:
    """Return whole a, b and c, if just these make ``a*one + b*other + c`` the row in every run."""
    steps = [(x - one[0], y - other[0], size - row[0]) for x, y, size in zip(one, other, row, strict=True)]
    left = next((step for step in steps if step[0] or step[1]), None)
    if left is None or len(set(steps)) < 4:
        return None
    right = next((step for step in steps if left[0] * step[1] != left[1] * step[0]), None)
    if right is None:
        return None
    determinant = left[0] * right[1] - left[1] * right[0]
    a, rest_a = divmod(left[2] * right[1] - left[1] * right[2], determinant)
    b, rest_b = divmod(left[0] * right[2] - left[2] * right[0], determinant)
    if rest_a or rest_b or any(a * x + b * y != size for x, y, size in steps):
        return None
    return a, b, row[0] - a * one[0] - b * other[0]


def _times(factor: int, text: str) -> str:
    return text if factor == 1 else f"{factor}*{text}"


def _plus(text: str, added: int) -> str:
    return text if not added else f"{text} {'+' if added > 0 else '-'} {abs(added)}"


def _direction(row: Row) -> tuple[Fraction, ...]:
    """Return a row without its common factor: the same for ``B`` and ``3*B``."""
    first = next((size for size in row if size), 1)
    return tuple(Fraction(size, first) for size in row)


def _product(sizes: Sequence[int]) -> int:
    result = 1
    for size in sizes:
        result *= size
    return result


def _key(call: Call, port: Port) -> Key:
    return call.path, call.method, call.index, port.name


def _ports(trace: Trace) -> dict[Key, Port]:
    """Return the ports of a trace's calls by what names them in any run."""
    return {_key(call, port): port for call in trace.calls for port in (*call.inputs, *call.outputs)}
