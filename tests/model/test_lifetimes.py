"""What is alive at the end of an op adds up to what was measured there."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny import tiny_trace
from torch import nn

from shapeflow import recording
from shapeflow.model.lifetimes import ends, largest_alive


class Attending(nn.Module):
    """Has composite ops, views, writes in place, and tensors that are dropped at once."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        x = x + self.attention(x, x, x)[0]
        y = self.norm(x).relu_()
        y[:, 0] = 0
        return torch.cat([y, y.transpose(1, 2).reshape(y.shape)], dim=-1)


def attending(gradients: bool, device: str | None):
    with torch.set_grad_enabled(gradients):
        return recording.trace(Attending(), torch.randn(2, 5, 8), device=device)


def trained():
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.LayerNorm(16), nn.Linear(16, 4))
    with recording.record(model) as recorded:
        model(torch.randn(2, 5, 8)).square().mean().backward()
    return recorded.trace


@pytest.mark.parametrize(
    "make",
    [
        tiny_trace,
        trained,
        *(
            lambda gradients=gradients, device=device: attending(gradients, device)
            for gradients in (True, False)
            for device in (None, "meta")
        ),
    ],
)
def test_what_is_alive_adds_up_to_what_was_measured(make):
    trace = make()
    alive = largest_alive(trace, range(len(trace.ops)), len(trace.values))
    for op in trace.ops:
        assert sum(trace.values[value].bytes for value in alive[op.id]) == op.live_bytes, op


def test_the_largest_come_first_and_no_more_than_wanted():
    trace = tiny_trace()
    at = max(range(len(trace.ops)), key=lambda op: trace.ops[op].live_bytes)
    (three,) = largest_alive(trace, [at], 3).values()
    (everything,) = largest_alive(trace, [at], 1000).values()
    assert three == everything[:3]
    sizes = [trace.values[value].bytes for value in everything]
    assert sizes == sorted(sizes, reverse=True)


def test_what_is_inside_a_composite_op_ends_before_it():
    trace = tiny_trace()
    order = ends(trace)
    assert sorted(order) == [op.id for op in trace.ops]
    place = {op: position for position, op in enumerate(order)}
    parents = [op for op in trace.ops if op.parent is not None]
    assert parents
    assert all(place[op.id] < place[op.parent] for op in parents)


def test_a_trace_that_does_not_say_it_gives_nothing():
    trace = tiny_trace()
    assert largest_alive(replace(trace, run=replace(trace.run, gradients={})), [0], 3) == {}
