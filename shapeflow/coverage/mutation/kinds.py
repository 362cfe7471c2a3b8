"""All kinds of change, the worst first: a new kind is a function and a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from shapeflow.coverage.mutation import layers, steps, tensors, wiring, work
from shapeflow.coverage.mutation.change import Base, Change

KINDS: dict[str, Callable[[Base], Iterator[Change]]] = {
    "layer left out": layers.left_out,
    "layer skipped": steps.removed,
    "layers swapped": layers.swapped_layers,
    "steps swapped": layers.swapped_steps,
    "unlike steps swapped": steps.unlike,
    "another layer's output": wiring.other_outputs,
    "another item": work.other_items,
    "residual dropped": wiring.lost_residuals,
    "result not used": wiring.unused_results,
    "results exchanged": wiring.exchanged_results,
    "inputs exchanged": wiring.exchanged_inputs,
    "residual added": wiring.new_residuals,
    "another table": tensors.other_tables,
    "an op less": work.ops_less,
    "an op more": work.ops_more,
    "ops swapped": layers.swapped_ops,
    "size": tensors.other_sizes,
    "parameter's shape": tensors.other_widths,
    "dtype": tensors.other_dtypes,
    "another constant": work.other_constants,
}
"""What happens -> the function that yields the changes of this kind that can be made to a trace."""


def choose(base: Base, seed: int) -> Iterator[Change]:
    """Yield changes to a trace, drawn at random: of all kinds as often, and in each of all places as often.

    What is repeated, such as the blocks of a transformer, is one place: one of it is drawn, and a second one
    when all places had their turn. It ends when there are no more.
    """
    draw = Random(seed)
    kinds = [_shuffled(list(yields(base)), draw) for yields in KINDS.values()]
    while any(kinds):
        yield from (changes.pop() for changes in kinds if changes)


def _shuffled(changes: list[Change], draw: Random) -> list[Change]:
    """Return changes at random: from the end one of each place, then a second one of each, and so on."""
    places: dict[str, list[Change]] = {}
    for change in changes:
        places.setdefault(change.place, []).append(change)
    rounds: list[list[Change]] = []
    for group in places.values():
        draw.shuffle(group)
        for turn, change in enumerate(group):
            if turn == len(rounds):
                rounds.append([])
            rounds[turn].append(change)
    for one_each in rounds:
        draw.shuffle(one_each)
    return [change for one_each in reversed(rounds) for change in one_each]
