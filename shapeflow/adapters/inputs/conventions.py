"""The ways in which a row of ``convention_rows`` says what an input is, and how each of them is made.

A tuple is the shape of random numbers: whole numbers, fields of the configuration, sums and products of them,
and these letters for sizes of the main input: B batch, T vectors of a text, F frames, H height, W width,
N packed patches, C channels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

Dim = int | str
Size = Callable[[Dim], int]


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole numbers: all of one value, of a shape."""

    shape: tuple[Dim, ...]
    value: int = 1
    kind: torch.dtype = torch.long


@dataclass(frozen=True, slots=True)
class Counted:
    """The whole numbers from one to before another, once for each of some rows if there are rows."""

    start: Dim
    end: Dim
    rows: Dim = 0


@dataclass(frozen=True, slots=True)
class Several:
    """A list of tensors of random numbers of a shape."""

    count: Dim | tuple[Dim, ...]
    shape: tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class Exactly:
    """Something that is the same for all sizes; a list becomes a tensor."""

    value: Any


@dataclass(frozen=True, slots=True)
class Plain:
    """Something that is no tensor and the same for all sizes."""

    value: Any


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number that is a size."""

    dim: Dim


@dataclass(frozen=True, slots=True)
class Built:
    """What a function makes of the network and the sizes."""

    function: Callable[[Any, Size], Any]
    told: str


LEFT_OUT = Exactly(None)


TOLD = "as the forward of this network takes it"


def make(convention: Any, size: Size, model: Any = None) -> tuple[Any, str] | None:
    """Return an input by a convention and how it was made, None for one that is left out."""
    if isinstance(convention, Exactly) and convention.value is None:
        return None
    made = _things(convention, size, model) or _numbers(convention, size) or _places(convention, size)
    return made or (torch.rand(tuple(map(size, convention))), f"random numbers {TOLD}")


def _things(convention: Any, size: Size, model: Any) -> tuple[Any, str] | None:
    match convention:
        case Exactly(value=value):
            return (torch.tensor(value) if isinstance(value, list) else value), TOLD
        case Plain(value=value):
            return value, TOLD
        case Number(dim=dim):
            return size(dim), TOLD
        case Built(function=function, told=told):
            return function(model, size), told
    return None


def _numbers(convention: Any, size: Size) -> tuple[Any, str] | None:
    match convention:
        case Whole(shape=dims, value=value, kind=kind):
            return torch.full(tuple(map(size, dims)), value, dtype=kind), f"{TOLD}, all {value}"
        case Counted(start=start, end=end, rows=rows):
            row = torch.arange(size(start), size(end))
            return (row.expand(size(rows), -1).clone() if rows else row), "places in the sequence"
        case Several(count=count, shape=dims):
            counts = count if isinstance(count, tuple) else (count,)
            many = [torch.rand(tuple(map(size, dims))) for _ in range(sum(map(size, counts)))]
            return many, f"{TOLD}, {len(many)} tensors of random numbers"
    return None


def _places(convention: Any, size: Size) -> tuple[Any, str] | None:
    """Return where each patch, or each vector of the text, is; None if that is not what is asked for."""
    if convention == "places":
        return [torch.arange(size(dim)) for dim in ("F", "H/2", "W/2")], "the place of each patch"
    if convention == "text places":
        return torch.arange(size("T")), "the place of each vector of the text"
    return None
