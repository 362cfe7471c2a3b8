"""Costs are divided among owners: nothing twice, nothing left out."""

from __future__ import annotations

import random

import pytest
import torch
from builders import TraceBuilder
from tiny import tiny_trace
from torch import nn

from shapeflow import recording
from shapeflow.model.costs import total_flops, total_parameters
from shapeflow.model.shares import shares


class Tied(nn.Module):
    """Two modules share a weight, and one never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 6, bias=False)
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.head = nn.Linear(6, 6)
        self.head.weight = self.embed.weight
        self.idle = nn.Linear(100, 100)
        self.scale = nn.Parameter(torch.ones(6))

    def forward(self, x):
        return self.head(self.attention(*[self.embed(x) * self.scale] * 3)[0])


def tied():
    return recording.trace(Tied(), torch.randn(2, 5, 6))


@pytest.mark.parametrize("make", [tiny_trace, tied])
@pytest.mark.parametrize("seed", range(20))
def test_the_shares_of_any_owners_add_up(make, seed):
    trace, chance = make(), random.Random(seed)
    calls = {call.id: chance.randrange(4) for call in trace.calls if chance.random() < 0.5}
    ops = {op.id: chance.randrange(4) for op in trace.ops if chance.random() < 0.2}
    found = shares(trace, calls, ops).values()
    assert sum(share.flops for share in found) == total_flops(trace)
    assert sum(share.parameters for share in found) == total_parameters(trace)
    assert sum(share.ops for share in found) == len(trace.ops)


def test_a_shared_weight_is_where_it_is_first_and_an_idle_module_with_the_one_above():
    trace = tied()
    calls = {call.id: number for number, call in enumerate(trace.calls)}
    found = shares(trace, calls, {})
    of = {trace.calls[call].path: found[number].parameters for call, number in calls.items()}
    assert of["embed"] == 36
    assert of["head"] == 6  # the bias alone
    assert of[""] == 6 + 100 * 101


def test_an_op_belongs_to_the_innermost_owner():
    build = TraceBuilder()
    x = build.input("f32[1, 10]")
    with build.call("", x), build.call("outer", x) as outer:
        with build.call("outer.inner", x) as inner:
            with build.composite("attention", [x], "f32[1, 25]", flops=100):
                build.op("matmul", [x], "f32[1, 25]", flops=60)
            inner.returns(x)
        outer.returns(build.op("linear", [x], "f32[1, 10]", flops=7))
    trace = build.trace()
    inner = next(op for op in trace.ops if op.target == "matmul")
    found = shares(trace, {1: 1, 2: 2}, {inner.id: 3})
    assert {owner: share.flops for owner, share in found.items() if owner} == {1: 7, 2: 40, 3: 60}
