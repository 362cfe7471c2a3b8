"""Every module of ``torch.nn``, in evaluation and in training, on torch's own samples for testing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.models.build import Built, Entry


class Samples(nn.Module):
    """Modules of one class, built in several ways, each called with its own arguments."""

    def __init__(self, members: list[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, calls: list[tuple[tuple[Any, ...], dict[str, Any]]]) -> list[Any]:
        """Return what each module returns."""
        return [member(*args, **kwargs) for member, (args, kwargs) in zip(self.members, calls, strict=True)]


def entries() -> Iterator[Entry]:
    """Yield each module class in both modes."""
    from torch.testing._internal.common_modules import module_db

    cases: dict[str, Callable[[bool], Calls]] = {info.name: partial(_samples, info) for info in module_db}
    cases |= {f"nn.{name}": partial(_own, *case) for name, case in OWN.items()}
    for training in (False, True):
        mode = "training" if training else "evaluation"
        for name, make in cases.items():
            build = partial(_build, make, training)
            yield Entry(f"{name}, {mode}", f"module, {mode}", "torch", build, may_exist="Lazy" not in name)


Calls = list[tuple[nn.Module, tuple[Any, ...], dict[str, Any]]]


def _build(make: Callable[[bool], Calls], training: bool) -> Built:
    calls = make(training)
    model = Samples([module for module, _, _ in calls]).train(training)
    return model, {"calls": [(args, kwargs) for _, args, kwargs in calls]}


def _samples(info: Any, training: bool) -> Calls:
    dtype = torch.float64 if "Fractional" in info.name else torch.float32  # their samples mix two
    inputs = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=False, training=training)
    calls = []
    for each in inputs:
        built, called = each.constructor_input, each.forward_input
        if called is not None:
            calls.append((info.module_cls(*built.args, **built.kwargs), called.args, called.kwargs))
    return calls


def _own(make: Callable[[], nn.Module], inputs: Callable[[], tuple[Any, ...]], training: bool) -> Calls:
    return [(make(), inputs(), {})]


def _numbers(*shape: int) -> Callable[[], tuple[Tensor]]:
    return lambda: (torch.rand(*shape),)


def _unpooled(dims: int) -> Callable[[], tuple[Any, ...]]:
    size = (1, 2, *(8,) * dims)
    pool = getattr(nn.functional, f"max_pool{dims}d")
    return lambda: tuple(pool(torch.rand(size), 2, return_indices=True))


OWN: dict[str, tuple[Callable[[], nn.Module], Callable[[], tuple[Any, ...]]]] = {
    "AdaptiveLogSoftmaxWithLoss": (
        lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 12]),
        lambda: (torch.rand(4, 8), torch.tensor([1, 6, 14, 19])),
    ),
    "AlphaDropout": (nn.AlphaDropout, _numbers(2, 3)),
    "ChannelShuffle": (lambda: nn.ChannelShuffle(2), _numbers(1, 4, 3, 3)),
    "CosineSimilarity": (nn.CosineSimilarity, lambda: (torch.rand(3, 4), torch.rand(3, 4))),
    "CrossMapLRN2d": (lambda: nn.CrossMapLRN2d(3), _numbers(1, 4, 5, 5)),
    "Dropout": (nn.Dropout, _numbers(2, 3)),
    "Dropout1d": (nn.Dropout1d, _numbers(2, 3, 4)),
    "Dropout2d": (nn.Dropout2d, _numbers(2, 3, 4, 4)),
    "Dropout3d": (nn.Dropout3d, _numbers(2, 3, 4, 4, 4)),
    "EmbeddingBag": (
        lambda: nn.EmbeddingBag(10, 3),
        lambda: (torch.tensor([1, 2, 4, 5, 4, 3]), torch.tensor([0, 3])),
    ),
    "FeatureAlphaDropout": (nn.FeatureAlphaDropout, _numbers(2, 3, 4)),
    "Flatten": (nn.Flatten, _numbers(2, 3, 4)),
    "Fold": (lambda: nn.Fold((4, 5), (2, 2)), _numbers(1, 12, 12)),
    "Hardsigmoid": (nn.Hardsigmoid, _numbers(2, 3)),
    "Identity": (nn.Identity, _numbers(2, 3)),
    "LazyInstanceNorm1d": (nn.LazyInstanceNorm1d, _numbers(4, 3, 5)),
    "LazyInstanceNorm2d": (nn.LazyInstanceNorm2d, _numbers(4, 3, 5, 5)),
    "LazyInstanceNorm3d": (nn.LazyInstanceNorm3d, _numbers(4, 3, 5, 5, 5)),
    "LazyLinear": (lambda: nn.LazyLinear(4), _numbers(2, 3)),
    "LazyBatchNorm1d": (nn.LazyBatchNorm1d, _numbers(4, 3, 5)),
    "LazyBatchNorm2d": (nn.LazyBatchNorm2d, _numbers(4, 3, 5, 5)),
    "LazyBatchNorm3d": (nn.LazyBatchNorm3d, _numbers(4, 3, 5, 5, 5)),
    "MaxUnpool1d": (lambda: nn.MaxUnpool1d(2), _unpooled(1)),
    "MaxUnpool2d": (lambda: nn.MaxUnpool2d(2), _unpooled(2)),
    "MaxUnpool3d": (lambda: nn.MaxUnpool3d(2), _unpooled(3)),
    "PairwiseDistance": (nn.PairwiseDistance, lambda: (torch.rand(3, 4), torch.rand(3, 4))),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), _numbers(1, 8, 3, 3)),
    "PixelUnshuffle": (lambda: nn.PixelUnshuffle(2), _numbers(1, 2, 6, 6)),
    "RReLU": (nn.RReLU, _numbers(2, 3)),
    "Sequential": (lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU()), _numbers(2, 3)),
    "TransformerDecoder": (
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), 2),
        lambda: (torch.rand(2, 5, 8), torch.rand(2, 7, 8)),
    ),
    "TripletMarginLoss": (
        nn.TripletMarginLoss,
        lambda: (torch.rand(3, 4), torch.rand(3, 4), torch.rand(3, 4)),
    ),
    "TripletMarginWithDistanceLoss": (
        nn.TripletMarginWithDistanceLoss,
        lambda: (torch.rand(3, 4), torch.rand(3, 4), torch.rand(3, 4)),
    ),
    "Unflatten": (lambda: nn.Unflatten(1, (2, 3)), _numbers(2, 6)),
    "Unfold": (lambda: nn.Unfold((2, 2)), _numbers(1, 3, 4, 5)),
    "Upsample": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), _numbers(1, 3, 4, 4)),
    "UpsamplingBilinear2d": (lambda: nn.UpsamplingBilinear2d(scale_factor=2), _numbers(1, 3, 4, 4)),
    "UpsamplingNearest2d": (lambda: nn.UpsamplingNearest2d(scale_factor=2), _numbers(1, 3, 4, 4)),
}
"""The classes that torch has no samples for: how each is built, and what it is called with."""
