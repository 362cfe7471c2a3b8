"""A trace says whether gradients were on and in which mode the model was, as it was in the run."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from shapeflow import recording
from shapeflow.model.trace import Trace
from shapeflow.model.tracefile import dumps, loads
from shapeflow.reporting.run_facts import gradients_text, training_text
from shapeflow.reporting.translator import Translator

ENGLISH = Translator("en")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
        self.head = nn.Linear(4, 2)
        self.frozen_body = False

    def forward(self, x):
        if self.frozen_body:
            with torch.no_grad():
                x = self.body(x)
        else:
            x = self.body(x)
        return self.head(x)


def trace(model: nn.Module, **options) -> Trace:
    return recording.trace(model, torch.zeros(2, 4), **options)


@pytest.mark.parametrize("device", [None, "meta"])
def test_gradients_are_what_they_were_in_the_run(device):
    kept = trace(Net(), device=device)
    assert kept.run.gradients == {"kept": 3}
    with torch.no_grad():
        assert trace(Net(), device=device).run.gradients == {"off": 3}
    with torch.inference_mode():
        assert trace(Net(), device=device).run.gradients == {"inference": 3}
    idle = trace(Net().requires_grad_(False), device=device)
    assert idle.run.gradients == {"idle": 3}
    assert "no activation is kept" in gradients_text(idle, ENGLISH)
    assert "activations are kept for a backward pass" in gradients_text(kept, ENGLISH)


def test_gradients_that_are_off_in_a_part_are_counted():
    model = Net()
    model.frozen_body = True
    found = trace(model)
    assert found.run.gradients == {"kept": 1, "off": 2}
    assert gradients_text(found, ENGLISH).startswith("gradients on (off in 2 of 3 ops)")


def test_what_a_backward_pass_and_an_optimiser_do_is_not_counted():
    model = Net()
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    with recording.record(model) as recorded:
        model(torch.zeros(2, 4)).sum().backward()
        optimiser.step()
    assert recorded.trace.run.gradients == {"kept": 3}


def test_gradients_on_cost_memory_that_is_measured():
    def layers() -> nn.Module:
        return nn.Sequential(*(nn.Sequential(nn.Linear(64, 64), nn.ReLU()) for _ in range(8)))

    with_them = recording.trace(layers(), torch.zeros(16, 64), device="meta").run
    with torch.no_grad():
        without = recording.trace(layers(), torch.zeros(16, 64), device="meta").run
    assert with_them.peak_bytes >= 3 * without.peak_bytes


def test_modes_that_differ_from_the_one_above_are_told():
    model = Net().eval()
    assert trace(model).run.training == {"": False}
    model.body[1].train()
    found = trace(model)
    assert found.run.training == {"": False, "body.1": True}
    assert training_text(found, ENGLISH) == "evaluation mode, except body.1"
    model.train()
    model.body.eval()
    assert trace(model).run.training == {"": True, "body": False}


def test_the_mode_is_that_of_the_call_and_not_of_the_beginning():
    model = Net()
    with recording.record(model) as recorded:
        model.eval()
        model(torch.zeros(2, 4))
    assert recorded.trace.run.training == {"": False}


def test_a_mode_that_changes_between_two_calls_is_told():
    model = Net()
    with recording.record(model) as recorded:
        model(torch.zeros(2, 4))
        model.eval()
        model(torch.zeros(2, 4))
    assert recorded.trace.run.training == {"": None}
    assert training_text(recorded.trace, ENGLISH) == "the mode changed during the run"


def test_a_scripted_model_has_a_mode_too():
    model = torch.jit.script(nn.Sequential(nn.Linear(4, 2))).eval()
    assert trace(model).run.training[""] is False


def test_both_are_stored_and_an_older_trace_says_that_it_has_neither():
    found = trace(Net().eval())
    again = loads(dumps(found), Trace)
    assert (again.run.gradients, again.run.training) == ({"kept": 3}, {"": False})
    old = dumps(found).replace(b'"gradients"', b'"other"').replace(b'"training"', b'"another"')
    read = loads(old, Trace)
    assert "not recorded" in gradients_text(read, ENGLISH)
    assert "not recorded" in training_text(read, ENGLISH)
