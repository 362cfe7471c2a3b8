"""The memory layouts that torch's CPU kernels give, where its meta formulas are those of another device.

A meta tensor says nothing of a device, so torch's formulas guess one: some take CUDA's side, those of
convolutions and a few others leave the result contiguous. Models ask for layouts (``view``,
``is_contiguous``), so the CPU's are put in here, as observed for every combination of layouts.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.torch_internals import device_hint_replaced, memory_format_of

_KEPT = {
    **dict.fromkeys(("convolution", "_convolution", "conv2d", "conv3d"), 2),
    **dict.fromkeys(("conv_transpose2d", "conv_transpose3d"), 2),
    **dict.fromkeys(("native_group_norm", "group_norm"), 1),
    **dict.fromkeys(("reflection_pad2d", "replication_pad2d", "replication_pad3d"), 1),
}
"""Operators whose result has the memory format of one of so many arguments, if that is not the usual one."""


def of_the_cpu() -> AbstractContextManager[None]:
    """Let formulas that differ between devices take the CPU's side, inside a ``with`` block."""
    return device_hint_replaced.by(_cpu)


def _cpu(_: Tensor) -> str:
    return "cpu"


def corrected(func: Any, args: tuple[Any, ...], result: Any) -> Any:
    """Return the result of an operator on meta tensors, in the layout that the CPU's kernel gives."""
    if func.overloadpacket is torch.ops.aten.lstm:
        return _with_states_of(args, result)
    if func.overloadpacket is torch.ops.aten.native_batch_norm and not args[5]:
        return result[0], result[1].new_empty(0), result[2].new_empty(0)  # outside training it saves nothing
    count = _KEPT.get(func.overloadpacket.__name__, 0)
    first = result[0] if isinstance(result, tuple) else result
    for tensor in args[:count]:
        memory_format = memory_format_of(tensor)
        if memory_format is not torch.contiguous_format and first.dim() == tensor.dim():
            first = torch.empty_like(first, memory_format=memory_format)
            break
    return (first, *result[1:]) if isinstance(result, tuple) else first


def _with_states_of(args: tuple[Any, ...], result: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the result of an LSTM with states of the shapes of those it was given; torch 2.6 adds a dim."""
    given = next(value for value in args if isinstance(value, list | tuple))
    return result[0], *(state.reshape(first.shape) for state, first in zip(result[1:], given, strict=True))
