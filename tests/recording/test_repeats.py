"""Calls that are like an earlier one run without the dispatch mode, and nothing else is different."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from shapeflow.recording import operators, record, trace
from shapeflow.recording.repeats import Repeats


@contextmanager
def operators_seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note the operators that come to the dispatch mode of a recording."""
    seen: list[str] = []
    original = operators.OperatorWatch.begin

    def begin(self: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        seen.append(operator.name)
        return original(self, operator, args, kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(operators.OperatorWatch, "begin", begin)
        yield seen


class Layers(nn.Module):
    """A function of two tensors, several times."""

    def __init__(self, step: Callable[[Tensor], Tensor], times: int = 4) -> None:
        super().__init__()
        self.step, self.times = step, times

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.times):
            x = self.step(x)
        return x


def both(model: nn.Module, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the trace as it is, and one for which every operator went through the dispatch mode."""
    found = []
    for known in (Repeats.flops, lambda *_: None):
        with monkeypatch.context() as patch:
            patch.setattr(Repeats, "flops", known)
            found.append(trace(model, x))
    return found


def records(found: Any) -> tuple[Any, ...]:
    return found.calls, found.ops, found.values, found.escapes, found.sources


STEPS: dict[str, Callable[[Tensor], Tensor]] = {
    "product": lambda x: x @ x.mT,
    "normalised": lambda x: functional.layer_norm(x, (4,)).softmax(-1),
    "written": lambda x: x.clone().add_(1).relu_(),
    "masked": lambda x: x.masked_fill(x > 0.5, 0.0)[x.argmax(0)],
    "sized by data": lambda x: torch.cat([x[x > 0.5], x.flatten()])[:16].reshape(4, 4),
    "read": lambda x: x * float(x.sum()),
    "several results": lambda x: torch.cat(x.split(2, 1)[::-1], 1) + x.max(0).values,
    "attention": lambda x: functional.scaled_dot_product_attention(x[None], x[None], x[None])[0],
    "in one piece": lambda x: torch.einsum("ij,jk->ik", x, functional.gelu(x)),
    "statistics": lambda x: functional.batch_norm(x, torch.zeros(4), torch.ones(4), training=True),
}


@pytest.mark.parametrize("grad", [True, False], ids=["grad", "no grad"])
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_trace_is_the_same_record_by_record(step, grad, monkeypatch):
    x = torch.rand(4, 4, generator=torch.Generator().manual_seed(0), requires_grad=grad)
    with torch.set_grad_enabled(grad):
        usual, whole = both(Layers(step), x, monkeypatch)
    assert records(usual) == records(whole)
    assert usual.run.peak_bytes == whole.run.peak_bytes


def test_what_repeats_is_seen_once(monkeypatch):
    model = Layers(lambda x: functional.linear(x, x), times=5)
    with operators_seen(monkeypatch) as seen, torch.no_grad():
        found = trace(model, torch.rand(4, 4))
    assert seen.count("mm") == 1
    assert [op.flops for op in found.ops] == [2 * 4**3] * 5


def test_what_writes_is_seen_each_time(monkeypatch):
    with operators_seen(monkeypatch) as seen:
        found = trace(Layers(lambda x: x.mul(2).relu_()), torch.rand(4, 4))
    assert seen.count("relu_") == 4
    assert [op.outputs[0].value == op.inputs[0].value for op in found.ops] == [False] * 8


@pytest.mark.parametrize("around", [True, False], ids=["around", "inside"])
def test_a_mode_of_the_users_sees_every_operator(around):
    seen: list[str] = []

    class Mode(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            seen.append(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))

    model, x = Layers(lambda x: x + 1), torch.rand(3)
    if around:
        with Mode(), record(model):
            model(x)
    else:
        with record(model), Mode():
            model(x)
    assert seen.count("add") == 4


def test_who_is_told_of_saved_tensors_is_seen(monkeypatch):
    def packed(tensor: Tensor) -> Tensor:
        return tensor.neg()

    model, x = Layers(lambda x: x.exp()), torch.rand(3, requires_grad=True)
    hooks = torch.autograd.graph.saved_tensors_hooks(packed, lambda tensor: tensor)
    with hooks, operators_seen(monkeypatch) as seen:
        trace(model, x)
    assert seen.count("exp") == 4


def test_another_shape_dtype_or_setting_is_another_call(monkeypatch):
    class Model(nn.Module):
        def forward(self, x: Tensor) -> list[Tensor]:
            given = (x, x[:2], x.double())
            return [functional.softmax(each, dim) for each in given for dim in (0, 1)] * 2

    with operators_seen(monkeypatch) as seen:
        trace(Model(), torch.rand(4, 4))
    assert seen.count("_softmax") == 6


def test_products_of_parts_are_counted_by_the_parts():
    class Model(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> list[Tensor]:
            weight = torch.ones(4, 4)
            nested = [torch.nested.nested_tensor(list(parts)) for parts in ((x, y), (x, x))]
            return [functional.linear(each, weight) for each in nested]

    found = trace(Model(), torch.rand(3, 4), torch.rand(1, 4))
    products = [op.flops for op in found.ops if op.target == "linear"]
    assert len(products) == 2
    assert products[0] != products[1] or products == [0, 0]
