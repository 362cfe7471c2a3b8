"""Tensors that hold others, run elsewhere, or have no memory: jagged, subclasses, FakeTensors, ``meta``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from records import built_and_run, same_records
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_map

from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording import trace

JAGGED = torch.jagged
OFFSETS = torch.tensor([0, 2, 5, 9])


@pytest.fixture(scope="module", autouse=True)
def _tables() -> None:
    """Let torch make what it makes with the first jagged tensor of a process."""
    torch.nested.as_nested_tensor([torch.ones(1, 2), torch.ones(2, 2)], layout=JAGGED)


class Net(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.linear, self.function = nn.Linear(8, 8), function

    def forward(self, *given: Any) -> Any:
        return self.function(self.linear, *given)


def parts(first: Tensor, second: Tensor) -> Tensor:
    return torch.nested.as_nested_tensor([first, second], layout=JAGGED)


def two() -> tuple[Tensor, Tensor]:
    return torch.rand(3, 8), torch.rand(5, 8)


def flat() -> tuple[Tensor, ...]:
    return (torch.rand(9, 8),)


def jagged(values: Tensor, offsets: Tensor = OFFSETS) -> Tensor:
    return torch.nested.nested_tensor_from_jagged(values, offsets.clone())


KNOWN = {
    "of a list": (lambda linear, *x: parts(*x), two),
    "linear": (lambda linear, *x: linear(parts(*x)).values(), two),
    "product": (lambda linear, *x: (parts(*x) @ linear.weight).values(), two),
    "padded": (lambda linear, *x: linear(parts(*x)).to_padded_tensor(0.0), two),
    "norm": (lambda linear, *x: F.layer_norm(parts(*x), (8,)).values(), two),
    "taken apart": (lambda linear, *x: parts(*x).unbind(), two),
    "sum": (lambda linear, *x: parts(*x).sum(dim=1), two),
    "known offsets": (lambda linear, x: linear(jagged(x)).values(), flat),
    "given offsets": (lambda linear, x, o: linear(jagged(x, o)).values(), lambda: (*flat(), OFFSETS.clone())),
    "known lengths": (
        lambda linear, x: torch.nested.nested_tensor_from_jagged(x, lengths=torch.tensor([2, 3, 4])),
        flat,
    ),
    "drawn lengths": (
        lambda linear, x, n: torch.nested.nested_tensor_from_jagged(x, lengths=n),
        lambda: (*flat(), torch.randint(3, 4, (3,))),
    ),
    "a jagged input": (lambda linear, x: F.relu(linear(x)).values(), lambda: (parts(*two()),)),
    "narrowed": (
        lambda linear, x: torch.nested.narrow(
            x, 1, torch.tensor([0, 1]), torch.tensor([2, 3]), layout=JAGGED
        ),
        lambda: (torch.rand(2, 6, 8),),
    ),
}


@pytest.mark.parametrize("grad", [torch.enable_grad, torch.no_grad])
@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.slow
def test_jagged_tensors_of_known_lengths_run(name: str, grad: Callable[[], Any]):
    function, given = KNOWN[name]

    def under(*args: Any) -> Any:
        with grad():
            return function(*args)

    same_records(lambda: (Net(under), given()))


@pytest.mark.parametrize("name", ["linear", "product", "norm", "sum"])
def test_jagged_tensors_run_in_inference_mode(name: str):
    function, given = KNOWN[name]

    def under(*args: Any) -> Any:
        with torch.inference_mode():
            return function(*args)

    same_records(lambda: (Net(under), given()))


def test_the_length_of_a_jagged_tensor_is_its_longest_part():
    recorded = trace(Net(KNOWN["narrowed"][0]), torch.rand(2, 6, 8))
    assert recorded.content(recorded.calls[0].outputs[0]) == "f32[2, 3, 8]"


@pytest.mark.parametrize(
    "function",
    [
        lambda linear, x: jagged(x, (linear(x)[:4, 0] > 2).long().cumsum(0)).values(),
        lambda linear, x: torch.nested.nested_tensor_from_jagged(x, lengths=(linear(x)[:3, 0] > 2).long()),
        lambda linear, x: torch.nested.masked_select(x, linear(x) > 0),
    ],
)
@pytest.mark.slow
def test_parts_of_unknown_lengths_need_values(function: Callable[..., Any]):
    failure = built_and_run(lambda: (Net(function), flat()), "meta").run.failure
    assert failure is not None
    assert failure.type == "NeedsValues"
    with pytest.raises(NeedsValues):
        trace(Net(function), *flat(), device="meta")


def attended(linear: Any, *x: Tensor) -> Tensor:
    heads = parts(*x).unflatten(-1, (2, 4)).transpose(1, 2)
    return F.scaled_dot_product_attention(heads, heads, heads).transpose(1, 2).flatten(-2).values()


def test_attention_of_jagged_tensors_is_recorded_and_refused_without_numbers():
    recorded = trace(Net(attended), *two())
    op = next(op for op in recorded.ops if op.target == "scaled_dot_product_attention")
    assert op.flops == sum(2 * 2 * 2 * length * length * 4 for length in (3, 5))
    assert [recorded.content(port) for port in op.outputs] == ["f32[2, 2, 5, 4]", "f32[2, 2, 5, 5]"]
    with pytest.raises(NoShapeFormula):
        trace(Net(attended), *two(), device="meta")


class Wrapper(Tensor):
    """Holds a tensor, and runs each operator on it."""

    @staticmethod
    def __new__(cls, held: Tensor) -> Wrapper:
        return torch.Tensor._make_wrapper_subclass(
            cls, held.size(), strides=held.stride(), dtype=held.dtype, device=held.device
        )

    def __init__(self, held: Tensor) -> None:
        self.held = held

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = tree_map(lambda value: value.held if isinstance(value, Wrapper) else value, (args, kwargs))
        result = func(*given[0], **(given[1] or {}))
        return tree_map(lambda value: cls(value) if isinstance(value, Tensor) else value, result)


def test_a_class_that_holds_a_tensor_runs():
    same_records(lambda: (Net(lambda linear, x: F.relu(linear(x)) * 2), (Wrapper(torch.rand(3, 8)),)))


def test_a_number_of_a_held_tensor_is_known_or_needed():
    def branching(linear: Any, x: Tensor) -> Tensor:
        return x * 2 if x.sum().item() > 0 else linear(x)

    same_records(lambda: (Net(branching), (Wrapper(torch.ones(3, 8)),)))
    with pytest.raises(NeedsValues):
        trace(Net(lambda linear, x: linear(x).sum().item()), Wrapper(torch.ones(3, 8)), device="meta")


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4), nn.ReLU())


@pytest.mark.parametrize("fake_weights", [False, True])
def test_fake_tensors_are_refused_in_words(fake_weights: bool):
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        x = torch.rand(3, 8)
        model = net() if fake_weights else None
    with pytest.raises(NoShapeFormula, match="'linear' got a FakeTensor") as caught:
        trace(model or net(), x, device="meta")
    assert "outside of it" in caught.value.hint
    with mode:
        assert trace(model or net(), x).run.complete


@pytest.mark.parametrize("weights", ["meta", "cpu"])
@pytest.mark.parametrize("given", ["meta", "cpu"])
def test_what_is_on_meta_already_runs(weights: str, given: str):
    with torch.device(weights):
        model = net().eval()
    recorded = trace(model, torch.rand(3, 8, device=given), device="meta")
    assert recorded.content(recorded.calls[0].outputs[0]) == "f32[3, 4]"
    assert {tensor.device.type for tensor in (*model.parameters(), *model.buffers())} == {weights}


def test_weights_alone_on_meta_run_as_large_models_are_loaded():
    model = net().eval()
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            setattr(module, name, nn.Parameter(parameter.to("meta")))
    assert trace(model, torch.rand(3, 8), device="meta").run.complete
    for name in ("running_mean", "running_var"):
        assert getattr(model[1], name).device.type == "cpu"


def test_a_quantised_result_has_no_formula():
    def quantised(linear: Any, x: Tensor) -> Tensor:
        return torch.quantize_per_tensor(linear(x), 0.1, 0, torch.quint8).dequantize()

    with pytest.raises(NoShapeFormula, match="quantised"):
        trace(Net(quantised), torch.rand(3, 8), device="meta")
    known = torch.quantize_per_tensor(torch.rand(3, 8), 0.1, 0, torch.quint8)
    same_records(lambda: (Net(lambda linear, x: linear(x.dequantize())), (known,)))
