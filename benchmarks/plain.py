"""The baseline: a bare forward on ``meta`` with small tensors real, as one would write it in an hour.

Nothing is recorded, remembered or counted, and nothing here is shapeflow's: large tensors and what depends on
them have no data, small tensors are computed. It is careful about nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

SMALL = 65_536
META = torch.device("meta")


class SmallOnesReal(TorchDispatchMode):
    """Runs each operator on ``meta`` unless all its tensors are small and have data."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator."""
        kwargs = kwargs or {}
        tensors: list[Tensor] = []
        _change((args, kwargs), lambda tensor: tensors.append(tensor) or tensor)
        if not tensors:
            takes_device = any(argument.name == "device" for argument in func._schema.arguments)
            result = func(*args, **{**kwargs, "device": META} if takes_device else kwargs)
            is_random = torch.Tag.nondeterministic_seeded in func.tags
            if isinstance(result, Tensor) and result.numel() <= SMALL and takes_device and not is_random:
                return func(*args, **{**kwargs, "device": "cpu"})
            return result
        if all(_is_small(tensor) for tensor in tensors):
            return func(*args, **{**kwargs, "device": "cpu"} if "device" in kwargs else kwargs)
        if func._schema.is_mutable and not tensors[0].is_meta:
            return tensors[0]
        return func(*_change(args, _lift), **_change(kwargs, _lift))


class OnCpu(TorchFunctionMode):
    """Answers a request for CUDA, or for where a tensor without data is, with the CPU."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one torch function."""
        kwargs = kwargs or {}
        if func is Tensor.pin_memory or func is Tensor.cuda:
            return args[0]
        if str(kwargs.get("device", "")).startswith(("cuda", "meta")):
            kwargs = {**kwargs, "device": "cpu"}
        return func(*args, **kwargs)


def plain() -> ExitStack:
    """Return a context in which a model is built and run on ``meta``."""
    stack = ExitStack()
    for mode in (OnCpu(), SmallOnesReal()):
        stack.enter_context(mode)
    return stack


def _is_small(tensor: Tensor) -> bool:
    return not tensor.is_meta and tensor.numel() <= SMALL and not isinstance(tensor, torch.nn.Parameter)


def _lift(tensor: Tensor) -> Tensor:
    if tensor.is_meta:
        return tensor
    return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="meta")


def _change(value: Any, tensors: Callable[[Tensor], Any]) -> Any:
    """Return ``value`` with its tensors changed and devices replaced by ``meta``."""
    if isinstance(value, Tensor):
        return tensors(value)
    if isinstance(value, torch.device):
        return META
    if isinstance(value, list | tuple):
        return type(value)(_change(item, tensors) for item in value)
    if isinstance(value, dict):
        return {key: _change(item, tensors) for key, item in value.items()}
    return value
