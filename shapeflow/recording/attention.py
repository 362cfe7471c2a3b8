"""Attention: keep the path that a model would take by itself, and open the composite function one level.

``nn.MultiheadAttention`` and ``nn.TransformerEncoderLayer`` leave their fused path as soon as any torch function
mode is active (``torch/nn/modules/activation.py``, ``transformer.py``: ``torch.overrides.has_torch_function``), which
changes results in the last bits. While we record, that question is answered as if our mode were not there.

``F.multi_head_attention_forward`` calls functions that one wants to see, but asks the same question first and would
hand itself back to the mode for ever. So a copy of it runs, same code, whose globals answer no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor



def _opened(function: Any) -> Callable[..., Any]:
    """Return a function of the same code that does not hand itself to a mode."""
    world = {**function.__globals__, "has_torch_function": lambda _: False}
    copy = FunctionType(
        function.__code__, world, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


OPENED: dict[Any, Callable[..., Any]] = {
    F.multi_head_attention_forward: _opened(F.multi_head_attention_forward)
}
"""Composite functions that are shown one level deep, and the copies that run instead."""


@contextmanager
def fused_paths_kept() -> Iterator[None]:
    """Let torch's attention modules choose the path they would take without a mode of ours."""
    original = torch.overrides.has_torch_function

    def has_torch_function(tensors: Any) -> bool:
        with torch._C.DisableTorchFunction():
            return any(
                type(tensor).__torch_function__ is not Tensor.__torch_function__ for tensor in _plain(tensors)
            )

    torch.overrides.has_torch_function = has_torch_function
    try:
        yield
    finally:
        torch.overrides.has_torch_function = original


def _plain(tensors: Any) -> list[Tensor]:
    """Return the tensors whose class could answer torch functions itself; parameters are plain tensors."""
    return [
        tensor for tensor in tensors if isinstance(tensor, Tensor) and type(tensor) is not torch.nn.Parameter
    ]


def score_shape(query: Tensor, key: Tensor) -> tuple[int, ...]:
    """Return the shape of the matrix ``query @ key^T``: ``[..., tokens of query, tokens of key]``."""
    return (*query.shape[:-1], key.shape[-2])


def attention_flops(query: Tensor, key: Tensor, value: Tensor) -> int:
    """Return the FLOPs of scaled dot product attention by torch's own formula (``torch/utils/flop_counter.py``).

    Args:
        query: ``[batch, heads, tokens, width]``; fewer or more leading dims count as batch.
        key: ``[batch, heads, other tokens, width]``.
        value: ``[batch, heads, other tokens, value width]``.
    """
    from torch.utils.flop_counter import sdpa_flop_count

    def four(tensor: Tensor, leading: int) -> tuple[int, int, int, int]:
        return (1, leading, tensor.shape[-2], tensor.shape[-1])

    leading = query.shape[:-2].numel()
    return int(sdpa_flop_count(four(query, leading), four(key, leading), four(value, leading)))


def fused_layouts() -> dict[Any, Callable[..., Any]]:
    """Return answers, for tensors without data, of torch's fused attention kernels, which have no meta formula.

    Both keep the shape of their first argument (aten/src/ATen/native/transformers/attention.cpp, transformer.cpp).
    """

    def multi_head(
        query: Tensor, key: Tensor, value: Tensor, width: int, heads: int, *rest: Any, **named: Any
    ) -> Any:
        need_weights = rest[5] if len(rest) > 5 else named.get("need_weights", True)
        average = rest[6] if len(rest) > 6 else named.get("average_attn_weights", True)
        weights = None
        if need_weights:
            batch, tokens, others = query.shape[0], query.shape[1], key.shape[1]
            weights = query.new_empty((batch, tokens, others) if average else (batch, heads, tokens, others))
        return torch.empty_like(query), weights

    def encoder_layer(source: Tensor, *rest: Any, **named: Any) -> Tensor:
        return torch.empty_like(source)

    return {
        torch._native_multi_head_attention: multi_head,
        torch._transformer_encoder_layer_fwd: encoder_layer,
    }
