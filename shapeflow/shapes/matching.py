"""Sizes of symbols, and the matching of a shape as written with a shape as observed.

A match gives None or the reason why not, made where the fact is known; whoever asked adds place and context.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shapeflow.common.text import counted
from shapeflow.errors import Diagnostic
from shapeflow.shapes.arithmetic import OPERATORS, Number, apply, rounded
from shapeflow.shapes.notation import Dim, Expression, ShapePattern, Wildcard, shape_text


@dataclass(frozen=True, slots=True)
class Binding:
    """The size of a symbol, and who gave it."""

    size: int
    line: int
    """Where in the walkthrough."""
    by: str = ""
    """The claim that bound it at first use; empty for a size that the front matter gives."""

    @property
    def who(self) -> str:
        """Where to look, in words."""
        return f"line {self.line}"


class Bindings:
    """Symbol -> binding, layer over layer: what a claim binds counts only once the whole claim holds."""

    def __init__(self, below: Bindings | None = None) -> None:
        self._own: dict[str, Binding] = {}
        self._below = below

    def __iter__(self) -> Iterator[tuple[str, Binding]]:
        if self._below:
            yield from self._below
        yield from self._own.items()

    def get(self, symbol: str) -> Binding | None:
        """Return who bound the symbol, or None."""
        layer: Bindings | None = self
        while layer is not None:
            if symbol in layer._own:
                return layer._own[symbol]
            layer = layer._below
        return None

    def bind(self, symbol: str, binding: Binding) -> None:
        """Give a symbol without a size its size."""
        self._own[symbol] = binding

    def scope(self) -> Bindings:
        """Return a layer over this one, to be kept or forgotten."""
        return Bindings(self)

    def commit(self) -> None:
        """Hand what this layer bound to the one below."""
        if self._below:
            self._below._own.update(self._own)


@dataclass(frozen=True, slots=True)
class RankDiffers:
    """Another number of dims."""

    expected: int
    found: int
    at_least: bool
    """True if ``...`` allows more."""


@dataclass(frozen=True, slots=True)
class DtypeDiffers:
    """The same sizes in another dtype."""

    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One dim that differs."""

    dim: int
    """Position in the pattern's dims."""
    axis: int
    """Position in the observed shape."""
    expected: int
    found: int
    binding: Binding | None = None
    """Who bound the symbol, if the dim is a plain one."""


@dataclass(frozen=True, slots=True)
class DimsDiffer:
    """Some sizes differ."""

    differences: tuple[Difference, ...]
    reordered: bool
    """True if all sizes are there, in another order."""


@dataclass(frozen=True, slots=True)
class NotEvaluable:
    """An expression that has no size."""

    diagnostic: Diagnostic
    """``symbol-unbound``, ``symbol-fraction`` or ``size-out-of-range``."""
    dim: int = 0
    """Position in the pattern's dims."""
    symbol: str = ""
    """The name without a size, for ``symbol-unbound``."""


Mismatch = RankDiffers | DtypeDiffers | DimsDiffer | NotEvaluable


def evaluate(expression: Expression, bindings: Bindings) -> int | NotEvaluable:
    """Return the size of an expression, or why it has none."""
    stack: list[Number] = []
    for item in expression.items:
        if isinstance(item, int):
            stack.append(item)
        elif item.endswith("()"):
            stack.append(rounded(item, stack.pop()))
        elif item in OPERATORS:
            right, left = stack.pop(), stack.pop()
            result = apply(item, left, right, expression.text)
            if isinstance(result, Diagnostic):
                return NotEvaluable(result)
            stack.append(result)
        else:
            binding = bindings.get(item)
            if binding is None:
                rest = "" if expression.symbol else f", so '{expression.text}' cannot be evaluated"
                what = f"'{item}' has no size yet{rest}"
                return NotEvaluable(Diagnostic("symbol-unbound", what), symbol=item)
            stack.append(binding.size)
    return int(stack[0])


def match(
    pattern: ShapePattern, dtype: str, shape: Sequence[int], bindings: Bindings, binder: tuple[int, str]
) -> Mismatch | None:
    """Match a shape as written with an observed one; symbols without a size are bound where it holds.

    Plain symbols are bound before expressions are evaluated, so ``[H/14, H]`` can be read.

    Args:
        pattern: the shape as written.
        dtype: the dtype observed.
        shape: the sizes observed.
        bindings: sizes so far; grows only if the whole shape matches.
        binder: line and text of the claim, for the symbols that it binds.

    Returns:
        None if it matches, else the reason.
    """
    pairs = pairs_of(pattern, shape)
    if pairs is None:
        rest = pattern.rest is not None
        return RankDiffers(len(pattern.dims) - rest, len(shape), rest)
    trial = bindings.scope()
    differences: list[Difference] = []
    for plain in (True, False):
        for pair in pairs:
            meaning = pattern.dims[pair[0]].meaning
            if isinstance(meaning, Wildcard) or plain != bool(meaning.symbol):
                continue
            reason = _compare(meaning, pair, shape[pair[1]], trial, binder)
            if isinstance(reason, NotEvaluable):
                return reason
            if reason:
                differences.append(reason)
    if differences:
        differences.sort(key=lambda difference: difference.axis)
        return DimsDiffer(tuple(differences), _reordered(pattern, shape, bindings))
    if pattern.wanted_dtype not in ("", dtype):
        return DtypeDiffers(pattern.wanted_dtype, dtype)
    trial.commit()
    return None


def sizes_of(symbols: Sequence[str], bindings: Bindings) -> tuple[tuple[str, int], ...]:
    """Return the symbols that have a size, with it."""
    found = ((symbol, bindings.get(symbol)) for symbol in symbols)
    return tuple((symbol, binding.size) for symbol, binding in found if binding)


def with_sizes_text(symbols: Sequence[str], bindings: Bindings) -> str:
    """Return ``with B = 1, G = 72 (front matter, line 6)`` for the symbols that have a size; else nothing."""
    by_place: dict[str, list[str]] = {}
    for symbol in symbols:
        binding = bindings.get(symbol)
        if binding:
            by_place.setdefault(binding.who, []).append(f"{symbol} = {binding.size:d}")
    groups = (f"{', '.join(sizes)} ({who})" for who, sizes in by_place.items())
    text = ", ".join(groups)
    return f"with {text}" if text else ""


def difference_text(reason: Mismatch, dtype: str, shape: Sequence[int]) -> str:
    """Return the observed shape and what is different about it: ``f32[1, 2]   dim 2 differs``."""
    shown = shape_text(dtype, shape)
    if isinstance(reason, RankDiffers):
        least = "at least " if reason.at_least else ""
        return f"{shown}   {least}{counted(reason.expected, 'dim')} expected, {reason.found} found"
    if isinstance(reason, DtypeDiffers):
        return f"{shown}   same shape, other dtype"
    if isinstance(reason, DimsDiffer):
        if reason.reordered:
            return f"{shown}   the same sizes in another order"
        axes = [str(difference.axis + 1) for difference in reason.differences]
        if len(axes) == 1:
            return f"{shown}   dim {axes[0]} differs"
        return f"{shown}   dims {', '.join(axes[:-1])} and {axes[-1]} differ"
    return shown


def pairs_of(pattern: ShapePattern, shape: Sequence[int]) -> list[tuple[int, int]] | None:
    """Return which dim of the pattern stands for which axis; None if their numbers do not fit."""
    dims, rest = len(pattern.dims), pattern.rest
    if rest is None:
        return [(i, i) for i in range(dims)] if dims == len(shape) else None
    after = dims - rest - 1
    if rest + after > len(shape):
        return None
    front = [(i, i) for i in range(rest)]
    return front + [(rest + 1 + i, len(shape) - after + i) for i in range(after)]


def _compare(
    expression: Expression, pair: tuple[int, int], size: int, bindings: Bindings, binder: tuple[int, str]
) -> Difference | NotEvaluable | None:
    """Compare one dim with its size; a plain symbol without a size is bound to it."""
    symbol = expression.symbol
    if symbol and not bindings.get(symbol):
        bindings.bind(symbol, Binding(size, *binder))
        return None
    expected = evaluate(expression, bindings)
    if isinstance(expected, NotEvaluable):
        return replace(expected, dim=pair[0])
    if expected == size:
        return None
    return Difference(*pair, expected, size, bindings.get(symbol) if symbol else None)


def _reordered(pattern: ShapePattern, shape: Sequence[int], bindings: Bindings) -> bool:
    """Return whether the sizes as written, all of them known, are those observed in another order."""
    sizes = [_known_size(dim, bindings) for dim in pattern.dims]
    return None not in sizes and sorted(size for size in sizes if size is not None) == sorted(shape)


def _known_size(dim: Dim, bindings: Bindings) -> int | None:
    """Return the size of a dim, if it has one without a look at the observed shape."""
    if isinstance(dim.meaning, Wildcard):
        return None
    size = evaluate(dim.meaning, bindings)
    return size if isinstance(size, int) else None
