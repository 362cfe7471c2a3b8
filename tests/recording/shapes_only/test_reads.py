"""Each way of reading numbers, without numbers and with known ones, compared with plain torch."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from reads import READS
from torch import Tensor, nn

from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording import trace

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


class Reading(nn.Module):
    """Reads numbers that are known, or that a weight has changed."""

    def __init__(self, name: str, *, known: bool) -> None:
        super().__init__()
        self.read, self.known, self.got = READS[name], known, []
        self.one, self.zero = nn.Parameter(torch.ones(())), nn.Buffer(torch.zeros((), dtype=torch.long))

    def forward(self, x: Tensor, i: Tensor) -> None:
        if not self.known:
            one = self.one.detach()
            x, i = x * one, i * one.long()
        random.seed(0)
        self.got.append(self.read(x, i[0], i, x[3, 0]))


def inputs() -> tuple[Tensor, Tensor]:
    return torch.arange(10, 58).view(8, 6) / 100, torch.tensor([2, 2, 1, 3])


def outcome(run: Callable[[], Any]) -> tuple[str, Any]:
    """Return what a call gave, as plain data, or how it was refused."""
    try:
        return "gives", plain(run())
    except (NeedsValues, NoShapeFormula):
        return "needs", None
    except Exception as error:
        return type(error).__name__, str(error)


def plain(thing: Any) -> Any:
    if isinstance(thing, Tensor | np.ndarray):
        return str(thing.dtype), tuple(thing.shape), thing.tolist()
    return [*map(plain, thing)] if isinstance(thing, list | tuple) else repr(thing)


def form(thing: Any) -> Any:
    """Return what is left of plain data without its numbers."""
    if isinstance(thing, tuple):
        return thing[:2]
    return [*map(form, thing)] if isinstance(thing, list) else thing


def really(name: str) -> tuple[str, Any]:
    model = Reading(name, known=True)

    def run() -> Any:
        model(*inputs())
        return model.got[-1]

    return outcome(run)


@pytest.mark.parametrize("name", READS)
def test_known_numbers_are_read_as_by_plain_torch(name: str):
    got: list[Any] = []
    model = Reading(name, known=True)
    model.read = lambda *given: got.append(plain(READS[name](*given)))

    def run() -> Any:
        trace(model, *inputs(), device="meta")
        return None

    found = outcome(run)
    expected = really(name)
    assert (("gives", got[0]) if got else found) == expected


@pytest.mark.parametrize("name", READS)
@pytest.mark.slow
def test_unknown_numbers_are_needed_where_plain_torch_reads_them(name: str):
    got: list[Any] = []
    model = Reading(name, known=False)

    def told(thing: Any) -> Any:
        if isinstance(thing, Tensor):
            return str(thing.dtype), tuple(thing.shape)
        return [*map(told, thing)] if isinstance(thing, list | tuple) else repr(thing)

    model.read = lambda *given: got.append(told(READS[name](*given)))
    found = outcome(lambda: trace(model, *inputs(), device="meta") and None)
    expected = really(name)
    if found[0] == "needs":
        assert expected[0] == "gives"
    else:
        assert (("gives", got[0]) if got else found) == (expected[0], form(expected[1]))
