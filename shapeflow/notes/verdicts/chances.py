"""How sure it is that a mention is right, or wrong: two linear scores over what speaks for and against it.

The weights and the two least chances are fitted: see `benchmarks/annotate/fitting.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

from shapeflow.notes.verdicts.weights import SURE_FALSE, SURE_TRUE, WEIGHTS

__all__ = ["SURE_FALSE", "SURE_TRUE", "chances", "may_be_confirmed", "may_be_contradicted"]

LEAST_ODDS = -2.0
"""So much of the mass, as the logarithm of its odds, has to be where the shape fits."""


def chances(numbers: Mapping[str, float]) -> tuple[float, float]:
    """Return the chances that a mention is right, and that it is wrong; the rest is not in this run."""
    true = sum(WEIGHTS[name][0] * value for name, value in numbers.items()) + WEIGHTS["always"][0]
    false = sum(WEIGHTS[name][1] * value for name, value in numbers.items()) + WEIGHTS["always"][1]
    return 1 / (1 + exp(-true)), 1 / (1 + exp(-false))


def may_be_confirmed(numbers: Mapping[str, float]) -> bool:
    """Return whether a mention may be right at all: words, shape and order lead to a place that it fits."""
    return bool(numbers["fits"]) and numbers["mass fit"] > LEAST_ODDS


def may_be_contradicted(numbers: Mapping[str, float]) -> bool:
    """Return whether a mention may be called wrong at all: words name its place, and no change on the way."""
    named = numbers["other heard"] > 0 or numbers["named other"] > 0
    return named and not numbers["changed"]
