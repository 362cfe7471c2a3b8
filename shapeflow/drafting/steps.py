"""In what order the steps of a part run: chains where each hands on what it gives, else ``before``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from shapeflow.drafting.statements import Statement


def proposals(steps: Sequence[str]) -> Iterator[str]:
    """Yield the lines that have to be asked before the order of some steps can be told."""
    for first, second in pairwise(steps):
        yield f"chain {first}, {second}"
        yield f"{first} before {second}"


def ordered(steps: Sequence[str], true: Collection[str]) -> Iterator[Statement]:
    """Yield the claims on an order: the longest chains, and what comes between them.

    Args:
        steps: selectors, in the order of the run.
        true: those of the proposals that hold.
    """
    run: list[str] = list(steps[:1])
    for first, second in pairwise(steps):
        if f"chain {first}, {second}" in true:
            run.append(second)
            continue
        yield from _chain(run)
        if f"{first} before {second}" in true:
            yield Statement(first, f"before {second}")
        run = [second]
    yield from _chain(run)


def _chain(run: Sequence[str]) -> Iterator[Statement]:
    if len(run) > 1:
        yield Statement("chain", ", ".join(run))
