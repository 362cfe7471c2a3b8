"""What torch functions are called in a trace: ``add`` for ``+``, ``matmul`` for ``@``, ``T`` for ``x.T``."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ESCAPES = {
    "item": "item",
    "tolist": "tolist",
    "numpy": "numpy",
    "array": "numpy",
    "dlpack": "dlpack",
    "bool": "bool",
    "int": "int",
    "float": "float",
    "complex": "complex",
    "index": "index",
    "contains": "contains",
    "format": "format",
    "is_nonzero": "bool",
    "equal": "equal",
    "allclose": "allclose",
    "data_ptr": "data_ptr",
    "untyped_storage": "storage",
    "storage": "storage",
}
"""Functions that read a value into Python, and how an escape is called."""

_CONVERSIONS = frozenset({Tensor.bool, Tensor.int, Tensor.float})
"""Conversions of a tensor's dtype, named as the reading ``__bool__``, ``__int__``, ``__float__`` are."""

_ATTRIBUTES = (
    "shape",
    "device",
    "dtype",
    "ndim",
    "is_meta",
    "is_cpu",
    "is_cuda",
    "is_nested",
    "requires_grad",
    "layout",
    "grad",
)
METADATA_QUERIES = frozenset(
    {
        *(getattr(Tensor, name).__get__ for name in _ATTRIBUTES),
        Tensor.size,
        Tensor.dim,
        Tensor.numel,
        Tensor.stride,
        Tensor.is_floating_point,
        Tensor.is_contiguous,
        Tensor.__len__,
        Tensor.__hash__,
        Tensor.__repr__,
        Tensor.is_complex,
    }
)
"""Questions about a tensor that are asked often and never give one."""


GRADIENTS = frozenset({Tensor.backward, torch.autograd.backward, torch.autograd.grad})
"""Functions that run autograd's engine."""


def target_name(func: Any) -> str:
    """Return the name of a torch function as people write it."""
    name = str(getattr(func, "__name__", type(func).__name__))
    if name in ("__get__", "__set__"):
        return str(getattr(getattr(func, "__self__", None), "__name__", name))
    if not (name.startswith("__") and name.endswith("__")):
        return name.partition(".")[0]  # an operator's overload (`add.Tensor`) is nothing that people write
    bare = name.strip("_")
    if _is_method(bare[1:]) and bare.startswith("i"):
        return bare[1:] + "_"  # `+=`
    if _is_method(bare[1:]) and bare.startswith("r"):
        return bare[1:]  # `1 - x`
    return bare


def is_reflected(func: Any) -> bool:
    """Return whether a function has its operands the wrong way round, as ``x.__rsub__(1)`` for ``1 - x``."""
    name = str(getattr(func, "__name__", ""))
    return name.startswith("__r") and name.endswith("__") and _is_method(name.strip("_")[1:])


def escape_name(func: Any, name: str) -> str | None:
    """Return how an escape by a function is called; None if it reads nothing into Python."""
    return None if func in _CONVERSIONS else ESCAPES.get(name)


def _is_method(bare: str) -> bool:
    return hasattr(Tensor, f"__{bare}__")
