"""The one notation of tensors: short names of dtypes, and shapes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from shapeflow.recording.torch_internals import nested_sizes, no_torch_dispatch

SHORT_DTYPES = {
    torch.float16: "f16",
    torch.float32: "f32",
    torch.float64: "f64",
    torch.bfloat16: "bf16",
    torch.complex32: "c32",
    torch.complex64: "c64",
    torch.complex128: "c128",
    torch.int8: "i8",
    torch.int16: "i16",
    torch.int32: "i32",
    torch.int64: "i64",
    torch.uint8: "u8",
    torch.uint16: "u16",
    torch.uint32: "u32",
    torch.uint64: "u64",
    torch.bool: "bool",
}


def short_dtype(dtype: torch.dtype) -> str:
    """Return ``f32`` for ``torch.float32`` and so on; ``float8_e4m3fn`` becomes ``f8_e4m3fn``."""
    return SHORT_DTYPES.get(dtype) or str(dtype).removeprefix("torch.").replace("float", "f", 1)


def sizes(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape of a tensor; for a nested tensor that of the padded one, with the largest sizes."""
    if type(tensor) is Tensor and not tensor.is_nested:  # what nearly all are
        return tuple(tensor.shape)
    if is_lazy(tensor):
        return ()
    if not tensor.is_nested:
        return tuple(tensor.shape)
    with no_torch_dispatch():
        if tensor.layout is torch.jagged:
            return tuple(size if type(size) is int else max(_lengths(tensor)) for size in tensor.shape)
        parts = nested_sizes(tensor)
        return (len(parts), *parts.amax(0).tolist())


def part_sizes(tensor: Tensor) -> list[torch.Size]:
    """Return the shape of each part of a nested tensor; of any other one its own shape."""
    if not tensor.is_nested:
        return [tensor.shape]
    with no_torch_dispatch():
        if tensor.layout is not torch.jagged:
            return list(map(torch.Size, nested_sizes(tensor).tolist()))
        inner = tensor.shape[1:]
        return [
            torch.Size([size if type(size) is int else length for size in inner])
            for length in _lengths(tensor)
        ]


def _lengths(tensor: Tensor) -> list[int]:
    """Return the lengths of the parts of a jagged tensor; without numbers they are not known, and 0."""
    known: Any = tensor
    lengths: Tensor | None = known.lengths()
    if lengths is None:
        lengths = known.offsets().diff()
    return [0] if lengths.is_meta else lengths.tolist()


def notation(tensor: Tensor) -> str:
    """Return the one notation of a tensor: ``f32[1, 256]``."""
    return f"{short_dtype(tensor.dtype)}{list(sizes(tensor))}"
