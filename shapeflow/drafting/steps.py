"""In what order the steps of a part run: chains where each is given what the one before gave, else ``before``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from shapeflow.drafting.statements import Statement

MOST_STEPS = 12
"""Steps of one part that are put in order."""


def proposals(steps: Sequence[str]) -> Iterator[str]:
    """Yield the lines that have to be asked before the order of some steps can be told."""
    for first, second in zip(steps, steps[1:], strict=False):
        yield f"chain {first}, {second}"
        yield f"{first} before {second}"


def ordered(steps: Sequence[str], true: Collection[str]) -> Iterator[Statement]:
    """Yield the claims on an order: the longest chains, and what comes between them.

    Args:
        steps: selectors, in the order of the run.
        true: those of the proposals that hold.
    """
    run: list[str] = list(steps[:1])
    for first, second in zip(steps, steps[1:], strict=False):
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
