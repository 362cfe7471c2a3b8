"""Parameters and buffers in the trace of a real model: listed, shared, viewed, read, and their numbers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.model.tensors import ModuleTensor
from shapeflow.recording.capture import Capture
from shapeflow.recording.recorder import Recording
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.claims.value import needed_values
from shapeflow.walkthrough.reader import parse


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 8)
        self.head = nn.Linear(8, 10, bias=False)
        self.head.weight = self.embed.weight
        self.norm = nn.BatchNorm1d(8)
        self.idle = nn.Parameter(torch.ones(4, 5), requires_grad=False)
        self.viewed = nn.Parameter(torch.ones(8, 3))
        self.turned = self.viewed.detach().t()
        self.register_buffer("scale", torch.arange(8.0))
        self.register_buffer("none", None)
        self.table = torch.ones(8)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.embed(ids)) * self.scale + self.table
        return self.head(x) + (self.turned @ x.t()).sum()


@pytest.fixture(params=["meta", "cpu"])
def trace(request):
    return shapeflow.trace(Net().eval(), torch.tensor([1, 2, 3]), device=request.param)


def test_what_modules_hold_is_listed(trace):
    listed = {module.path: module.tensors for module in trace.modules}
    assert listed[""] == (
        ModuleTensor("idle", "f32", (4, 5), "frozen"),
        ModuleTensor("viewed", "f32", (8, 3), beside="turned"),
        ModuleTensor("scale", "f32", (8,), "buffer"),
    )
    assert listed["embed"] == (ModuleTensor("weight", "f32", (10, 8)),)
    assert listed["head"] == (ModuleTensor("weight", "f32", (10, 8), same="embed.weight"),)
    assert [tensor.name for tensor in listed["norm"]] == [
        *("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    ]


def test_claims_on_them(trace):
    text = """
```shapes
head.weight  f32[10, 8]
head.weight reaches .:out
norm.running_var reaches .:out
norm.num_batches_tracked  i64[]
norm.num_batches_tracked unused
idle unused
table  f32[8]
table reaches .:out
turned  f32[3, 8]
parameters . = 140
trainable . = 120
viewed unused
```
"""
    result = check(trace, parse(text))
    assert [verdict.claim.text for verdict in result.failed] == ["viewed unused"]
    assert result.failed[0].status == "undecided"


def test_their_numbers_in_a_formula():
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor([1.0, 2.0]))
            self.idle = nn.Parameter(torch.tensor([3.0, 6.0]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.scale

    lines = "value .:out ~= .:in * .scale\nvalue .:out ~= .:in * .idle / 3\nvalue .:out ~= .idle\n"
    document = parse(f"```shapes\n{lines}```\n")
    wanted = {name: Capture(*kept) for name, kept in needed_values(document).items()}
    model = Scaled()
    with Recording(model, capture=wanted) as recording:
        model(torch.ones(2) * 2)
    recorded = recording.trace
    statuses = [verdict.status for verdict in check(recorded, document).verdicts]
    assert statuses == ["holds", "holds", "contradicted"]
