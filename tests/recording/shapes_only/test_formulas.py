"""The formulas for the commonest operators: whatever they answer is what torch answers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from shapeflow.recording.ports import map_tensors
from shapeflow.recording.shapes_only.formulas import result_of
from shapeflow.recording.shapes_only.memo import MetaMemo

aten: Any = torch.ops.aten
SIZES = st.integers(1, 4)
DTYPES = st.sampled_from(
    [torch.float32, torch.float32, torch.float16, torch.float64, torch.int64, torch.bool]
)
UNARY = ("neg", "abs", "sqrt", "rsqrt", "exp", "log", "sin", "cos", "tanh", "sigmoid", "erf", "round", "relu")
BINARY = ("add.Tensor", "sub.Tensor", "mul.Tensor", "div.Tensor", "maximum.default", "minimum.default")


def operator(name: str) -> Any:
    packet, _, overload = name.partition(".")
    return getattr(getattr(aten, packet), overload or "default")


@st.composite
def tensors(draw: st.DrawFn, shape: tuple[int, ...] | None = None) -> Tensor:
    """Draw a tensor without data, contiguous or not."""
    shape = tuple(draw(st.lists(SIZES, max_size=4))) if shape is None else shape
    tensor = torch.empty(shape, dtype=draw(DTYPES), device="meta")
    change = draw(st.sampled_from(["", "", "transposed", "sliced"]))
    if change == "transposed" and tensor.dim() > 1:
        return torch.empty((*shape[:-2], shape[-1], shape[-2]), dtype=tensor.dtype, device="meta").mT
    if change == "sliced" and shape:
        return torch.empty((*shape[:-1], 2 * shape[-1]), dtype=tensor.dtype, device="meta")[..., ::2]
    return tensor


def agree(func: Any, *args: Any) -> bool:
    """Check the formula against torch, without data and on the CPU; returns whether it had an answer."""
    found = result_of(func, args, {})
    if found is None:
        return False
    layout = (found.shape, found.stride(), found.dtype)
    made = func(*args)
    assert (made.shape, made.stride(), made.dtype) == layout
    if made.dtype is not torch.float16:  # for which the CPU lacks some
        real = func(*map_tensors(args, with_data))
        assert (real.shape, real.stride(), real.dtype) == layout
    return True


def with_data(tensor: Tensor) -> Tensor:
    return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype).fill_(1)


@given(st.data(), st.sampled_from(UNARY))
@settings(deadline=None, max_examples=200)
def test_functions_of_one_tensor(data, name):
    agree(operator(name), data.draw(tensors()))


@given(st.data(), st.sampled_from(BINARY))
@settings(deadline=None, max_examples=200)
def test_functions_of_two_tensors_or_a_tensor_and_a_number(data, name):
    first = data.draw(tensors())
    shape = tuple(first.shape)
    narrower = tuple(data.draw(st.sampled_from([1, size])) for size in shape)
    wider = (*data.draw(st.lists(SIZES, max_size=2)), *narrower)
    second = data.draw(tensors(data.draw(st.sampled_from([shape, narrower, wider, shape[1:], ()]))))
    agree(operator(name), first, second)
    agree(operator(name), second, first)
    if not name.startswith(("max", "min")):
        agree(operator(name), first, data.draw(st.sampled_from([2, 0.5, True, 1j])))


@given(st.data(), st.booleans())
@settings(deadline=None, max_examples=200)
def test_linear(data, with_bias):
    tensor = data.draw(tensors())
    width = tensor.shape[-1] if tensor.dim() else 1
    weight = data.draw(tensors((data.draw(SIZES), width)))
    bias = [data.draw(tensors((weight.shape[0],)))] if with_bias else []
    agree(aten.linear.default, tensor, weight, *bias)


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_layer_norm(data):
    tensor = data.draw(tensors())
    width = tuple(tensor.shape[data.draw(st.integers(0, 3)) :])
    parts = data.draw(st.sampled_from([(), (None,), (None, None)])) or (
        data.draw(tensors(width)),
        data.draw(tensors(width)),
    )
    agree(aten.layer_norm.default, tensor, list(width), *parts)


@given(st.data(), st.integers(1, 3))
@settings(deadline=None, max_examples=200)
def test_group_norm(data, groups):
    tensor = data.draw(
        tensors((data.draw(SIZES), groups * data.draw(SIZES), *data.draw(st.lists(SIZES, max_size=2))))
    )
    parts = [data.draw(tensors(tuple(tensor.shape[1:2]))) for _ in range(data.draw(st.sampled_from([0, 2])))]
    agree(aten.group_norm.default, tensor, groups, *parts)


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_cat(data):
    first = data.draw(tensors(tuple(data.draw(st.lists(SIZES, min_size=1, max_size=4)))))
    dim = data.draw(st.integers(-first.dim(), first.dim() - 1))
    shape = list(first.shape)
    shape[dim] = data.draw(st.integers(0, 3))
    agree(aten.cat.default, [first, data.draw(tensors(tuple(shape)))], dim)


@given(st.data(), st.integers(1, 3))
@settings(deadline=None, max_examples=200)
def test_stack(data, count):
    first = data.draw(tensors())
    others = [data.draw(tensors(tuple(first.shape))) for _ in range(count - 1)]
    agree(aten.stack.default, [first, *others], data.draw(st.integers(-first.dim() - 1, first.dim())))


@given(st.data())
@settings(deadline=None, max_examples=50)
def test_grid_sampler(data):
    batch = data.draw(SIZES)
    tensor, grid = (
        f32(batch, *[data.draw(SIZES) for _ in range(3)]),
        f32(batch, *data.draw(st.tuples(SIZES, SIZES)), 2),
    )
    agree(aten.grid_sampler.default, tensor, grid, 0, 0, False)


def f32(*shape: int) -> Tensor:
    return torch.empty(shape, device="meta")


@pytest.mark.parametrize(
    ("func", "args"),
    [
        (aten.linear.default, (f32(2, 5, 3), f32(4, 3), f32(4))),
        (aten.layer_norm.default, (f32(2, 5, 3), [3], f32(3), f32(3))),
        (aten.group_norm.default, (f32(2, 6, 4), 3, f32(6), f32(6))),
        (aten.cat.default, ([f32(2, 3), f32(4, 3)],)),
        (aten.cat.default, ([f32(2, 3), f32(2, 0)], -1)),
        (aten.stack.default, ([f32(2, 3), f32(2, 3)], -1)),
        (aten.grid_sampler.default, (f32(2, 3, 4, 5), f32(2, 6, 7, 2), 0, 0, False)),
        (aten.add.Tensor, (f32(2, 3), f32(2, 3))),
        (aten.add.Tensor, (f32(2, 1, 3), f32(4, 1))),
        (aten.mul.Tensor, (f32(2, 3), 0.5)),
        (aten.gelu.default, (f32(2, 3),)),
        (aten.clamp.default, (f32(2, 3), 0.0, None)),
    ],
)
def test_the_common_case_has_an_answer(func, args):
    assert agree(func, *args)


@pytest.mark.parametrize(
    ("func", "args"),
    [
        (aten.linear.default, (f32(2, 5, 3), f32(4, 2))),
        (aten.linear.default, (f32(2, 5, 3), f32(4, 3), f32(3))),
        (aten.layer_norm.default, (f32(2, 5), [4], None, None)),
        (aten.layer_norm.default, (f32(2, 5), [5], f32(4), None)),
        (aten.group_norm.default, (f32(2, 6, 4), 4)),
        (aten.cat.default, ([f32(2, 3), f32(2, 4)],)),
        (aten.cat.default, ([f32(2, 3), f32(2, 3)], 2)),
        (aten.stack.default, ([f32(2, 3), f32(2, 4)],)),
        (aten.stack.default, ([f32(2, 3), f32(2, 3)], 3)),
        (aten.grid_sampler.default, (f32(2, 3, 4, 5), f32(2, 6, 7, 3), 0, 0, False)),
        (aten.add.Tensor, (f32(2, 3), f32(4, 3))),
    ],
)
def test_what_does_not_fit_together_is_for_torch_to_complain_about(func, args):
    with pytest.raises(Exception, match=r"(?i)shape|size|dim|broadcast"):
        func(*args)
    assert result_of(func, args, {}) is None


def test_tensors_of_two_dtypes_have_no_formula():
    assert result_of(aten.linear.default, (f32(2, 3), f32(4, 3).double()), {}) is None
    assert result_of(aten.add.Tensor, (f32(2, 3), f32(2, 3).half()), {}) is None


@pytest.mark.parametrize(
    "func", [aten.eq.Tensor, aten.bitwise_and.Tensor, aten.isnan.default, aten.cumsum.default]
)
def test_other_operators_have_no_formula(func):
    assert result_of(func, (f32(2, 3), f32(2, 3)), {}) is None


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_linear_counts_the_flops_that_torch_counts(shape, with_bias):
    args = (torch.ones(shape), torch.ones(4, 3), *([torch.ones(4)] if with_bias else []))
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        torch.nn.functional.linear(*args)
    assert MetaMemo().infer(aten.linear.default, args, {}).flops == counter.get_total_flops()


@pytest.mark.parametrize("shape", [(4, 9, 8), (2, 4, 9, 8)])
@pytest.mark.parametrize("options", [(), (None, [2, 2], [1, 1]), (None, [1, 1], "same", [1, 1], 2)])
def test_a_convolution_counts_the_flops_that_torch_counts(shape, options):
    args = (torch.ones(shape), torch.ones(6, 2 if len(options) > 3 else 4, 3, 3), *options)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        torch.nn.functional.conv2d(*args)
    func = aten.conv2d.padding if "same" in options else aten.conv2d.default
    assert MetaMemo().infer(func, args, {}).flops == counter.get_total_flops() > 0
