"""The rules: a table, to which other packages add rows by entry point ``shapeflow.lint``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from shapeflow.lint.finding import Rule
from shapeflow.lint.rules.batch_axis import batch_lost, over_batch
from shapeflow.lint.rules.broadcasts import accidental_broadcast, coincidence
from shapeflow.lint.rules.modes import casts, train_mode
from shapeflow.lint.rules.ones import left_over_axis, twice
from shapeflow.lint.rules.products import softmax_axis
from shapeflow.lint.rules.reshapes import mixed_axes
from shapeflow.lint.rules.siblings import odd_block
from shapeflow.lint.rules.unused import never_read, never_used, unread_input

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "shapeflow.lint"

RULES = (
    Rule(
        "mixed-axes",
        "view and reshape keep the order of the numbers; to put an axis elsewhere takes transpose or permute",
        mixed_axes,
    ),
    Rule(
        "broadcast",
        "sizes are matched from the last axis on, so [B, 1] and [B] make [B, B] of all pairs",
        accidental_broadcast,
    ),
    Rule("coincidence", "the axes fit only because two sizes are equal in this run", coincidence),
    Rule(
        "over-batch",
        "then the result for one sample depends on which others are in the batch with it",
        over_batch,
    ),
    Rule(
        "batch-lost",
        "each sample should have a place of its own along the batch, whatever its size",
        batch_lost,
    ),
    Rule("softmax-axis", "weights should add up to 1 where they are added up", softmax_axis),
    Rule("train-mode", "results change from run to run, or with the batch", train_mode),
    Rule("odd-block", "one block of a row was built or written unlike all others", odd_block),
    Rule(
        "never-read", "a result that nobody reads is often one that was forgotten", never_read, together=True
    ),
    Rule("unread-input", "a mask or length that is not looked at changes nothing", unread_input),
    Rule(
        "left-over-axis",
        "an axis of size 1 makes later sums and losses stretch instead of match",
        left_over_axis,
    ),
    Rule("twice", "a probability is taken for a logit", twice),
    Rule("casts", "what the smaller dtype cannot hold is lost, and nothing is gained", casts),
    Rule(
        "never-used",
        "weights that take no part are often a layer that the forward forgot; they may be for other inputs",
        never_used,
        together=True,
    ),
)
"""In the order in which findings are told: what is most often a bug first."""


def rules() -> tuple[Rule, ...]:
    """Return all rules: ours, then those of other packages."""
    return (*RULES, *(cast("Rule", point.load()) for point in _entry_points()))


@cache
def _entry_points() -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))
