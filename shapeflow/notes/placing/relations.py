"""How a shape as written fits an observed one: as it is, without its batch, in another layout, not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import combinations
from math import prod
from typing import Literal

from shapeflow.shapes.matching import Binding, Bindings, NotEvaluable, evaluate, pairs_of
from shapeflow.shapes.notation import Expression, ShapePattern, Wildcard

Relation = Literal["exact", "symbolic", "nobatch", "part", "view", "layout", "no"]
"""``view``: what is there has the shape after views and transposes alone."""
FITS = frozenset({"exact", "symbolic", "nobatch", "part", "view"})
WHOLE = frozenset({"exact", "symbolic"})
"""How a shape fits with all of its dims."""
Shape = tuple[int, ...]
BATCHES = frozenset({"b", "bs", "bsz", "batch", "batch_size"})
"""What a text calls the batch: a shape that begins with it has not left it out."""


def bindings_of(sizes: Mapping[str, int]) -> Bindings:
    """Return sizes as the matching of shapes wants them."""
    bindings = Bindings()
    for symbol, size in sizes.items():
        bindings.bind(symbol, Binding(size, 0))
    return bindings


def sizes_of(pattern: ShapePattern, sizes: Mapping[str, int]) -> list[int | None]:
    """Return the size of each dim of a shape as written, None where it is not known."""
    bindings = bindings_of(sizes)
    found = [
        None if isinstance(dim.meaning, Wildcard) else evaluate(dim.meaning, bindings) for dim in pattern.dims
    ]
    return [None if isinstance(size, NotEvaluable) else size for size in found]


def numbers_of(pattern: ShapePattern, sizes: Mapping[str, int]) -> Shape | None:
    """Return the sizes of a shape as written, if all are known."""
    found = sizes_of(pattern, sizes)
    known = tuple(size for size in found if size is not None)
    return known if len(known) == len(found) else None


def relation(pattern: ShapePattern, shape: Shape, sizes: Mapping[str, int], batch: int) -> Relation:
    """Return how a shape as written fits an observed one.

    Args:
        pattern: the shape as written.
        shape: the sizes observed.
        sizes: symbols whose size is known; others are free.
        batch: how many inputs the run had at once; a text may leave it out, or speak of one.
    """
    return relations(pattern, (shape,), sizes, batch)[shape]


def relations(
    pattern: ShapePattern, shapes: Iterable[Shape], sizes: Mapping[str, int], batch: int
) -> dict[Shape, Relation]:
    """Return how a shape as written fits each of some observed ones; see ``relation``."""
    numbers = numbers_of(pattern, sizes)
    if numbers is not None:
        return {shape: _numeric(numbers, shape, batch) for shape in shapes}
    return {shape: _with_symbols(pattern, shape, sizes, batch) for shape in shapes}


def _with_symbols(pattern: ShapePattern, shape: Shape, sizes: Mapping[str, int], batch: int) -> Relation:
    """Return the same of a shape in which not all sizes are known."""
    plain = bool(pattern.symbols)
    if _matches(pattern, shape, sizes):
        return "symbolic" if plain else "exact"
    if (
        len(shape) > 1
        and shape[0] in (1, batch)
        and len(pattern.dims) > 1
        and not _begins_with_batch(pattern, shape)
        and _matches(pattern, shape[1:], sizes)
    ):
        return "nobatch"
    if _is_one_with_symbols(pattern, shape, sizes):
        return "part"
    return "layout" if _may_be_ordered(pattern, shape, sizes) else "no"


def _begins_with_batch(pattern: ShapePattern, shape: Shape) -> bool:
    """Return whether a shape as written has the batch; N mostly is it, too, but never an axis of size 1."""
    meaning = pattern.dims[0].meaning
    names = {name.lower() for name in meaning.symbols} if isinstance(meaning, Expression) else set()
    return bool(names & BATCHES) or ("n" in names and shape[1] == 1 != shape[0])


def _matches(pattern: ShapePattern, shape: Shape, sizes: Mapping[str, int]) -> bool:
    """Return whether a shape fits; a symbol has one size, and what cannot be worked out says nothing."""
    pairs = pairs_of(pattern, shape)
    if pairs is None:
        return False
    bindings = bindings_of(sizes)
    plain = [(dim, axis) for dim, axis in pairs if _symbol_of(pattern.dims[dim].meaning)]
    others = [pair for pair in pairs if pair not in plain]
    for dim, axis in (*plain, *others):
        meaning = pattern.dims[dim].meaning
        if isinstance(meaning, Wildcard):
            continue
        symbol, times = _symbol_of(meaning) or multiple_of(meaning)
        if symbol and bindings.get(symbol) is None:
            if shape[axis] % times:
                return False
            bindings.bind(symbol, Binding(shape[axis] // times, 0))
        size = evaluate(meaning, bindings)
        if isinstance(size, int) and size != shape[axis]:
            return False
        if isinstance(size, NotEvaluable) and size.diagnostic.code != "symbol-unbound":
            return False
    return True


def _symbol_of(meaning: Expression | Wildcard) -> tuple[str, int] | None:
    """Return the symbol that a dim is, once; None if it is anything else."""
    return (meaning.symbol, 1) if isinstance(meaning, Expression) and meaning.symbol else None


def multiple_of(meaning: Expression) -> tuple[str, int]:
    """Return the one symbol of a product and what it is multiplied by; no symbol for anything else."""
    names = [item for item in meaning.items if isinstance(item, str) and item != "*"]
    times = prod(item for item in meaning.items if isinstance(item, int))
    known = len(names) == 1 and names[0] in meaning.symbols and times > 0
    return (names[0], times) if known else ("", 1)


def _may_be_ordered(pattern: ShapePattern, shape: Shape, sizes: Mapping[str, int]) -> bool:
    """Return whether the sizes that are known stand in a shape of as many dims in another order."""
    if pattern.rest is not None or len(pattern.dims) != len(shape):
        return False
    bindings = bindings_of(sizes)
    rest = list(shape)
    known = 0
    for dim in pattern.dims:
        size = evaluate(dim.meaning, bindings) if isinstance(dim.meaning, Expression) else None
        if isinstance(size, int):
            if size not in rest:
                return False
            rest.remove(size)
            known += size != 1
    return known >= 2


@lru_cache(maxsize=1 << 16)
def _numeric(numbers: Shape, shape: Shape, batch: int) -> Relation:
    if numbers == shape:
        return "exact"
    if _without_batch(numbers, shape, batch):
        return "nobatch"
    picture = len(numbers) > 1 and len(shape) == len(numbers) + 2 and numbers == shape[2:]
    if (picture and len(shape) > 3) or _is_one(numbers, shape):
        return "part"
    one = len(numbers) == len(shape) - 1 > 1 and shape[0] in (1, batch)
    if one and sorted(numbers) == sorted(shape[1:]):
        return "layout"
    merged = one and batch > 1 and numbers == (shape[0] * shape[1], *shape[2:])
    return "layout" if same_numbers(numbers, shape) and not merged else "no"


def _without_batch(numbers: Shape, shape: Shape, batch: int) -> bool:
    """Return whether sizes are those of one input, or without an axis of size 1 behind the batch."""
    return (
        (len(shape) > 1 and numbers == shape[1:] and shape[0] in (1, batch) and len(numbers) > 1)
        or (len(shape) > 2 and numbers == (shape[0], *shape[2:]) and shape[1] == 1)
        or (len(shape) > 1 and numbers[1:] == shape[1:] and numbers[0] == 1 and shape[0] == batch)
    )


def _is_one(numbers: Shape, shape: Shape) -> bool:
    """Return whether sizes are those of one of many along the first axis: of one region, of one window."""
    return len(numbers) > 2 and numbers == shape[1:] and len(set(numbers) - {1}) > 1


def _is_one_with_symbols(pattern: ShapePattern, shape: Shape, sizes: Mapping[str, int]) -> bool:
    """Return the same of a shape with symbols of which two sizes at least are known."""
    if len(pattern.dims) < 3 or len(shape) != len(pattern.dims) + 1 or _begins_with_batch(pattern, shape):
        return False
    if not _matches(pattern, shape[1:], sizes):
        return False
    return sum((size or 1) > 1 for size in sizes_of(pattern, sizes)) > 1


def same_numbers(one: Shape, other: Shape) -> bool:
    """Return whether two shapes differ in the order, in ones, or in axes that are merged or split only."""
    if prod(one) != prod(other) or not one or not other:
        return False
    first = sorted(size for size in one if size != 1)
    second = sorted(size for size in other if size != 1)
    if first == second:
        return True
    coarse, fine = (first, second) if len(first) < len(second) else (second, first)
    return len(coarse) > 1 and len(coarse) < len(fine) <= 6 and _grouped(tuple(coarse), tuple(fine))


def _grouped(coarse: Shape, fine: Shape) -> bool:
    """Return whether sizes can be multiplied in groups to give others; at least one is in both as it is."""
    if not coarse:
        return not fine
    target = coarse[-1]
    for count in range(1, len(fine) - len(coarse) + 2):
        for group in combinations(range(len(fine)), count):
            if prod(fine[place] for place in group) == target:
                rest = tuple(size for place, size in enumerate(fine) if place not in group)
                if _grouped(coarse[:-1], rest):
                    return True
    return False


def differing(numbers: Shape, shape: Shape) -> int:
    """Return how many sizes differ; 9 for another rank."""
    if len(numbers) != len(shape):
        return 9
    return sum(one != other for one, other in zip(numbers, shape, strict=True))
