"""What ``torch.autocast`` does on the CPU, for tensors without data: torch itself passes them over.

The functions are those of torch's lists for the CPU (aten/src/ATen/autocast_mode.cpp), and those composed of
them, under the names by which they are called from Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.targets import target_name

_LOWER = frozenset(
    {
        *(
            "conv1d",
            "conv2d",
            "conv3d",
            "conv_tbc",
            "conv_transpose1d",
            "conv_transpose2d",
            "conv_transpose3d",
        ),
        *("mm", "bmm", "addmm", "addbmm", "baddbmm", "matmul", "linear", "vecdot", "linalg_vecdot", "prelu"),
        *("einsum", "tensordot", "chain_matmul", "multi_dot", "affine_grid", "affine_grid_generator"),
        *(
            "scaled_dot_product_attention",
            "_native_multi_head_attention",
            "lstm",
            "rnn_tanh",
            "rnn_relu",
        ),
    }
)
_FULL = frozenset(
    {
        *("avg_pool3d", "binary_cross_entropy", "grid_sample", "grid_sampler", "polar", "prod", "quantile"),
        *("nanquantile", "stft", "cdist", "trace", "view_as_complex", "cholesky", "inverse", "pinverse"),
        *("adaptive_avg_pool3d", "mse_loss", "cosine_embedding_loss", "nll_loss", "hinge_embedding_loss"),
        *(
            "poisson_nll_loss",
            "smooth_l1_loss",
            "cross_entropy",
            "l1_loss",
            "huber_loss",
            "margin_ranking_loss",
        ),
        *("soft_margin_loss", "triplet_margin_loss", "multi_margin_loss", "ctc_loss", "kl_div"),
        *("multilabel_margin_loss", "binary_cross_entropy_with_logits"),
    }
)


@cache
def _policy(func: Any) -> str:
    name = target_name(func)
    if name in _LOWER:
        return "lower"
    package = str(getattr(func, "__module__", ""))
    full = name in _FULL or name.startswith(("fft_", "linalg_")) or "fft" in package or "linalg" in package
    return "full" if full else ""


def is_cast(func: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Return True if a function's arguments are converted while autocasting is switched on."""
    if not _policy(func):
        return False
    return func is not torch.einsum or len(tensors_of(args)) > 1  # of one it makes a view or a sum


def cast(func: Callable[..., Any], value: Any) -> Any:
    """Return arguments of a function with their tensors converted."""
    dtype = torch.get_autocast_dtype("cpu") if _policy(func) == "lower" else torch.float32

    def convert(tensor: Tensor) -> Tensor:
        eligible = tensor.is_floating_point() and tensor.dtype is not torch.float64
        return tensor.to(dtype) if eligible else tensor

    return map_tensors(value, convert)


@contextmanager
def switched_off() -> Iterator[None]:
    """Convert nothing inside of a function that was converted as a whole."""
    torch.set_autocast_enabled("cpu", False)
    try:
        yield
    finally:
        torch.set_autocast_enabled("cpu", True)
