"""Attention: keep the path that a model would take by itself, and open the composite function one level.

``nn.MultiheadAttention`` and ``nn.TransformerEncoderLayer`` leave their fused path as soon as any torch
function mode is active (``torch/nn/modules/activation.py``, ``transformer.py``:
``torch.overrides.has_torch_function``), which changes results in the last bits. While we record, that
test is made as if our modes were not there.

``F.multi_head_attention_forward`` calls functions that one wants to see, but makes the same test first and
would hand itself back to the mode for ever. So a copy of it runs, same code, whose globals say no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from types import FunctionType
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from shapeflow.common.shared import Changes
from shapeflow.recording.modes import OwnMode
from shapeflow.recording.notation import sizes
from shapeflow.recording.replaced import Replaced
from shapeflow.recording.torch_internals import (
    attention_product_flops,
    function_modes,
    fused_attention_choice,
    no_own_torch_function,
    no_torch_dispatch,
    no_torch_function,
    product_flops,
)


def opened() -> dict[Any, Callable[..., Any]]:
    """Return the composite functions that are shown one level deep, and the copies that run instead."""
    return {
        functional.multi_head_attention_forward: _not_handed_over(functional.multi_head_attention_forward)
    }


def _not_handed_over(function: Any) -> Callable[..., Any]:
    """Return a function of the same code that does not hand itself to a mode."""
    world = {**function.__globals__, "has_torch_function": lambda _: False}
    copy = FunctionType(
        function.__code__, world, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


_HAS_TORCH_FUNCTION = Replaced("torch.overrides.has_torch_function")


def keep_fused_paths(changes: Changes) -> None:
    """Let torch's attention modules choose the path they would take without a mode of ours."""
    original = _HAS_TORCH_FUNCTION.original

    def has_torch_function(args: Iterable[Any]) -> bool:
        if all(isinstance(mode, OwnMode) for mode in function_modes()):
            return any(_has_own_override(tensor) for tensor in args)
        return bool(original(args))

    _HAS_TORCH_FUNCTION.begin(has_torch_function, changes)


def _has_own_override(tensor: Any) -> bool:
    """Return True for an object whose class wants to handle torch functions itself."""
    kind = type(tensor)
    if kind is Tensor or tensor is None:
        return False
    return getattr(kind, "__torch_function__", None) not in (None, no_own_torch_function)


@lru_cache
def score_shape(query: torch.Size, key: torch.Size) -> tuple[int, ...]:
    """Return the shape of the matrix ``query @ key^T``: ``[..., tokens of query, tokens of key]``."""
    return (*_leading(query, key), query[-2], key[-2])


def _leading(query: torch.Size, *others: torch.Size) -> torch.Size:
    """Return batch and heads of attention."""
    try:
        return torch.Size(torch.broadcast_shapes(*(shape[:-2] for shape in (query, *others))))
    except RuntimeError:  # fewer heads of keys, each for several of queries
        return query[:-2]


@lru_cache
def attention_flops(query: torch.Size, key: torch.Size, value: torch.Size) -> int:
    """Return the FLOPs of scaled dot product attention by torch's formula (torch/utils/flop_counter.py).

    Args:
        query: ``[batch, heads, tokens, width]``; fewer or more leading dims count as batch.
        key: ``[batch, heads, other tokens, width]``; may have fewer heads, or leading dims of 1.
        value: ``[batch, heads, other tokens, value width]``.
    """
    leading = _leading(query, key, value).numel()
    shapes = [(1, leading, shape[-2], shape[-1]) for shape in (query, key, value)]
    try:
        return attention_product_flops(*shapes)
    except AssertionError:  # not as many values as keys, which the CPU's kernel does not check
        return 0


def takes_fused_kernel(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any
) -> bool:
    """Return True if ``scaled_dot_product_attention`` would use the fused kernel of the CPU.

    Torch itself is asked, about tensors without content that are alike in all that its choice depends on.
    """
    if any(tensor.dim() != 4 or tensor.is_nested for tensor in (query, key, value)):
        return False  # nested ones are taken apart first
    with no_torch_function():
        likes = [_likeness(tensor) for tensor in (query, key, value)]
        masks = None if mask is None else _likeness(mask, widest=2)
    allowed = (torch.backends.cuda.flash_sdp_enabled(), torch.is_grad_enabled())  # "cuda" is for the CPU too
    return _chooses_fused((*likes, masks), tuple(options.items()), allowed)


_Likeness = tuple[tuple[int, ...], bool, torch.dtype, bool]
"""A shape, and whether the last axis is the innermost, the dtype, and whether gradients are wanted."""


def _likeness(tensor: Tensor, widest: int | None = None) -> _Likeness:
    """Return what is like a tensor, but small; the last axis of a mask counts tokens, which are two here."""
    batch, heads, tokens, width = (*(1,) * (4 - tensor.dim()), *tensor.shape)
    width = width if widest is None else min(width, widest)
    shape = (min(batch, 2), heads, min(tokens, 2), width)[4 - tensor.dim() :]
    return shape, tensor.stride(-1) == 1, tensor.dtype, tensor.requires_grad


@lru_cache
def _chooses_fused(
    likes: tuple[_Likeness | None, ...], options: tuple[tuple[str, Any], ...], allowed: tuple[bool, ...]
) -> bool:
    """Ask torch, once for all that its choice depends on."""
    with no_torch_function(), no_torch_dispatch():
        made = [None if like is None else _made(*like) for like in likes]
        return fused_attention_choice(*made, **dict(options)) == 1


def _made(shape: tuple[int, ...], is_innermost: bool, dtype: torch.dtype, requires_grad: bool) -> Tensor:
    if is_innermost or len(shape) < 2:
        return torch.empty(shape, dtype=dtype, requires_grad=requires_grad)
    return torch.empty((*shape[:-2], *shape[:-3:-1]), dtype=dtype).mT.requires_grad_(requires_grad)


def fused_flops(name: str, args: tuple[Any, ...]) -> int:
    """Return the FLOPs of a fused attention kernel, by torch's formulas for what it is composed of.

    Args:
        name: ``_native_multi_head_attention`` or ``_transformer_encoder_layer_fwd``.
        args: the arguments of the operator, in the order of its schema, as torch's modules give them.
    """
    if len(args) < 13:
        return 0
    if name == "_native_multi_head_attention":
        query, key, _, _, heads, weight, _, out = args[:8]
        return _projected_attention_flops(sizes(query), sizes(key), heads, weight, out)
    source, _, heads, weight, _, out = args[:6]
    batch, tokens, _ = shape = sizes(source)
    first, second = args[14], args[16]
    return _projected_attention_flops(shape, shape, heads, weight, out) + sum(
        product_flops((batch * tokens, linear.shape[1]), linear.shape[::-1]) for linear in (first, second)
    )


def _projected_attention_flops(
    query: tuple[int, ...], key: tuple[int, ...], heads: int, weight: Tensor, out: Tensor
) -> int:
    batch, tokens, width = query
    flat = (batch * tokens, width)
    projections = product_flops(flat, weight.shape[::-1]) + product_flops(flat, out.shape[::-1])
    head, other = ((batch, heads, count, width // heads) for count in (tokens, key[1]))
    return projections + attention_product_flops(head, other, other)
