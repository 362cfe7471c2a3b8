"""The FLOPs of an operator: torch's own formulas, ours for a few that torch lacks, and a counter of both."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.attention import attention_flops
from shapeflow.recording.dispatch_mode import DispatchMode
from shapeflow.recording.torch_internals import (
    HigherOrderOperator,
    attention_gradient_flops,
    convolution_flops,
    flash_gradients_on_cpu,
    flop_formulas,
    product_flops,
)


def flop_formula(func: Any) -> Any:
    """Return an operator's FLOP formula, torch's or ours for one that torch lacks; None if there is none."""
    return flop_formulas.get(func.overloadpacket) or _MORE_FORMULAS.get(func.overloadpacket)


def flops_of(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> int:
    """Return the FLOPs of one call of an operator by its formula; 0 if there is none."""
    formula = flop_formula(func)
    try:
        return 0 if formula is None else int(formula(*args, **kwargs, out_val=result))
    except AssertionError:  # torch's formulas take more for granted than its kernels refuse
        return 0


@cache
def may_count(func: Any) -> bool:
    """Return True if torch has a FLOP formula for the operator, or for the ones it is composed of."""
    return flop_formula(func) is not None or func.overloadpacket.__name__.startswith(_COMPOSED)


class FlopCounter(DispatchMode):
    """Adds up torch's own FLOP formulas; an operator without one is counted by what it is composed of.

    torch's ``FlopCounterMode`` gives the same sums, and loads the compiler, which takes seconds.
    """

    flops = 0
    lasts = False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator, and add what it takes."""
        kwargs = kwargs or {}
        if isinstance(func, HigherOrderOperator):
            return func(*args, **kwargs)
        if flop_formula(func) is None:
            with self:
                result = func.decompose(*args, **kwargs)
            return func(*args, **kwargs) if result is NotImplemented else result
        result = func(*args, **kwargs)
        self.flops += flops_of(func, args, kwargs, result)
        return result


def _recurrent_layer_flops(steps: Tensor, weight: Tensor, recurrent: Tensor, *_: Any, **__: Any) -> int:
    """Return the FLOPs of one LSTM layer in one direction: two matrix products a step."""
    return 2 * steps.shape[:-1].numel() * (weight.numel() + recurrent.numel())


def _linear_flops(tensor: Tensor, weight: Tensor, *_: Any, **__: Any) -> int:
    """Return the FLOPs of the matrix product that ``linear`` is; torch counts none for a single vector."""
    if tensor.dim() < 2:
        return 0
    return int(_shape_product_flops((tensor.shape[:-1].numel(), tensor.shape[-1]), weight.shape[::-1]))


_shape_product_flops = getattr(product_flops, "__wrapped__", product_flops)
"""Without the wrapper that finds the shapes of tensors: these are shapes."""


def _convolution_flops(tensor: Tensor, weight: Tensor, *_: Any, out_val: Tensor, **__: Any) -> int:
    """Return the FLOPs of a convolution, also of a single picture, whose batch dim is left out."""
    alone = (1,) * (weight.dim() - tensor.dim())
    return convolution_flops([*alone, *tensor.shape], [*weight.shape], [*alone, *out_val.shape])


def _attention_flops(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> int:
    return attention_flops(query.shape, key.shape, value.shape)


def _attention_backward_flops(
    gradient: Tensor, query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any
) -> int:
    """Return the FLOPs of the gradients of attention, by the formula that torch has for other devices."""
    return attention_gradient_flops(gradient.shape, query.shape, key.shape, value.shape)


def _recurrent_gradient_flops(steps: Tensor, weight: Tensor, recurrent: Tensor, *_: Any, **__: Any) -> int:
    """Return the FLOPs of the gradients of one LSTM layer: those of the input and those of the weights."""
    return 2 * _recurrent_layer_flops(steps, weight, recurrent)


def grouped_flops(tensor: Tensor, weights: Tensor) -> int:
    """Return the FLOPs of products of groups of rows, each with its own matrix, which torch counts none of.

    How many rows a group has depends on data, but each row is in one group.
    """
    return 2 * tensor.numel() * weights.shape[-1]


_MORE_FORMULAS = {
    torch.ops.aten.mkldnn_rnn_layer: _recurrent_layer_flops,
    torch.ops.aten.linear: _linear_flops,
    torch.ops.aten.scaled_dot_product_attention: _attention_flops,
    torch.ops.aten.conv2d: _convolution_flops,
    torch.ops.aten.mkldnn_rnn_layer_backward: _recurrent_gradient_flops,
    flash_gradients_on_cpu: _attention_backward_flops,
}
"""The fused LSTM of a CPU and the gradients of its attention, by the products they are composed of, as torch
does for other devices; and what is composed most often, since taking it apart takes long."""
_COMPOSED = (
    *("linear", "matmul", "einsum", "bilinear", "conv", "lstm", "gru", "rnn"),
    *("tensordot", "inner", "chain_matmul", "linalg_multi_dot", "linalg_matmul"),
)
"""How the names of operators begin that are composed of ones with a FLOP formula."""
