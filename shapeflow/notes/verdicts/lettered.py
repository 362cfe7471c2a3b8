"""Letters have one size in a text: a mark that gives them another one than the other marks is not right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from shapeflow.notes.placing.relations import bindings_of
from shapeflow.notes.placing.symbols import LOOSE
from shapeflow.notes.verdicts.doubts import left_open
from shapeflow.notes.verdicts.mark import TRUE, Mark
from shapeflow.shapes.matching import evaluate, pairs_of
from shapeflow.shapes.notation import Expression, ShapePattern, parse_shape

LEAST = 3
"""So many other marks have to give letters a size before one that gives them another is doubted."""
CLEAR = 3
"""So many times as many as give the next size."""
Sayings = dict[str, dict[int, set[tuple[int, int]]]]
"""Name -> size -> the cells and lines that give it."""
_WHOLE = 2**6 * 3**3 * 5**2 * 7
"""A size that all usual parts of one divide."""
_PARTS = "multiples and parts"
_WHY = "its letters have other sizes in the rest of the text"


def with_one_size(marks: Sequence[Mark], certain: Iterable[Mark] = ()) -> list[Mark]:
    """Return the marks of a text; what fits only with other sizes of its letters is no longer right.

    Args:
        marks: those that words and shapes have placed.
        certain: others of the text, which stay as they are.
    """
    said: Sayings = defaultdict(lambda: defaultdict(set))
    letters = [tuple(_of_mark(mark)) for mark in marks]
    others = [(mark, tuple(_of_mark(mark))) for mark in certain]
    for mark, held in (*zip(marks, letters, strict=True), *others):
        for name, size in held:
            said[name][size].add((mark.mention.span.cell or 0, mark.mention.span.line))
    return [_agreeing(mark, held, said) for mark, held in zip(marks, letters, strict=True)]


def _of_mark(mark: Mark) -> Iterator[tuple[str, int]]:
    """Yield the names and expressions of a shape that is right, with their sizes."""
    if mark.verdict in TRUE:
        yield from _letters(mark.mention.pattern, _sizes(mark.found))


def _letters(pattern: ShapePattern, shape: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Yield the names and expressions of a shape, with the sizes that they have in a tensor."""
    for dim, axis in pairs_of(pattern, shape) or ():
        meaning = pattern.dims[dim].meaning
        if isinstance(meaning, Expression) and meaning.symbols and meaning.text.lower() not in LOOSE:
            yield meaning.text.replace(" ", ""), shape[axis]
            if not meaning.symbol and (size := _solved(meaning, shape[axis])) is not None:
                yield f"{meaning.symbols[0]} in {_PARTS}", size


def _solved(meaning: Expression, size: int) -> int | None:
    """Return the size of the one letter of ``3*T/4``, -1 if no whole one fits; None for anything else."""
    if len(meaning.symbols) != 1:
        return None
    once, twice = (evaluate(meaning, bindings_of({meaning.symbols[0]: by * _WHOLE})) for by in (1, 2))
    if not isinstance(once, int) or not once or twice != 2 * once:
        return None
    return -1 if size * _WHOLE % once else size * _WHOLE // once


def _agreeing(mark: Mark, letters: Sequence[tuple[str, int]], said: Sayings) -> Mark:
    """Return a mark; at another likely place if a letter has another size nearly everywhere else."""
    usual = dict(_usual(mark, {name for name, _ in letters}, said))
    differing = [(usual[name], size) for name, size in letters if usual.get(name, size) != size]
    if not differing:
        return mark
    for place, found, _ in mark.rivals:
        if _fits(mark.mention.pattern, _sizes(found), usual):
            return replace(mark, place=place, found=found)
    if sorted(one for one, _ in differing) == sorted(other for _, other in differing):
        return replace(mark, verdict="layout differs", evidence=(*mark.evidence, _WHY))
    return left_open(mark, _WHY)


def _usual(mark: Mark, names: Iterable[str], said: Sayings) -> Iterator[tuple[str, int]]:
    """Yield the sizes that the other lines of the text give names."""
    line = (mark.mention.span.cell or 0, mark.mention.span.line)
    for name in names:
        counts = Counter({size: len(lines - {line}) for size, lines in said[name].items()})
        (size, most), *rest = counts.most_common(2)
        if most >= LEAST and all(most >= CLEAR * other for _, other in rest):
            yield name, size


def _fits(pattern: ShapePattern, shape: Sequence[int], usual: Mapping[str, int]) -> bool:
    """Return whether a tensor has the sizes of a shape as written, and those usual for its letters."""
    pairs = pairs_of(pattern, shape)
    if pairs is None:
        return False
    written = ((pattern.dims[dim].text.strip(), shape[axis]) for dim, axis in pairs)
    right = all(not text.isdecimal() or int(text) == size for text, size in written)
    return right and all(usual.get(name, size) == size for name, size in _letters(pattern, shape))


def _sizes(text: str) -> tuple[int, ...]:
    dims = (dim.text for dim in parse_shape(text).dims) if text else ()
    return tuple(int(dim) if dim.isdecimal() else -1 for dim in dims)
