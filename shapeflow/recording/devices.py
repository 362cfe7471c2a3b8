"""Devices that are asked for and are not there, and the questions a tensor without data must answer.

Works at the level of torch functions: a request for ``cuda`` must be changed before torch starts CUDA up.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from shapeflow.errors import NeedsValues
from shapeflow.recording.attention import OwnMode
from shapeflow.recording.identity import notation
from shapeflow.recording.stand_ins import answers, no_drawing_again

if TYPE_CHECKING:
    from shapeflow.recording.shapes_only import ShapesOnly

_CPU = torch.device("cpu")


def _is_cuda(value: object) -> bool:
    if isinstance(value, torch.device):
        return value.type == "cuda"
    return isinstance(value, str) and (value == "cuda" or value.startswith("cuda:"))


def on_cpu(
    func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments with every request for a CUDA device changed to the CPU."""
    if "device" in kwargs and _is_cuda(kwargs["device"]):
        kwargs = {**kwargs, "device": _CPU}
    if len(args) > 1 and any(_is_cuda(value) for value in args[1:]) and func is not torch.device:
        args = (args[0], *(_CPU if _is_cuda(value) else value for value in args[1:]))
    return args, kwargs


class CudaOnCpu(OwnMode):
    """Answer ``device="cuda"`` with the CPU on a machine without CUDA; ``pin_memory`` does nothing there.

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


_DEVICE = Tensor.device.__get__
_IS_META = Tensor.is_meta.__get__  # type: ignore[attr-defined]
_IS_CPU = Tensor.is_cpu.__get__  # type: ignore[attr-defined]
_FROM_DATA = (torch.tensor, torch.as_tensor, torch.asarray, Tensor.new_tensor)
_TO_PYTHON = {
    Tensor.tolist: "tolist",
    Tensor.numpy: "numpy",
    Tensor.__array__: "numpy",
    Tensor.item: "item",
    Tensor.__bool__: "bool",
    Tensor.__int__: "int",
    Tensor.__float__: "float",
    Tensor.__index__: "index",
}
_INITIALISERS = frozenset(
    getattr(torch.nn.init, name)
    for name in dir(torch.nn.init)
    if name.endswith("_") and not name.startswith("_") and callable(getattr(torch.nn.init, name))
)


class CpuStandIn(OwnMode):
    """Make a tensor without data look like one on the CPU, and refuse to read it."""

    def __init__(self, shapes_only: ShapesOnly) -> None:
        super().__init__()
        self._shapes_only = shapes_only
        self._answers = answers(shapes_only)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> CpuStandIn:
        self._stack.enter_context(no_drawing_again())
        super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        self._stack.close()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one torch function, or answer it."""
        if func == _DEVICE:  # equal, not identical: getters are made anew at each look
            return _CPU
        kwargs = kwargs or {}
        if func == _IS_META:
            return False
        if func == _IS_CPU:
            return True
        if func in _TO_PYTHON and not self._shapes_only.is_known(args[0]):
            raise NeedsValues(_TO_PYTHON[func], notation(args[0]))
        if func is Tensor.cuda or func is Tensor.pin_memory or func is Tensor.cpu:
            return args[0]
        if func in _INITIALISERS and args and isinstance(args[0], torch.nn.Parameter):
            return args[0]  # weights have no values here
        if func is functional.scaled_dot_product_attention:
            return self._attention(*args, **kwargs)
        answer = self._answers.get(func)
        if answer is not None:
            return answer(*args, **kwargs)
        args, kwargs = on_cpu(func, args, kwargs)
        if func in _FROM_DATA and kwargs.get("device") is not None:
            kwargs = {**kwargs, "device": _CPU}
        return func(*args, **kwargs)

    def _attention(self, query: Tensor, key: Tensor, value: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Give attention's output the memory layout of the fused CPU kernel: models rely on it in ``view``.

        The kernel keeps ``[batch, token, head, width]`` in memory
        (aten/src/ATen/native/cpu/FlashAttentionKernel.cpp), the composed formula that meta tensors would take
        does not.
        """
        result: Tensor = functional.scaled_dot_product_attention(query, key, value, *args, **kwargs)
        if result.dim() == 4 and query.shape[-1] == value.shape[-1]:
            return torch.empty_like(result.transpose(1, 2), memory_format=torch.contiguous_format).transpose(
                1, 2
            )
        return result
