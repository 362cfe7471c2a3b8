"""A model that catches the error of a number that is not known does not go on with another one."""

from __future__ import annotations

import contextlib
import itertools
import logging
import struct
from collections.abc import Callable
from typing import Any

import pytest
import torch
from records import built_and_run, same_records
from torch import Tensor, nn

from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording import trace


class Net(nn.Module):
    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.linear, self.function = nn.Linear(4, 4), function

    def forward(self, x: Tensor) -> Any:
        return self.function(self.linear(x))


def guarded(x: Tensor) -> Tensor:
    try:
        rows = int(x.sum().item() * 0) + 2
    except Exception:
        rows = 1
    return x[:rows]


def picked(x: Tensor) -> Tensor:
    try:
        return x[x > 0]
    except RuntimeError:
        return x
    except Exception:
        return x.flatten()


def suppressed(x: Tensor) -> Tensor:
    with contextlib.suppress(Exception):
        x = x[: int(x.sum() * 0) + 1]
    return x


def returned_anyway(x: Tensor) -> Tensor:
    try:
        x = x[: int(x.sum() * 0) + 1]
    finally:
        return x * 2  # noqa: B012 - that is what it is about


def expected(x: Tensor) -> Tensor:
    try:
        size = torch.Size([(x[0, 0] * 0).long(), 2])
    except TypeError:
        size = torch.Size([7, 7])
    return torch.zeros(size)


def without_tensors(x: Tensor) -> int:
    try:
        return int(x.sum())
    except Exception:
        return 0


def another_error(x: Tensor) -> Tensor:
    try:
        rows = int(x.sum() * 0)
    except Exception:
        rows = 99
    if rows:
        raise KeyError("of a guess")
    return x


@torch.jit.script
def scripted(x: Tensor) -> Tensor:
    rows = int(x.sum().item() * 0) + 2
    return x[:rows]


def of_script(x: Tensor) -> Tensor:
    try:
        return scripted(x)
    except Exception:
        return x


CAUGHT = {
    "except": guarded,
    "a mask": picked,
    "suppress": suppressed,
    "finally": returned_anyway,
    "an error of C": expected,
    "no tensor afterwards": without_tensors,
    "another error": another_error,
    "a scripted function": scripted,
    "a scripted function that is guarded": of_script,
    "packed": lambda x: (x, struct.pack("f", x.sum())),
    "size": lambda x: x.new_zeros(torch.Size(((x[0, 0] * 0).long(), 2))),
    "a slice of an iterator": lambda x: (x, list(itertools.islice(range(9), (x[0, 0] * 0).long()))),
}


@pytest.mark.parametrize("name", CAUGHT)
@pytest.mark.slow
def test_the_run_ends_where_a_number_was_lacking(name: str):
    failure = built_and_run(lambda: (Net(CAUGHT[name]), (torch.rand(3, 4),)), "meta").run.failure
    assert failure is not None
    assert failure.type == "NeedsValues"
    assert failure.op is not None
    with pytest.raises(NeedsValues):
        trace(Net(CAUGHT[name]), torch.rand(3, 4), device="meta")


@pytest.mark.parametrize("name", ["packed", "size", "a slice of an iterator"])
def test_the_line_is_that_of_the_model_also_where_c_raised(name: str):
    with pytest.raises(NeedsValues, match=r"test_lacking\.py:\d+"):
        trace(Net(CAUGHT[name]), torch.rand(3, 4), device="meta")


def test_an_operator_without_formula_is_not_passed_over():
    def decompose(x: Tensor) -> Tensor:
        try:
            return torch.nested.nested_tensor([x, x]).to_padded_tensor(0.0)
        except Exception:
            return x

    with pytest.raises(NoShapeFormula):
        trace(Net(decompose), torch.rand(3, 4), device="meta")


def test_nothing_is_done_after_it():
    def going_on(x: Tensor) -> Tensor:
        return guarded(x).relu()

    with pytest.raises(NeedsValues) as caught:
        trace(Net(going_on), torch.rand(3, 4), device="meta")
    assert caught.value.shapeflow_trace.ops[-1].target != "relu"


def test_who_handles_it_may_tidy_up():
    model = Net(lambda x: None)
    before = model.linear.weight.data

    def scaled(x: Tensor) -> Tensor:
        try:
            model.linear.weight.data = before * 2
            with torch.no_grad():
                return x if x.sum() > 0 else -x
        finally:
            model.linear.weight.data = before
            assert torch.is_grad_enabled()

    model.function = scaled
    with pytest.raises(NeedsValues):
        trace(model, torch.rand(3, 4), device="meta")


def test_numbers_that_are_known_may_be_guarded():
    def known(x: Tensor) -> Tensor:
        try:
            rows = int(torch.tensor([1, 2]).max())
        except Exception:
            rows = 1
        return x[:rows]

    same_records(lambda: (Net(known), (torch.rand(3, 4),)))


def test_a_line_of_a_log_decides_nothing(caplog: pytest.LogCaptureFixture):
    log = logging.getLogger("shapeflow_tests.log")
    log.setLevel(logging.INFO)

    def telling(x: Tensor) -> Tensor:
        log.info("mean %.3f", x.detach().mean())
        return x

    same_records(lambda: (Net(telling), (torch.rand(3, 4),)))
    assert caplog.text.count("mean nan") == 2


def test_a_factory_that_guesses_is_built_for_real():
    def build() -> Any:
        first = nn.Linear(4, 4)
        try:
            width = int(first.weight.sum() * 0) + 3
        except Exception:
            width = 1
        return nn.Sequential(first, nn.Linear(4, width)), (torch.rand(2, 4),)

    same_records(build)
