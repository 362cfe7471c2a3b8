"""Parts of torch that work in their own way: recorded they give the same, their flow is seen or doubted."""

from __future__ import annotations

import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention.flex_attention import flex_attention
from torch.nn.utils import parametrizations, prune
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks.equality import differences
from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording import record, trace
from shapeflow.recording.ports import tensors_of

X = torch.randn(4, 4)

warnings.filterwarnings("ignore", module="torch")


class Function(nn.Module):
    def __init__(self, function, *modules: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(modules)

    def forward(self, *args):
        return self.function(*args, *self.parts)


def pruned() -> nn.Module:
    layer = nn.Linear(4, 4)
    prune.random_unstructured(layer, "weight", amount=0.5)
    return layer


def packed(x: torch.Tensor, lstm: nn.Module) -> torch.Tensor:
    sequences = pack_padded_sequence(torch.stack([x, x]), torch.tensor([4, 2]), batch_first=True)
    return pad_packed_sequence(lstm(sequences)[0], batch_first=True)[0]


def jagged(x: torch.Tensor) -> torch.Tensor:
    nested = torch.nested.nested_tensor_from_jagged(x, torch.tensor([0, 1, 4]))
    return nested.sin().values()


def _gradient(x: torch.Tensor) -> torch.Tensor:
    y = x.detach().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad((y**2).sum(), y)
    return slope * 2


SAME = {
    "parametrised": lambda: parametrizations.weight_norm(nn.Linear(4, 4)),
    "spectral norm in training": lambda: parametrizations.spectral_norm(nn.Linear(4, 4)),
    "spectral norm": lambda: parametrizations.spectral_norm(nn.Linear(4, 4)).eval(),
    "pruned": pruned,
    "symbolically traced": lambda: torch.fx.symbolic_trace(nn.Sequential(nn.Linear(4, 4), nn.ReLU())),
    "exported": lambda: torch.export.export(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), (X,)).module(),
    "jit traced": lambda: torch.jit.trace(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), X),
    "compiled": lambda: torch.compile(nn.Linear(4, 4), backend="eager"),
    "compiled inside": lambda: nn.Sequential(torch.compile(nn.Linear(4, 4), backend="eager"), nn.ReLU()),
    "quantised": lambda: torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 4)), {nn.Linear}),
    "packed": lambda: Function(packed, nn.LSTM(4, 3, batch_first=True)),
    "cells": lambda: Function(lambda x, a, b: (a(x), b(x)), nn.LSTMCell(4, 3), nn.GRUCell(4, 3)),
    "functional call": lambda: Function(
        lambda x, layer: torch.func.functional_call(layer, {"weight": x, "bias": x[0]}, (x,)), nn.Linear(4, 4)
    ),
    "gradients inside": lambda: Function(_gradient),
    "cond": lambda: Function(lambda x: torch.cond(torch.tensor(True), torch.sin, torch.cos, (x,))),
    "flex attention": lambda: Function(lambda x: flex_attention(*[x[None, None]] * 3)),
    "jagged": lambda: Function(jagged),
    "adaptive softmax": lambda: Function(
        lambda x, layer: layer(x, torch.tensor([1, 2, 3, 4])), nn.AdaptiveLogSoftmaxWithLoss(4, 10, [2, 5])
    ),
    "ctc": lambda: Function(
        lambda x: F.ctc_loss(x[:, None].log_softmax(-1), *(torch.tensor([[1, 2]]), *torch.tensor([[4], [2]])))
    ),
    "complex numbers": lambda: Function(lambda x: torch.fft.ifft(torch.fft.fft(x) * 1j).real),
}


@pytest.mark.parametrize("name", SAME)
def test_recorded_it_gives_the_same_bits(name):
    torch.manual_seed(0)
    model = SAME[name]()
    model(X)  # some keep statistics, some compile
    state = {name: tensor.clone() for name, tensor in _tensors(model).items()}
    expected = tensors_of(model(X))
    for key, tensor in _tensors(model).items():
        tensor.data.copy_(state[key])
    with record(model) as recording:
        found = tensors_of(model(X))
    assert expected.keys() == found.keys()
    for place, tensor in expected.items():
        assert torch.equal(found[place], tensor)
    assert recording.trace.run.complete
    assert recording.trace.ops


def _tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value for name, value in model.state_dict().items() if isinstance(value, torch.Tensor)}


@pytest.mark.parametrize("name", SAME)
def test_its_flow_is_seen_shapes_only_too(name):
    torch.manual_seed(0)
    model = SAME[name]()
    model(X)
    shapes, real = (trace(model, X, device=device) for device in ("meta", None))
    assert list(differences(real, shapes)) == []
    output = next(port for port in real.calls[0].outputs if port.value is not None)
    assert real.reaches(".:in", f".:{output.name}").answer == "yes"


DOUBTFUL = {
    "forward gradients": lambda x: torch.func.jvp(torch.sin, (x,), (x,))[1],
    "vmap": lambda x: torch.vmap(lambda row: torch.dot(row, row) * row)(x * 2) + 1,
    "gradient of a function": lambda x: torch.func.grad(lambda y: (y**2).sum())(x * 2) + 1,
    "masked tensor": lambda x: torch.masked.masked_tensor(x * 2, x > 0).to_tensor(0) + 1,
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_where_flow_is_not_seen_it_is_doubted(name):
    model = Function(DOUBTFUL[name])
    expected = model(X)
    with record(model) as recording:
        assert torch.equal(model(X), expected)
    assert recording.trace.reaches(".:in", ".:out").answer != "no"


LIMITS = {
    "sparse": (lambda x: x.to_sparse_csr() @ x, NoShapeFormula),
    "nested": (lambda x: torch.nested.nested_tensor([x[:2], x[:3]]) * 2, NoShapeFormula),
    "a choice by data": (
        lambda x: torch.cond(torch.rand_like(x).sum() > 0, torch.sin, torch.cos, (x,)),
        NeedsValues,
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_what_cannot_be_followed_without_values_says_so(name):
    function, error = LIMITS[name]
    model = Function(function)
    assert trace(model, X).run.complete
    with pytest.raises(error):
        trace(model, torch.randn(300, 300), device="meta")


def test_what_was_compiled_is_recorded_as_it_is_written():
    model = nn.Sequential(torch.compile(nn.Linear(4, 4), backend="eager"), nn.ReLU())
    model(X)
    found = trace(model, X)
    assert [op.target for op in found.ops] == ["linear", "relu"]
    assert any("torch.compile" in note for note in found.run.notes)
    assert trace(nn.ReLU(), X).run.notes == ()
