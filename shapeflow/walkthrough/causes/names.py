"""A name whose size is another one: found by judging the claims again with that size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import isqrt

from shapeflow.common.text import counted
from shapeflow.errors import Diagnostic, WalkthroughError
from shapeflow.shapes.matching import Binding, Bindings, evaluate
from shapeflow.shapes.notation import Expression, ShapeTextError, parse_expression
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.comparisons import Wrong, wrong_shapes
from shapeflow.walkthrough.causes.scene import Scene, cause, earliest, there_text, upstream
from shapeflow.walkthrough.claims.count import Count
from shapeflow.walkthrough.verdict import Verdict

TRIED = 8
"""Sizes that are tried, those that most claims speak for first."""


def find_names(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the names with another size in this run: claims fail with the old and hold with the new one."""
    sizes = Sizes.of(scene)
    rest = list(verdicts)
    while len(rest) >= scene.least:
        best = _best(scene, sizes, rest)
        if best is None:
            return
        symbol, size, mended = best
        yield _cause(scene, sizes, symbol, size, mended)
        sizes = sizes.changed(symbol, size)
        told = {verdict.claim.id for verdict in mended}
        rest = [verdict for verdict in rest if verdict.claim.id not in told]


class Sizes:
    """The sizes that a document is judged with: those of its front matter, and those that claims bound."""

    def __init__(self, scene: Scene, written: Mapping[str, str]) -> None:
        self.scene = scene
        self.written = dict(written)
        self.document = replace(scene.document, dims=self.written)

    @classmethod
    def of(cls, scene: Scene) -> Sizes:
        """Return the sizes of a check."""
        bound = {symbol: str(size) for symbol, (size, _) in scene.result.bindings.items()}
        return cls(scene, {**bound, **scene.document.dims})

    def changed(self, symbol: str, size: int) -> Sizes:
        """Return the same with another size for a name."""
        return Sizes(self.scene, {**self.written, symbol: str(size)})

    @cached_property
    def bindings(self) -> Bindings | None:
        """The size of each name; None if they do not go together."""
        try:
            known = self.scene.judge(replace(self.document, claims=())).bindings
        except WalkthroughError:
            return None
        bindings = Bindings()
        for symbol, (size, _) in known.items():
            bindings.bind(symbol, Binding(size, 0))
        return bindings

    def is_given(self, symbol: str) -> bool:
        """Return whether a size is written as a number, not worked out from others."""
        return self.written.get(symbol, "").strip().isdecimal()

    def behind(self, expression: Expression) -> Iterator[str]:
        """Yield the names that a size depends on: those in it, and those that these are worked out from."""
        seen: list[str] = [symbol for symbol in expression.symbols if symbol in self.written]
        for symbol in seen:
            yield symbol
            if not self.is_given(symbol):
                try:
                    below = parse_expression(self.written[symbol]).symbols
                except ShapeTextError:
                    continue
                seen += [name for name in below if name in self.written and name not in seen]


def _best(scene: Scene, sizes: Sizes, verdicts: Sequence[Verdict]) -> tuple[str, int, list[Verdict]] | None:
    """Return the name and size with which most claims hold that fail now, and none fails that holds now."""
    claims = tuple(verdict.claim for verdict in verdicts)
    tried = []
    for symbol, size in _candidates(scene, sizes, verdicts):
        document = replace(sizes.changed(symbol, size).document, claims=claims)
        again = scene.judge(document).verdicts
        mended = [old for old, new in zip(verdicts, again, strict=True) if new.passed]
        if len(mended) >= scene.least:
            tried.append((len(mended), sizes.is_given(symbol), symbol, size, mended))
    tried.sort(key=lambda one: (-one[0], not one[1]))
    for _, _, symbol, size, mended in tried:
        whole = scene.judge(sizes.changed(symbol, size).document).verdicts
        if all(new.passed or not old.passed for old, new in zip(scene.result.verdicts, whole, strict=True)):
            return symbol, size, mended
    return None


def _candidates(scene: Scene, sizes: Sizes, verdicts: Sequence[Verdict]) -> list[tuple[str, int]]:
    """Return names and sizes that would explain what claims found, those of most claims first."""
    votes: Counter[tuple[str, int]] = Counter()
    known: dict[tuple[str, int], Bindings | None] = {}
    for expressions in _differences(scene, sizes, verdicts):
        wanted: set[tuple[str, int]] = set()
        for expression, expected, found in expressions:
            for symbol in sizes.behind(expression):
                for size in _guesses(sizes, symbol, expected, found):
                    if (symbol, size) not in known:
                        known[symbol, size] = sizes.changed(symbol, size).bindings
                    bindings = known[symbol, size]
                    if bindings is not None and evaluate(expression, bindings) == found:
                        wanted.add((symbol, size))
        votes.update(wanted)
    return [pair for pair, _ in votes.most_common(TRIED)]


def _differences(
    scene: Scene, sizes: Sizes, verdicts: Sequence[Verdict]
) -> Iterator[list[tuple[Expression, int, int]]]:
    """Yield for each claim what it writes for the sizes that differ, what that is, and what there is."""
    bindings = sizes.bindings
    if bindings is None:
        return
    for wrong in wrong_shapes(scene, verdicts, bindings):
        yield [
            (expression, difference.expected, difference.found)
            for one in wrong
            for difference in one.differences
            if (expression := one.written(difference)) is not None
        ]
    for verdict in verdicts:
        body = verdict.claim.body
        if isinstance(body, Count) and verdict.code == "count" and verdict.found.isdecimal():
            expected = evaluate(body.number, bindings)
            if isinstance(expected, int):
                yield [(body.number, expected, int(verdict.found))]


def _guesses(sizes: Sizes, symbol: str, expected: int, found: int) -> Iterator[int]:
    """Yield sizes of a name that may turn what is expected into what is found."""
    bindings = sizes.bindings
    binding = bindings.get(symbol) if bindings is not None else None
    if binding is None or expected <= 0 or found < 0:
        return
    yield found
    scaled, left = divmod(binding.size * found, expected)
    if not left:
        yield scaled
    squared, left = divmod(binding.size**2 * found, expected)  # as in G * G
    if not left and isqrt(squared) ** 2 == squared:
        yield isqrt(squared)
    yield max(0, binding.size + found - expected)
    if found:
        yield binding.size * expected // found  # it divides, as in N / W
        yield isqrt(binding.size**2 * expected // found)


def _cause(scene: Scene, sizes: Sizes, symbol: str, size: int, mended: Sequence[Verdict]) -> Cause:
    """Return the cause, with the place where the other size shows first."""
    old = sizes.bindings.get(symbol) if sizes.bindings is not None else None
    was = str(old.size) if old is not None else sizes.written[symbol]
    given = symbol in scene.document.dims
    who = scene.result.bindings.get(symbol, (0, ""))[1]
    first, where, found, why = first_place(scene, sizes.bindings, mended)
    formula = sizes.written[symbol]
    reason = Diagnostic(
        "size-changed",
        f"'{symbol}' is {size} in this run, not {was}",
        where=where,
        expected=f"{symbol} = {was}   {'' if formula == was else f'= {formula}, '}{who}".rstrip(),
        found=found,
        because=f"with {symbol} = {size} {counted(len(mended), 'line')} that fail now would hold{why}",
        hint=f"{symbol}: {size}   in the front matter, if that is meant: --update" if given else "",
    )
    return cause(mended, first, reason, (symbol, size) if given else None)


def first_place(
    scene: Scene, bindings: Bindings | None, verdicts: Sequence[Verdict]
) -> tuple[Verdict, str, str, str]:
    """Return the claim nearest to where other sizes show first, the place, what is there, and a doubt."""
    wrong: list[Wrong] = [
        one
        for group in wrong_shapes(scene, verdicts, bindings or Bindings())
        for one in group
        if one.differences
    ]
    if not wrong:
        return (
            verdicts[0],
            "",
            "",
            "\nno claim about a tensor fails, so the first place in the run is not known",
        )
    value = earliest(scene, [one.value for one in wrong])
    first = next(one for one in wrong if one.value is value)
    sizes = {difference.found for difference in first.differences}
    start = upstream(scene, value, lambda other: sizes <= set(other.shape))
    where = scene.value_place(start)
    doubt = "" if where else f"\nwhere {first.name} was made was not seen, so the first place is not known"
    return first.verdict, where, there_text(scene, start, first.name, value), doubt
