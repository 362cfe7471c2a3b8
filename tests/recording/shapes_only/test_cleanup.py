"""What a shapes-only run would leave in caches is forgotten, and nobody's objects are disturbed."""

from __future__ import annotations

import functools
from operator import attrgetter
from typing import Any

import torch

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
