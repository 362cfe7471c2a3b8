"""What a shapes-only run would leave in caches is forgotten, and nobody's objects are disturbed."""

from __future__ import annotations

import functools
import gc
from operator import attrgetter
from typing import Any

import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.recording import job, run
from shapeflow.recording.ports import plain
from shapeflow.recording.shapes_only.cleanup import forget_cached


class Odd(tuple):
    """A tuple whose items are asked for by name, as importlib.metadata's entry points are."""

    def __getitem__(self, name: Any) -> Any:
        raise KeyError(name)

    def __iter__(self) -> Any:
        raise RuntimeError("not now")

    def __len__(self) -> int:
        raise RuntimeError("nor this")


def test_other_peoples_caches_are_left_alone() -> None:
    @functools.lru_cache
    def odd(_: int) -> Any:
        return {"entries": Odd((1, 2))}

    odd(1)
    forget_cached(attrgetter("is_meta"))
    assert odd.cache_info().currsize == 1


def test_tables_without_data_are_forgotten_and_others_kept() -> None:
    @functools.lru_cache(maxsize=4)
    def table(device: str) -> Any:
        return [{"grid": (torch.ones(2, device=device), None)}]

    table("cpu")
    forget_cached(attrgetter("is_meta"))
    assert table.cache_info().currsize == 1
    table("meta")
    forget_cached(attrgetter("is_meta"))
    assert table.cache_info().currsize == 0


def test_an_odd_tuple_has_a_text() -> None:
    assert plain(Odd((1, "a", None))) == "(1, 'a', None)"


@functools.lru_cache
def grid(size: int, device: torch.device) -> torch.Tensor:
    return torch.ones(40_000, size, device=device)[0]


class Placed(nn.Module):
    """Adds a table of places if it is asked to, and reads one input of two."""

    def __init__(self, *, cached: bool) -> None:
        super().__init__()
        self.cached = cached

    def forward(self, x: torch.Tensor, unread: torch.Tensor) -> torch.Tensor:
        return x + grid(x.shape[-1], x.device) if self.cached else x + 1


class Built:
    """What an adapter gives."""

    inputs: dict[str, Any] = {}
    versions: dict[str, str] = {}
    notes = ()
    outcome = None

    def __init__(self, *, cached: bool) -> None:
        self.model = Placed(cached=cached)

    def run(self) -> torch.Tensor:
        return self.model(torch.zeros(3), torch.zeros(4))


def traced(*, cached: bool) -> None:
    shapeflow.trace(Placed(cached=cached), torch.zeros(3), torch.zeros(4), device="meta")


def made(*, cached: bool) -> None:
    run(lambda: Built(cached=cached), device="meta", adapter="factory", target="built")


@pytest.mark.parametrize("go", [traced, made])
def test_a_run_leaves_no_table_without_data(go: Any) -> None:
    go(cached=True)
    assert grid.cache_info().currsize == 0


@pytest.mark.parametrize("go", [traced, made])
def test_a_run_of_which_nothing_is_left_looks_through_no_objects(
    go: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either takes a tenth of a second, more in a large program."""
    looks: list[str] = []
    monkeypatch.setattr(job, "forget_cached", lambda _: looks.append("tables"))
    monkeypatch.setattr(gc, "collect", lambda *_: looks.append("collector"))
    go(cached=False)
    assert not looks
    go(cached=True)
    assert looks[-1] == "tables"
    grid.cache_clear()
