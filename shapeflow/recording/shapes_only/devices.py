"""CUDA devices that are asked for where there are none.

Works at the level of torch functions: a request for ``cuda`` must be changed before torch starts CUDA up.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.modes import OwnMode

_CPU = torch.device("cpu")


_NAMES_A_DEVICE: frozenset[type] = frozenset({str, torch.device})


def _is_cuda(value: object) -> bool:
    return type(value) in _NAMES_A_DEVICE and str(value).partition(":")[0] == "cuda"


def on_cpu(
    func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments with every request for a CUDA device changed to the CPU."""
    if "device" in kwargs and _is_cuda(kwargs["device"]):
        kwargs = {**kwargs, "device": _CPU}
    for value in args[1:]:
        if type(value) in _NAMES_A_DEVICE and func is not torch.device:
            args = (args[0], *[_CPU if _is_cuda(value) else value for value in args[1:]])
            break
    return args, kwargs


class CudaOnCpu(OwnMode):
    """Turn ``device="cuda"`` into the CPU on a machine without CUDA; ``pin_memory`` does nothing there.

    The official SAM3 has ``cuda`` written into two constructors and pins memory with every prompt.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one torch function with CPU devices."""
        kwargs = kwargs or {}
        if func is Tensor.cuda or func is Tensor.pin_memory:
            return args[0]
        args, kwargs = on_cpu(func, args, kwargs)
        if kwargs.get("pin_memory"):
            kwargs = {**kwargs, "pin_memory": False}
        return func(*args, **kwargs)
