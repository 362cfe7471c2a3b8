"""What may be handed over to be run: methods, functions, partials; and how many steps of a loop are kept."""

from __future__ import annotations

from functools import partial

import models
import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.errors import InputError

ENCODER, DECODER = nn.Linear(3, 4), nn.Linear(4, 2)
X = torch.rand(5, 3)


def both(x):
    return DECODER(ENCODER(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x):
        return self.layer(x)

    @torch.no_grad()
    def generate(self, x, steps=2):
        for _ in range(steps):
            x = self(x)
        return x


def names(trace) -> list[str]:
    return [call.exact_name for call in trace.calls]


@pytest.mark.parametrize("device", [None, "meta"])
def test_a_method_of_a_module(device):
    trace = shapeflow.trace(Net().generate, X, steps=3, device=device)
    assert trace.run.target == "Net.generate"
    assert names(trace)[:3] == [".generate()@0", ".@0", "layer@0"]
    assert len(trace.calls) == 1 + 2 * 3


@pytest.mark.parametrize("device", [None, "meta"])
@pytest.mark.parametrize(
    "function",
    [both, lambda x: DECODER(ENCODER(x)), partial(both), partial(lambda head, x: head(ENCODER(x)), DECODER)],
)
def test_a_function_with_modules_in_reach(function, device):
    trace = shapeflow.trace(function, X, device=device)
    assert [str(call.outputs[0].value is not None) for call in trace.calls] == ["True", "True"]
    assert [trace.content(call.outputs[0]) for call in trace.calls] == ["f32[5, 4]", "f32[5, 2]"]
    assert trace.run.target in ("both", "<lambda>")


@pytest.mark.parametrize("file", ["<stdin>", "<python-input-0>", "/tmp/ipykernel_7/1.py"])
def test_a_function_typed_at_a_prompt(file):
    space = {"encoder": ENCODER, "decoder": DECODER}
    exec(compile("function = lambda x: decoder(encoder(x))", file, "exec"), space)
    assert len(shapeflow.trace(space["function"], X).calls) == 2


def test_a_partial_of_a_method():
    trace = shapeflow.trace(partial(Net().generate, steps=1), X)
    assert names(trace) == [".generate()@0", ".@0", "layer@0"]
    assert trace.run.target == "Net.generate"


def test_a_module_among_the_arguments():
    trace = shapeflow.trace(lambda module, x: module(x), Net(), X)
    assert names(trace) == [".@0", "layer@0"]


def test_the_modules_are_as_before():
    net = Net()
    before = dict(vars(net)), dict(vars(ENCODER)), nn.Module.__call__
    shapeflow.trace(net.generate, X, device="meta")
    shapeflow.trace(both, X, device="meta")
    assert (dict(vars(net)), dict(vars(ENCODER)), nn.Module.__call__) == before
    assert not ENCODER.weight.is_meta


@pytest.mark.parametrize(
    ("thing", "code", "what"),
    [
        (len, "no-module", "no module is in reach of 'len'"),
        (lambda x: x, "no-module", "no module is in reach of '<lambda>'"),
        (nn.Linear, "not-callable", "Linear is a class, not a model"),
        (3, "not-callable", "an object of class int is not a model"),
    ],
)
def test_what_is_no_model(thing, code, what):
    with pytest.raises(InputError, match=what) as caught:
        shapeflow.trace(thing, X)
    assert caught.value.code == code


def test_an_exception_of_a_function_brings_the_trace():
    with pytest.raises(RuntimeError) as caught:
        shapeflow.trace(both, torch.rand(5, 4))
    assert caught.value.shapeflow_trace.run.failure.type == "RuntimeError"


# Steps of a loop --------------------------------------------------------------------------------------------


def train(model, steps):
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.rand(2, 8)).sum().backward()
        optimizer.step()


def test_the_first_step_is_recorded_with_its_backward_pass_and_optimizer():
    model = models.Mlp()
    with shapeflow.record(model, steps=1) as recording:
        train(model, 3)
        assert recording.finished is not None, "the trace is there as soon as the next step begins"
        assert nn.Module.__call__.__module__.startswith("torch")
    with shapeflow.record(model) as whole:
        train(model, 1)
    targets = [op.target for op in recording.trace.ops]
    assert [op.target for op in whole.trace.ops] == targets[: len(whole.trace.ops)]
    assert {"backward", "linear"} <= set(targets)
    assert recording.trace.run.notes[-1] == "Only the first step was recorded, of a loop that went on."
    assert recording.trace.run.complete
    totals = recording.trace.summary().totals
    assert totals.flops_outside == totals.flops - recording.trace.calls[0].flops > 0
    assert "in no layer, such as a backward pass" in recording.trace.summary().text()


def test_a_loop_that_ends_before_is_whole():
    model = models.Mlp()
    with shapeflow.record(model, steps=5) as recording:
        train(model, 2)
    assert [call.index for call in recording.trace.calls if call.path == ""] == [0, 1]
    assert not any("Only" in note for note in recording.trace.run.notes)


def test_what_fails_after_the_last_step_is_not_in_the_trace():
    model = models.Mlp()
    with pytest.raises(RuntimeError), shapeflow.record(model, steps=1) as recording:
        model(torch.rand(2, 8))
        model(torch.rand(2, 9))
    assert recording.trace.run.complete
    assert "ended" not in repr(recording)


def test_weights_are_those_of_a_loop_without_us():
    results = []
    for steps in (None, 1):
        torch.manual_seed(0)
        model = models.Mlp()
        if steps is None:
            train(model, 3)
        else:
            with shapeflow.record(model, steps=steps):
                train(model, 3)
        results.append([parameter.detach().clone() for parameter in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


@pytest.mark.parametrize("steps", [0, -1])
def test_no_steps(steps):
    with pytest.raises(InputError) as caught:
        shapeflow.record(models.Mlp(), steps=steps)
    assert caught.value.code == "no-steps"


def test_an_object_that_has_modules():
    class Pipeline:
        def __init__(self):
            self.encoder, self.head = nn.Linear(3, 4), nn.Linear(4, 2)

        def run(self, x):
            return self.head(self.encoder(x))

    pipeline = Pipeline()
    with shapeflow.record(pipeline) as recording:
        pipeline.run(X)
    assert names(recording.trace) == ["encoder@0", "head@0"]
    with pytest.raises(InputError, match="there is no module in an object of class int"):
        shapeflow.record(3)


def test_the_products_of_experts_are_counted():
    if not hasattr(nn.functional, "grouped_mm"):
        pytest.skip("this torch has no grouped product")

    class Experts(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.rand(4, 16, 32))
            self.ends = torch.tensor([2, 4, 6, 8], dtype=torch.int32)

        def forward(self, x):
            return nn.functional.grouped_mm(x, self.weight, offs=self.ends)

    for device in (None, "meta"):
        with torch.no_grad():
            trace = shapeflow.trace(Experts(), torch.rand(8, 16), device=device)
        assert trace.summary().totals.multiply_adds == 8 * 16 * 32
