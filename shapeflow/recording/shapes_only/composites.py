"""What functions give that read numbers, or whose operators have no shape formula, or another device's.

The first argument of each tells which tensors have values; the others are those of the function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording import torch_internals
from shapeflow.recording.notation import notation
from shapeflow.recording.ports import tensors_of
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.memo import Layout


def one_hot(concrete: ConcreteValues, tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Count classes up to a number that is given, without looking at them first, as the CPU's kernel does."""
    if concrete.has_values(tensor) or num_classes < 1 or tensor.dtype is not torch.int64:
        result: Tensor = functional.one_hot(tensor, num_classes)
        return result
    return new(concrete, tensor, (*tensor.shape, num_classes))


def nested(concrete: ConcreteValues, tensor: Tensor, mask: Tensor, mask_check: bool = True) -> Tensor:
    """Give a padded tensor, as long as the longest row, in place of a nested one."""
    if not concrete.has_values(mask):
        raise NeedsValues("_nested_tensor_from_mask", notation(mask))
    longest = int(concrete.values_of(mask).sum(1).max())
    return new(concrete, tensor, (tensor.shape[0], longest, *tensor.shape[2:]))


def jagged(concrete: ConcreteValues, /, values: Tensor, offsets: Tensor, *more: Any, **named: Any) -> Tensor:
    """Make a jagged tensor of parts whose lengths are known; its class wants all it holds on one device."""
    for tensor in tensors_of((offsets, more, named)).values():
        if tensor.layout is torch.strided and not concrete.has_values(tensor):
            raise NeedsValues("nested_tensor_from_jagged", notation(tensor))
    if values.is_meta:
        values = concrete.untouched(Layout(values.size(), values.stride(), values.dtype))
    made: Tensor = torch_internals.jagged_view(values, offsets, *more, **named)
    return made


def padded(concrete: ConcreteValues, /, tensor: Tensor, padding: float, output_size: Any = None) -> Tensor:
    """Give a padded tensor back, of a size that is asked for."""
    if tensor.is_nested and not tensor.is_meta:
        return tensor.to_padded_tensor(padding, output_size)
    return new(concrete, tensor, tensor.shape if output_size is None else output_size)


def pack(concrete: ConcreteValues, data: Tensor, lengths: Tensor, batch_first: bool) -> Any:
    """Pack sequences of known lengths (aten/src/ATen/native/PackedSequence.cpp)."""
    if not concrete.has_values(lengths):
        raise NeedsValues("pack_padded_sequence", notation(lengths))
    lengths = concrete.values_of(lengths)
    with torch_internals.no_torch_dispatch():  # its own reading of the lengths is none of the model's
        counts = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(0)
        steps = torch.arange(len(counts)).repeat_interleave(counts)
        rows = torch.cat([torch.arange(count) for count in counts.tolist()])
    return data[(rows, steps) if batch_first else (steps, rows)], counts


def grouped(
    concrete: ConcreteValues,
    /,
    first: Tensor,
    second: Tensor,
    offs: Tensor | None = None,
    *_: Any,
    **named: Any,
) -> Tensor:
    """Give the shape of a grouped product; the meta formula takes bf16 alone (torch/_meta_registrations.py).

    ``offs`` says where groups end: in the rows of a flat ``first``, or in the columns of a flat ``second``.
    """
    shape = [first.shape[-2], second.shape[-1]]
    groups = len(first) if second.dim() == 3 else 0 if offs is None else len(offs)
    if first.dim() == second.dim():
        shape.insert(0, groups)
    make = partial(new, concrete, first, shape, named.get("out_dtype"))
    untold: Tensor = _Untold.apply("grouped_mm", make, first, second)
    return untold


class _Untold(torch.autograd.Function):
    """Gives a result whose gradients have no formula here."""

    @staticmethod
    def forward(ctx: Any, name: str, make: Callable[[], Tensor], *given: Tensor) -> Tensor:
        ctx.name, ctx.found = name, ", ".join(map(notation, given))
        return make()  # here, since a tensor that is handed through counts as a view, not to be written to

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        raise NoShapeFormula(f"backward of {ctx.name}", ctx.found)


def fused_attention(
    concrete: ConcreteValues,
    /,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim: int,
    num_head: int,
    qkv_weight: Tensor,
    qkv_bias: Tensor,
    proj_weight: Tensor,
    proj_bias: Tensor,
    mask: Tensor | None = None,
    need_weights: bool = True,
    average_attn_weights: bool = True,
    mask_type: int | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Give the results of the fused kernel (aten/src/ATen/native/transformers/attention.cpp)."""
    result = concrete.without_values(torch.empty_like(query))
    heads = [] if average_attn_weights else [num_head]
    weights = (query.shape[0], *heads, query.shape[1], key.shape[1])
    return result, new(concrete, query, weights) if need_weights else None


def new(
    concrete: ConcreteValues, like: Tensor, shape: Sequence[int], dtype: torch.dtype | None = None
) -> Tensor:
    """Return a new symbolic tensor in the usual layout."""
    layout = torch.empty(tuple(shape), dtype=dtype or like.dtype, device="meta")
    return concrete.symbolic(Layout(layout.size(), layout.stride(), layout.dtype))
