"""Run an operator from inside a dispatch mode as it would run without one."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import torch
from torch.overrides import enable_reentrant_dispatch

from shapeflow.recording.torch_internals import (
    DispatchKey,
    DispatchKeySet,
    HigherOrderOperator,
    dispatch_mode_count,
    no_own_torch_dispatch,
    schema_of,
    without_dispatch_keys,
)

FAKE_TENSOR = "FakeTensor"
"""The class of tensors of torch that run under no mode but their own; loading it takes time."""
_PYTHON_KEYS = DispatchKeySet(DispatchKey.Python) | DispatchKeySet(DispatchKey.PythonTLSSnapshot)


def redispatch(func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operator as it would run if no dispatch mode were there.

    In ``inference_mode`` an operator that is composed of others comes here in one piece, and what it is
    composed of would run with autograd's dispatch keys left out: ``matmul`` asks whether a view of a weight
    requires gradients (``should_fold`` in aten/src/ATen/native/LinearAlgebra.cpp) and would take another
    path, with other last bits. Views compute nothing, and torch wants to wrap those of a weight itself.
    """
    if not torch.is_inference_mode_enabled() or not _is_composed_arithmetic(func) or have_own_dispatch(types):
        return func(*args, **kwargs)
    with enable_reentrant_dispatch():
        if dispatch_mode_count():
            return func(*args, **kwargs)  # the mode below does the same
        with without_dispatch_keys(_PYTHON_KEYS):
            return func(*args, **kwargs)


def have_own_dispatch(types: Collection[type]) -> bool:
    """Return True if tensors of some of these classes run operators their own way."""
    if not types:
        return False
    own = (getattr(kind, "__torch_dispatch__", None) for kind in types)
    return any(dispatch != no_own_torch_dispatch for dispatch in own)


def holds_others(types: Collection[type]) -> bool:
    """Return True if tensors of some of these classes call operators on tensors that they hold."""
    return have_own_dispatch(types) and all(kind.__name__ != FAKE_TENSOR for kind in types)


@cache
def _is_composed_arithmetic(func: Any) -> bool:
    if isinstance(func, HigherOrderOperator):
        return False
    if func.has_kernel_for_dispatch_key(DispatchKey.ADInplaceOrView):
        return False
    if any(output.alias_info is not None for output in schema_of(func).returns):
        return False
    return bool(func.has_kernel_for_dispatch_key(DispatchKey.CompositeImplicitAutograd))
