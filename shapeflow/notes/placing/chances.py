"""How sure it is that a mention is right, or wrong: two linear scores over what speaks for and against it.

The weights and the two least chances are fitted: see `benchmarks/annotate/fitting.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

from shapeflow.notes.placing.weights import SURE_FALSE, SURE_TRUE, WEIGHTS

__all__ = ["SURE_FALSE", "SURE_TRUE", "chances"]


def chances(numbers: Mapping[str, float]) -> tuple[float, float]:
    """Return the chances that a mention is right, and that it is wrong; the rest is not in this run."""
    true = sum(WEIGHTS[name][0] * value for name, value in numbers.items()) + WEIGHTS["always"][0]
    false = sum(WEIGHTS[name][1] * value for name, value in numbers.items()) + WEIGHTS["always"][1]
    return 1 / (1 + exp(-true)), 1 / (1 + exp(-false))
