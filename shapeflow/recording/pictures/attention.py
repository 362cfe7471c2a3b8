"""Attention as pictures: how much of it goes from a token to each pixel, or from each pixel to a token."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.pictures.layouts import Layout

MOST_TOKENS = 5
"""Of the other side, whose maps are drawn."""
MOST_PRODUCTS = 2**20
"""Of queries and keys: more are not worked out a second time for a picture."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Maps of attention that are to be drawn."""

    grid: Layout
    receives: bool
    """True: the pixels are the queries, and the tokens what they attend to."""
    tokens: tuple[int, ...]
    count: int
    """Of all tokens of that side."""

    @property
    def pixels(self) -> slice:
        """Where the pixels are on their side."""
        return slice(self.grid.skip, self.grid.skip + self.grid.tokens)


def wanted(queries: Layout | None, keys: Layout | None, count: tuple[int, int]) -> Wanted | None:
    """Return which maps are drawn of attention between queries and keys, of which there are so many.

    Between a map and something else: those of the first few tokens. Inside a map: that of its first token
    before the pixels, such as a class token, else that of the pixel in the middle.
    """
    if queries is not None and keys is not None:
        middle = queries.height // 2 * queries.width + queries.width // 2
        return Wanted(keys, False, (0 if queries.skip else middle,), count[0])
    if keys is not None:
        return Wanted(keys, False, tuple(range(min(count[0], MOST_TOKENS))), count[0])
    if queries is not None:
        return Wanted(queries, True, tuple(range(min(count[1], MOST_TOKENS))), count[1])
    return None


def attention_of(
    query: Tensor, key: Tensor, mask: Tensor | None, wish: Wanted, scale: float | None
) -> list[Tensor]:
    """Return the wanted rows or columns of ``softmax(query @ key^T)`` of the first item, a mean over heads.

    Args:
        query: ``[batch, heads, queries, width]``.
        key: ``[batch, heads or fewer, keys, width]``.
        mask: bool (True: attend) or numbers to add, to be broadcast to ``[batch, heads, queries, keys]``.
        wish: which.
        scale: of the products; None: one over the root of the width.
    """
    rows = wish.pixels if wish.receives else list(wish.tokens)
    q, k = query[0][:, rows].float(), key[0].float()
    if k.shape[0] != q.shape[0]:
        k = k.repeat_interleave(q.shape[0] // k.shape[0], 0)
    scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if mask is not None:
        full = mask.expand(query.shape[0], query.shape[1], query.shape[2], key.shape[2])[0][:, rows]
        scores = scores.masked_fill(~full, -math.inf) if full.dtype is torch.bool else scores + full.float()
    weights = torch.softmax(scores, -1).mean(0)
    if wish.receives:
        return [weights[:, token] for token in wish.tokens]
    return [weights[number, wish.pixels] for number in range(len(wish.tokens))]


def maps_of(weights: Tensor, wish: Wanted) -> list[Tensor]:
    """Return the same of weights that are there, ``[…, queries, keys]``.

    Of four axes the first is the batch, of which the first item is shown; of three the mean is over all.
    """
    several = weights[0] if weights.dim() == 4 else weights
    if wish.receives:
        return [several[:, wish.pixels, token].float().mean(0) for token in wish.tokens]
    return [several[:, token, wish.pixels].float().mean(0) for token in wish.tokens]


def arguments_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Return the arguments of ``scaled_dot_product_attention`` by name, None if they are of another kind."""
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    query, key = given.get("query"), given.get("key")
    fine = isinstance(query, Tensor) and isinstance(key, Tensor) and query.dim() == key.dim() == 4
    return given if fine and not given.get("is_causal") else None


def group_of(path: str, target: str, order: Sequence[object]) -> str:
    """Return a name that layers which repeat have in common."""
    return f"{re.sub(r'[0-9]+', '*', path)}/{target}/{order}"
