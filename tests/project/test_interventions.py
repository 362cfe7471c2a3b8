"""Verdicts on random models against experiments; ``python -m benchmarks.interventions`` asks many more."""

from __future__ import annotations

import pytest

from benchmarks.interventions import run
from shapeflow.model import links
from shapeflow.recording import recorder
from shapeflow.recording.identity import Identity

SEEDS = range(500, 508)


@pytest.mark.slow
def test_no_verdict_is_contradicted_by_an_experiment():
    tally = run(SEEDS, (), 3)
    assert tally.contradictions == []
    assert tally.questions > 300
    kinds = {key.partition(": ")[0] for key in tally.asked}
    assert kinds == {"count", "never reaches", "reaches", "unused"}


@pytest.mark.parametrize(
    ("owner", "name", "broken", "seed"),
    [
        (links.Links, "way", lambda self, starts, goals: (dict.fromkeys(starts), None), 500),
        (Identity, "written", lambda self, tensor, op: None, 500),
        (recorder, "kept_after", lambda builder, trace, modules: {}, 505),
    ],
)
def test_the_experiments_see_a_false_verdict(monkeypatch, owner, name, broken, seed):
    monkeypatch.setattr(owner, name, broken)
    assert run([seed], (), 4).contradictions
