"""Large tensors that follow from Python values are worked out when they are read, and are the real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from records import same_records
from torch import Tensor, nn

from shapeflow.errors import NeedsValues
from shapeflow.recording import trace
from shapeflow.recording.shapes_only import deferred
from shapeflow.recording.shapes_only.mode import ShapesOnly


class Function(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any) -> Any:
        return self.function(*args)


def padded_pictures(pictures: Tensor) -> Any:
    mask = torch.ones(pictures.shape[0], 480, 640, dtype=torch.bool)
    for place, (height, width) in enumerate([(400, 600), (480, 640)]):
        mask[place, :height, :width] = False
    small = F.interpolate(mask[None].float(), size=(15, 20)).bool()[0]
    rows = (~mask).cumsum(1, dtype=torch.float32)
    return pictures[mask], rows.max().item(), small.nonzero(), int((~mask).sum())


def grid(picture: Tensor) -> Any:
    rows, columns = torch.meshgrid(torch.arange(1333), torch.arange(1333), indexing="ij")
    inside = (rows - 600) ** 2 + (columns - 600) ** 2 < 300**2
    return picture[inside], torch.where(inside)[0].shape, inside.sum().item()


def writes(x: Tensor) -> Any:
    zeros = torch.zeros(400, 400)
    before = zeros + 1
    zeros[0, 0] = 5
    zeros.add_(1)
    view = zeros[::2, 1::3].t()
    view.mul_(2)
    after = zeros.clone()
    zeros.fill_(9)
    mask = torch.empty(400, 400).fill_(float("-inf")).triu_(1)
    read = [tensor.sum().item() for tensor in (before, after, zeros, mask.isinf())]
    return x, read, after[0, 0].item(), view[3, 4].item()


def many_writes(x: Tensor) -> Any:
    table = torch.zeros(300, 300)
    for place in range(200):
        table[place, place] = place
    for _ in range(200):
        table = table + 1
    return x, table.sum().item()


def kinds_of_reading(x: Tensor) -> Any:
    numbers = torch.arange(100_000).flip(0)
    ordered, places = numbers.sort()
    kinds, counts = torch.unique(numbers // 1000, return_counts=True)
    pairs = torch.view_as_complex(torch.arange(160_000.0).view(400, 200, 2))
    return (
        *(x[places[:4]], ordered[3].item(), kinds, counts, numbers.topk(2)[0].tolist()),
        *(7 in numbers, float(numbers.numpy()[2]), pairs[3, 4].item(), pairs.conj()[3, 4].item()),
    )


FUNCTIONS = {
    "padded pictures": (padded_pictures, lambda: (torch.rand(2, 480, 640),)),
    "a grid": (grid, lambda: (torch.rand(1333, 1333),)),
    "writes": (writes, lambda: (torch.rand(3),)),
    "many writes": (many_writes, lambda: (torch.rand(3),)),
    "kinds of reading": (kinds_of_reading, lambda: (torch.rand(100_000),)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_read_is_what_a_real_run_reads(name: str):
    function, args = FUNCTIONS[name]
    same_records(lambda: (Function(function), args()))


def test_masks_of_the_users_are_read_and_left_alone():
    def picks(picture: Tensor, mask: Tensor) -> Any:
        mask[:2] = True
        return picture[mask], mask.sum().item(), picture.masked_select(mask)

    mask = torch.zeros(480, 640, dtype=torch.bool)
    same_records(lambda: (Function(picks), (torch.rand(480, 640), mask.clone())))
    trace(Function(picks), torch.rand(480, 640), mask, device="meta")
    assert not mask.any()


def test_unknown_numbers_make_all_of_it_unknown():
    with ShapesOnly():
        table = torch.zeros(400, 400)
        view = table[3]
        other = table + 1
        table[0] = torch.rand(400)
        with pytest.raises(NeedsValues):
            view.sum().item()
        assert other.sum().item() == 160_000  # it was made before


def test_weights_have_no_values():
    with ShapesOnly():
        weight = nn.Parameter(torch.zeros(400, 400))
        for read in (weight.view(-1), weight.detach(), weight.data, weight + 1):
            with pytest.raises(NeedsValues):
                read.sum().item()


def test_nothing_is_worked_out_that_is_not_read(monkeypatch: pytest.MonkeyPatch):
    made = []
    original = deferred.Deferred._make
    monkeypatch.setattr(deferred.Deferred, "_make", lambda *args: (made.append(args), original(*args)))
    with ShapesOnly():
        table = torch.linspace(0, 1, 1_000_000).sin().view(1000, 1000)
        table[:, 0] = 1
        assert not made
        assert table[5, 0].item() == 1
    assert made


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch):
    with ShapesOnly(), pytest.raises(NeedsValues):
        torch.zeros(deferred.LARGEST + 1).sum().item()
    monkeypatch.setattr(deferred, "BUDGET", 500_000)
    with ShapesOnly():
        tables = [torch.zeros(100_000) + 1 for _ in range(5)]
        with pytest.raises(NeedsValues) as error:
            sum(table.sum().item() for table in tables)
        assert "more than a shapes-only run works out" in error.value.because
