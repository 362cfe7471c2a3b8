"""The changes that the benchmark of drafts makes to models: each does what it says, and nothing else."""

from __future__ import annotations

from functools import partial

import pytest
import torch
import varied_models

from benchmarks.drafts.changes import CHANGES, UnchangeableError
from shapeflow import recording
from shapeflow.adapters.base import Prepared


def traced(model, given):
    prepared = Prepared(model, partial(model, given), {}, {})
    return recording.run(lambda: prepared, device="cpu", adapter="factory", target="stack")


def tried(kind, model, given):
    """The trace of a model after a change, and what the change says."""
    kept = [traced(model, given)]

    def runs(changed):
        try:
            kept.append(traced(changed, given))
        except Exception:
            return False
        return kept[-1].run.complete

    said = CHANGES[kind](model, kept[0], runs)
    return kept[-1], said


@pytest.fixture
def stack():
    forward = varied_models.Block.forward
    torch.manual_seed(0)
    yield varied_models.stack()
    varied_models.Block.forward = forward


def blocks(trace):
    return [call.path for call in trace.calls if call.class_name == "Block"]


def test_a_layer_is_passed_over(stack):
    trace, said = tried("dropped layer", *stack)
    assert blocks(trace) == ["blocks.0", "blocks.2"]
    assert said == "`blocks.1` is passed over"


def test_two_layers_are_swapped(stack):
    trace, _ = tried("swapped order", *stack)
    assert blocks(trace) == ["blocks.0", "blocks.2", "blocks.1"]


def test_a_residual_is_left_out(stack):
    trace, said = tried("dropped residual", *stack)
    assert [op.target for op in trace.ops if op.target == "add" and op.parent is None] == []
    assert "of `Block`" in said


def test_a_width_is_doubled(stack):
    trace, said = tried("changed width", *stack)
    outputs = {call.path: call.outputs[0].value for call in trace.calls if call.path.endswith(".mix")}
    assert [trace.values[value].shape[-1] for value in outputs.values()] == [48, 96, 48]
    assert said == "48 in `blocks.1` is 96 now"


def test_a_model_without_lists_cannot_be_changed_so():
    with pytest.raises(UnchangeableError):
        tried("dropped layer", *varied_models.plain())
