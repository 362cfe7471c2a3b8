"""What each rule names, and that it is silent on sound models that look much the same."""

from __future__ import annotations

import warnings

import pytest
import torch
from silent_bugs import CASES

from shapeflow.lint.check import lint
from shapeflow.recording import trace

ONLY_WITH_SEVERAL = {
    "bce pair",
    "weights [B] * x [B,1]",
    "B,1 minus mean",
    "[B,1,N] + [B,N]",
    "two directions joined by view",
}
"""With one sample these give the right numbers, or no trace shows that they do not."""


def found(name: str, batch: int) -> list[str]:
    torch.manual_seed(0)
    model, given = CASES[name][0](batch)
    model.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of some
        recorded = trace(model, *(given if isinstance(given, tuple) else (given,)), device="meta")
    return [finding.rule for finding in lint(recorded).findings]


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("name", CASES)
def test_rule(name, batch):
    rule = CASES[name][1]
    rules = found(name, batch)
    if not rule:
        assert rules == []
    elif batch > 1 or name not in ONLY_WITH_SEVERAL:
        assert rule in rules
        assert len(rules) <= 2
