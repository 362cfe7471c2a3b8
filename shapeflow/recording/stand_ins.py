"""Torch functions that stop before they reach an operator where known and unknown tensors meet.

To the model every tensor of a shapes-only run is on the CPU; below, known ones are and unknown ones are on
``meta``. Operators take both. A few functions compare devices in C++ or read numbers before any operator is
called; here is what they give instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import init

from shapeflow.errors import NeedsValues
from shapeflow.recording.identity import notation
from shapeflow.recording.meta import lift
from shapeflow.recording.ports import map_tensors

if TYPE_CHECKING:
    from shapeflow.recording.shapes_only import ShapesOnly

Answer = Callable[..., Any]


def answers(mode: ShapesOnly) -> dict[Any, Answer]:
    """Return the functions that are answered here, and how."""

    def convert(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
        """Convert to a dtype; a move to a device is none, since the model sees every tensor on one."""
        named = [
            value.dtype if isinstance(value, Tensor) else value for value in (*args, kwargs.get("other"))
        ]
        dtype = next((value for value in named if isinstance(value, torch.dtype)), kwargs.get("dtype"))
        flags = [value for value in args if isinstance(value, bool)]
        copy = kwargs.get("copy", flags[1] if len(flags) > 1 else False)
        return tensor.to(dtype, copy=copy, memory_format=kwargs.get("memory_format"))

    def set_data(tensor: Tensor, value: Tensor) -> None:
        """Replace what a tensor holds by a tensor of the other kind, which torch refuses."""
        if tensor.is_meta and not value.is_meta:
            value = _without_data(value)
        elif value.is_meta and not tensor.is_meta:
            value = torch.empty_strided(value.size(), value.stride(), dtype=value.dtype, device="cpu")
            mode.make_unknown(value)
        Tensor.data.__set__(tensor, value)  # type: ignore[attr-defined]

    def pack(data: Tensor, lengths: Tensor, batch_first: bool) -> Any:
        """Pack sequences of known lengths (aten/src/ATen/native/PackedSequence.cpp)."""
        if not mode.is_known(lengths):
            raise NeedsValues("pack_padded_sequence", notation(lengths))
        counts = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(0)
        return _without_data(data).new_empty((int(lengths.sum()), *data.shape[2:])), counts

    found: dict[Any, Answer] = {
        Tensor.to: convert,
        Tensor.type_as: convert,
        Tensor.data.__set__: set_data,  # type: ignore[attr-defined]
        torch._pack_padded_sequence: pack,
        torch._grouped_mm: _grouped,
        torch._native_multi_head_attention: _fused_attention,
        torch._transformer_encoder_layer_fwd: lambda source, *_: _without_data(torch.empty_like(source)),
    }
    for name in ("lstm", "gru", "rnn_tanh", "rnn_relu", "_weight_norm"):
        function = getattr(torch, name)
        found[function] = _all_unknown(function)
    return found


def _grouped(first: Tensor, second: Tensor, offs: Tensor | None = None, *_: Any, **named: Any) -> Tensor:
    """Give the shape of a grouped product; the meta formula takes bf16 alone (torch/_meta_registrations.py).

    ``offs`` says where groups end: in the rows of a flat ``first``, or in the columns of a flat ``second``.
    """
    shape = [first.shape[-2], second.shape[-1]]
    groups = len(first) if second.dim() == 3 else 0 if offs is None else len(offs)
    if first.dim() == second.dim():
        shape.insert(0, groups)
    return _without_data(first).new_empty(shape, dtype=named.get("out_dtype") or first.dtype)


def _fused_attention(
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
    result = _without_data(torch.empty_like(query))
    heads = [] if average_attn_weights else [num_head]
    weights = (query.shape[0], *heads, query.shape[1], key.shape[1])
    return result, _without_data(query).new_empty(weights) if need_weights else None


def _without_data(tensor: Tensor) -> Tensor:
    """Return a tensor like this one on ``meta``; our own mode would give a small one on the CPU."""
    with torch._C._DisableTorchDispatch():
        return lift(tensor)


def _all_unknown(function: Answer) -> Answer:
    """Return ``function`` for numbers none of which is known; counts and lengths stay as they are."""

    def without_numbers(tensor: Tensor) -> Tensor:
        return _without_data(tensor) if tensor.is_floating_point() else tensor

    def answer(*args: Any, **kwargs: Any) -> Any:
        return function(*map_tensors(args, without_numbers), **map_tensors(kwargs, without_numbers))

    return answer


@contextmanager
def no_drawing_again() -> Iterator[None]:
    """Keep ``trunc_normal_`` from looking at weights: it draws until no number is too large."""
    original = init._no_grad_trunc_normal_

    def unseen(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        with torch.no_grad():
            return tensor.normal_()

    init._no_grad_trunc_normal_ = unseen
    try:
        yield
    finally:
        init._no_grad_trunc_normal_ = original
