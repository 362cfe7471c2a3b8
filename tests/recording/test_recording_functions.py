"""Some 480 torch calls, run for real, recorded, and without values: each must give the same."""

from __future__ import annotations

from typing import Any

import functions
import pytest
import torch
from torch import Tensor, nn

from benchmarks.equality import differences
from shapeflow.recording import record, trace
from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.shapes_only.mode import ShapesOnly
from shapeflow.recording.shapes_only.stand_ins import lift

pytestmark = pytest.mark.slow

GRAD = {"grad": torch.enable_grad, "no_grad": torch.no_grad, "inference": torch.inference_mode}

READS_VALUES = {"getitem by mask", "getitem by part mask", "masked_select", "repeat_interleave by numbers"}
"""Functions whose result's shape depends on integers or masks, which a shapes-only run must know."""


class Function(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args):
        return self.function(*args)


def layouts(result: Any) -> list[tuple[Any, ...]]:
    """Return shape, dtype and strides of each tensor, except the stride of a dim that has one step."""
    found = []
    for place, tensor in tensors_of(result).items():
        strides = [step for size, step in zip(tensor.shape, tensor.stride(), strict=True) if size > 1]
        found.append((place, tuple(tensor.shape), tensor.dtype, strides if tensor.numel() else []))
    return found


def floats_lifted(tensor: Tensor) -> Tensor:
    return lift(tensor) if tensor.is_floating_point() or tensor.is_complex() else tensor


@pytest.mark.parametrize("grad", GRAD)
@pytest.mark.parametrize("name", functions.TABLE)
def test_without_values_it_has_the_same_layout(name, grad):
    function, args = functions.TABLE[name]
    with GRAD[grad]():
        expected = layouts(function(*args))
        some, every = map_tensors(args, floats_lifted), map_tensors(args, lift)
        with ShapesOnly(args):
            assert layouts(function(*some)) == expected
            if name not in READS_VALUES:
                assert layouts(function(*every)) == expected


@pytest.mark.parametrize("grad", ["inference"])
@pytest.mark.parametrize("name", functions.TABLE)
def test_with_known_values_it_has_the_same_values(name, grad):
    if "empty" in name:
        return
    function, args = functions.TABLE[name]
    with GRAD[grad]():
        expected = tensors_of(function(*args))
        with ShapesOnly(args):
            found = tensors_of(function(*args))
    assert layouts(expected) == layouts(found)
    for place, tensor in expected.items():
        if not found[place].is_meta and "factories" not in name:
            torch.testing.assert_close(found[place], tensor, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("grad", ["grad", "inference"])
@pytest.mark.parametrize("name", functions.TABLE)
def test_recorded_it_gives_the_same_bits(name, grad):
    if "empty" in name or "factories" in name:
        return
    function, args = functions.TABLE[name]
    model = Function(function)
    with GRAD[grad]():
        expected = tensors_of(model(*args))
        with record(model) as recording:
            found = tensors_of(model(*args))
    assert layouts(expected) == layouts(found)
    for place, tensor in expected.items():
        torch.testing.assert_close(found[place], tensor, rtol=0, atol=0, equal_nan=True)
    assert not [value for value in recording.trace.values if value.origin == "unknown"]


@pytest.mark.parametrize("grad", ["grad", "inference"])
@pytest.mark.parametrize("name", functions.TABLE)
def test_its_shapes_only_trace_is_that_of_the_real_run(name, grad):
    function, args = functions.TABLE[name]
    same = {id(tensor): floats_lifted(tensor) for tensor in args}
    lifted = [same[id(tensor)] for tensor in args]
    with GRAD[grad]():
        runs = [
            trace(Function(function), *given, device=device)
            for given, device in ((args, None), (lifted, "meta"))
        ]
    real, shapes = runs
    assert list(differences(real, shapes)) == []


@pytest.mark.parametrize("name", functions.TABLE)
def test_under_autocast_it_has_the_same_layout(name):
    function, args = functions.TABLE[name]
    with torch.autocast("cpu", torch.bfloat16):
        expected = layouts(function(*args))
        with ShapesOnly(args):
            assert layouts(function(*args)) == expected
        some = map_tensors(args, floats_lifted)
        with ShapesOnly(args):
            assert layouts(function(*some)) == expected
