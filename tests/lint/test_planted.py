"""The models that are measured: each bug is named, and the models without a bug are called sound."""

from __future__ import annotations

import pytest
import torch

from benchmarks.lint import PLANTED, inputs_of, look, named

MODELS = list(dict.fromkeys(one.model for one in PLANTED))


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: f"{one.model.__name__} {one.bug} {one.at}")
def test_a_planted_bug_is_named(planted):
    torch.manual_seed(0)
    options = {} if planted.at is None else {"at": planted.at}
    model = planted.model(planted.bug, **options).eval()
    assert named(look(model, *inputs_of(planted.model, planted.bug)), planted.rule, planted.place)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_sound_model_is_left_alone(model):
    assert look(model().eval(), *inputs_of(model)).findings == ()
