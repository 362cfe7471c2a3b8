"""Traces whose ops are not called as any rule expects: lint and the message of a crash live with them."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch

from benchmarks.lint import inputs_of
from benchmarks.planted.sequences import Detector, Sequence
from benchmarks.planted.vision import UNet, VisionTransformer
from shapeflow.lint.check import lint
from shapeflow.lint.crash import crash_of
from shapeflow.model.records import Port
from shapeflow.model.run_record import Failure
from shapeflow.model.trace import Trace
from shapeflow.recording import trace

TARGETS = [
    "getitem",
    "view",
    "matmul",
    "einsum",
    "cat",
    "stack",
    "softmax",
    "linear",
    "conv2d",
    "lstm",
    "squeeze",
    "unsqueeze",
    "mean",
    "permute",
    "scaled_dot_product_attention",
    "multi_head_attention_forward",
    "embedding",
    "addmm",
    "normalize",
    "topk",
    "unbind",
    "to",
    "dropout",
    "argmax",
    "expand",
    "select",
    "layer_norm",
]
TEXTS = ["None", "-1", "7", "(1, 99)", "'abc'", "1.5", "True", "::", ""]


def disturbed(recorded: Trace, dice: random.Random) -> Trace:
    """Return a trace with other shapes, arguments and names of ops here and there."""
    values, ops = list(recorded.values), list(recorded.ops)
    for number in dice.sample(range(len(values)), 12):
        shape = list(values[number].shape)
        shape.insert(dice.randint(0, len(shape)), dice.choice([0, 1, 2, 7]))
        dice.shuffle(shape)
        values[number] = replace(values[number], shape=tuple(shape[dice.randint(0, 2) :]))
    for number in dice.sample(range(len(ops)), 12):
        inputs = list(ops[number].inputs)
        place = dice.randrange(len(inputs)) if inputs else None
        if place is not None and dice.random() < 0.5:
            inputs.pop(place)
        elif place is not None:
            inputs[place] = Port(inputs[place].name, None, dice.choice(TEXTS))
        outputs = ops[number].outputs if dice.random() < 0.8 else ()
        ops[number] = replace(ops[number], target=dice.choice(TARGETS), inputs=tuple(inputs), outputs=outputs)
    return replace(recorded, values=tuple(values), ops=tuple(ops))


@pytest.mark.parametrize("model", [VisionTransformer, UNet, Detector, Sequence])
def test_odd_records_are_no_error(model):
    dice = random.Random(1)
    with torch.no_grad():
        recorded = trace(model().eval(), *inputs_of(model), device="meta")
    for _ in range(25):
        odd = disturbed(recorded, dice)
        lint(odd)
        op = dice.choice(odd.ops)
        failure = Failure("RuntimeError", "size (2, 7) of NoneType", op.call, op.id, op.source, "")
        crash_of(replace(odd, run=replace(odd.run, complete=False, failure=failure)))
