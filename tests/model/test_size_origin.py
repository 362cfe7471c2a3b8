"""Where a size comes from: followed by what ops do, never because two sizes are equal."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import shapeflow
from shapeflow.errors import SelectorError
from shapeflow.model.axis_links import indexed, regrouped
from shapeflow.model.size_origin import describe, size_origin


class Steps(nn.Module):
    """Calls functions one after the other; each keeps what it made."""

    def __init__(self, *steps):
        super().__init__()
        self.steps = steps

    def forward(self, x):
        for step in self.steps:
            x = step(x)
        return x


def origin(*steps, x, dim, selector=".:out"):
    trace = shapeflow.trace(Steps(*steps), x, device="meta")
    found = size_origin(trace, selector, dim)
    return found, trace


INPUT = [
    ((lambda x: x.transpose(0, 1),), (6, 7), 0, 1),
    ((lambda x: x.permute(2, 0, 1),), (6, 6, 6), 1, 0),
    ((lambda x: x.mT,), (2, 6, 6), 2, 1),
    ((lambda x: x.flatten(1),), (3, 4, 5), 0, 0),
    ((lambda x: x.reshape(4, 3, 2),), (4, 6), 0, 0),
    ((lambda x: x.unsqueeze(1).relu().squeeze(1),), (3, 4), 1, 1),
    ((lambda x: x.sum(1),), (4, 5, 4), 1, 2),
    ((lambda x: x.mean(dim=(0, -1)),), (4, 4, 4), 0, 1),
    ((lambda x: x[:, None, 1:],), (6, 7), 0, 0),
    ((lambda x: x[..., 0],), (6, 6), 0, 0),
    ((lambda x: x.unbind(1)[0],), (6, 5, 6), 1, 2),
    ((lambda x: torch.stack([x, x], 1),), (6, 7), 2, 1),
    ((lambda x: torch.cat([x, x], 1),), (6, 7), 0, 0),
    ((lambda x: x @ x.transpose(0, 1),), (6, 6), 0, 0),
    ((lambda x: torch.einsum("ij,kj->ki", x, x),), (6, 6), 1, 0),
    ((lambda x: F.softmax(F.gelu(x), -1).to(torch.float64),), (6, 7), 1, 1),
    ((lambda x: x + torch.ones(1, 7),), (6, 7), 0, 0),
    ((lambda x: x.expand(-1, 7),), (6, 1), 0, 0),
    ((lambda x: F.pad(x, (1, 1)),), (6, 7), 0, 0),
    ((lambda x: F.max_pool2d(x, 2),), (2, 6, 8, 8), 1, 1),
]


@pytest.mark.parametrize(("steps", "shape", "dim", "given"), INPUT)
def test_a_dim_of_the_input_is_followed(steps, shape, dim, given):
    found, trace = origin(*steps, x=torch.rand(shape), dim=dim)
    assert (found.kind, found.place.dim) == ("input", given), describe(trace, found)
    assert found.size == shape[given]


MADE = [
    ((lambda x: x.flatten(1),), (3, 4, 5), 1, "flatten"),
    ((lambda x: x.reshape(2, 2, 6),), (4, 6), 0, "reshape"),
    ((lambda x: x.reshape(2, 16),), (2, 8, 2), 1, "reshape"),
    ((lambda x: x.reshape(16, 16),), (2, 8, 16), 0, "reshape"),
    ((lambda x: torch.cat([x, x]),), (6, 7), 0, "cat"),
    ((lambda x: torch.stack([x, x, x]),), (3, 7), 0, "stack"),
    ((lambda x: x[:, 1:],), (6, 7), 1, "getitem"),
    ((lambda x: x.unsqueeze(0),), (6, 7), 0, "unsqueeze"),
    ((lambda x: x.expand(5, -1),), (1, 7), 0, "expand"),
    ((lambda x: x.repeat(2, 1),), (6, 7), 0, "repeat"),
    ((lambda x: F.max_pool2d(x, 2),), (2, 6, 8, 8), 2, "max_pool2d"),
    ((lambda x: F.interpolate(x, scale_factor=2),), (2, 6, 8, 8), 3, "interpolate"),
]


@pytest.mark.parametrize(("steps", "shape", "dim", "target"), MADE)
def test_a_size_that_an_op_made_ends_there(steps, shape, dim, target):
    found, trace = origin(*steps, x=torch.rand(shape), dim=dim)
    assert found.kind == "op", describe(trace, found)
    assert trace.ops[found.op].target == target
    assert found.why.startswith(f"{target}(")


def test_sizes_of_weights():
    model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 5))
    trace = shapeflow.trace(model, torch.rand(8, 8), device="meta")
    last, first = size_origin(trace, "1:out", -1), size_origin(trace, "2:out", 0)
    assert (last.kind, trace.values[last.place.value].name, last.place.dim) == ("parameter", "0.weight", 0)
    assert (first.kind, first.place.dim) == ("input", 0)
    trace = shapeflow.trace(nn.Conv2d(3, 8, 3, padding=1), torch.rand(8, 3, 8, 9), device="meta")
    kinds = [size_origin(trace, ".:out", dim).kind for dim in range(4)]
    assert kinds == ["input", "parameter", "input", "input"]
    trace = shapeflow.trace(nn.Embedding(30, 6), torch.ones(6, 6, dtype=torch.long), device="meta")
    assert [size_origin(trace, ".:out", dim).kind for dim in range(3)] == ["input", "input", "parameter"]


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x):
        b, n, _ = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(b, n, 8))


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.blocks = nn.ModuleList(Attention() for _ in range(2))

    def forward(self, images):
        x = self.patch(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x = x + block(x)
        return {"all": x, "first": x[:, 0]}


def test_the_answer_is_the_same_for_other_sizes():
    """Equal sizes by chance lead to another place in a run with other sizes; what ops do does not."""
    model = Vision()
    runs = [
        shapeflow.trace(model, torch.rand(shape), device="meta") for shape in ((8, 3, 16, 8), (3, 3, 20, 28))
    ]
    asked = 0
    for match in runs[0].select("**:out"):
        for dim in range(len(match.value.shape) if match.value else 0):
            answers = [size_origin(trace, match.name, dim) for trace in runs]
            one, other = ((found.kind, found.op, found.place, found.steps) for found in answers)
            assert one == other, (match.name, dim)
            asked += 1
    assert asked > 25


def test_a_vision_model_step_by_step():
    trace = shapeflow.trace(Vision(), torch.rand(2, 3, 16, 12), device="meta")
    tokens = size_origin(trace, ".:out.all", 1)
    assert describe(trace, tokens).endswith(": cat(f32[2, 1, 8], f32[2, 12, 8], 1)")
    patches = size_origin(trace, "./flatten", 2)
    assert patches.why == "flatten(f32[2, 8, 4, 3], 2)"
    assert size_origin(trace, ".:out.first", 0).why == "expand(f32[1, 1, 8], 2, -1)"


def test_what_is_refused(sample):
    for selector, dim, code in (
        ("encoder:out.memory", 3, "no-dim"),
        ("encoder:out.memory", -4, "no-dim"),
        ("encoder:out.nothing", 0, "unknown-port"),
        ("encoder.layers.*:out", 0, "ambiguous-path"),
        (".:out.presence", 0, "no-tensor"),
    ):
        with pytest.raises(SelectorError) as caught:
            size_origin(sample, selector, dim)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ((2, 3, 4), (6, 4), {1: 2}),
        ((2, 12), (2, 3, 4), {0: 0}),
        ((1, 5), (5,), {0: 1}),
        ((5,), (1, 5), {1: 0}),
        ((1, 256, 72, 72), (1, 256, 5184), {0: 0, 1: 1}),
        ((1, 1, 3), (1, 3), {1: 2}),
        ((4, 6), (6, 4), {}),
        ((0, 3), (3, 0), {}),
        ((2, 3), (5,), {}),
        ((), (1,), {}),
    ],
)
def test_dims_of_a_reshape(before, after, kept):
    assert regrouped(before, after) == kept


@pytest.mark.parametrize(
    ("indices", "rank", "kept"),
    [
        ([":", "0"], 3, [0, 2]),
        (["...", "1:"], 3, [0, 1, 2]),
        (["None", ":"], 2, [-1, 0, 1]),
        (["0"], 1, []),
        (["x"], 2, []),
        ([":", ":", ":"], 2, []),
    ],
)
def test_dims_of_indices(indices, rank, kept):
    assert indexed(indices, rank) == kept
