"""An observed shape in the letters of a document: ``[B, G, G, E]`` where ``[1, 72, 72, 1024]`` was found."""

from __future__ import annotations

from collections.abc import Sequence

from shapeflow.shapes.matching import Bindings, evaluate, pairs_of
from shapeflow.shapes.notation import Expression, ShapePattern

LEAST_TELLING = 50
"""Smaller sizes are met by chance too often for the size alone to say which letter is meant."""


def named_dims(pattern: ShapePattern, shape: Sequence[int], bindings: Bindings) -> dict[int, str]:
    """Return what to write at the positions of a pattern's dims that another size was found for.

    A letter is proposed only where one alone can be meant: of the dims as written one that stands elsewhere,
    else the only letter with a size that is not met by chance. Everything else stays a number.

    Args:
        pattern: the shape as written, which does not match.
        shape: the sizes observed.
        bindings: sizes so far.
    """
    pairs = pairs_of(pattern, shape) or []
    wrong = {dim: axis for dim, axis in pairs if not _fits(pattern, dim, shape[axis], bindings)}
    written = [(pattern.dims[dim].text, _size(pattern, dim, bindings)) for dim in wrong]
    proposed = {}
    for dim, axis in wrong.items():
        moved = {text for text, size in written if size == shape[axis]}
        known = {symbol for symbol, binding in bindings if binding.size == shape[axis]}
        letters = moved or (known if shape[axis] >= LEAST_TELLING else set())
        proposed[dim] = letters.pop() if len(letters) == 1 else str(shape[axis])
    return proposed


def _size(pattern: ShapePattern, dim: int, bindings: Bindings) -> int | None:
    meaning = pattern.dims[dim].meaning
    size = evaluate(meaning, bindings) if isinstance(meaning, Expression) else None
    return size if isinstance(size, int) else None


def _fits(pattern: ShapePattern, dim: int, size: int, bindings: Bindings) -> bool:
    return _size(pattern, dim, bindings) in (None, size)
