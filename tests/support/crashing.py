"""Models that crash, of many kinds, and what they are called with."""

from __future__ import annotations

from typing import Any

import torch
from silent_bugs import Net
from torch import Tensor, nn


class Block(nn.Module):
    """A norm, a layer and a residual; one of several may be narrower, or cut its result."""

    def __init__(self, width: int = 8, inside: int = 8, cut: int = 0) -> None:
        super().__init__()
        self.cut = cut
        self.norm, self.fc = nn.LayerNorm(width), nn.Linear(inside, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.fc(self.norm(x))
        return x[..., : self.cut] if self.cut else x


class Stack(nn.Module):
    """Blocks in a list in a list."""

    def __init__(self, *blocks: nn.Module) -> None:
        super().__init__()
        self.stages = nn.ModuleList([nn.ModuleList(blocks)])

    def forward(self, x: Tensor) -> Tensor:
        for block in self.stages[0]:
            x = block(x)
        return x


class Cnn(nn.Module):
    """Two convolutions and a layer that may not fit."""

    def __init__(self, width: int = 512, channels: int = 8) -> None:
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(channels, 16, 3, 2, 1)
        self.fc = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.c1(x).relu()
        x = self.c2(x).relu()
        x = torch.flatten(x, 1)
        return self.fc(x)


class Helper(nn.Module):
    """Fails in a helper method."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self._decode(x.transpose(0, 1))

    def _decode(self, x: Tensor) -> Tensor:
        return self.fc(x)


class Forgets(nn.Module):
    """A part of it forgets to return."""

    def __init__(self) -> None:
        super().__init__()
        self.part = Net(lambda net, x: None)
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.part(x)
        return self.fc(y)


def _attend(net: Any, x: Tensor, mask: Tensor | None = None) -> Tensor:
    query = net.q(x).view(x.shape[0], -1, 2, 4).transpose(1, 2)
    key = net.k(x).view(x.shape[0], -1, 2, 4).transpose(1, 2)
    return query @ key if mask is None else query @ key.transpose(2, 3) + mask


def _join(net: Any, x: Tensor) -> Tensor:
    y = net.u(net.d(x))
    return torch.cat([x, y], dim=1)


def _back(net: Any, x: Tensor) -> None:
    y = net.a(x).exp()
    z = (y * y).sum()
    y.add_(1)
    z.backward()


def _refuses(net: Any, x: Tensor) -> Tensor:
    y = net.a(x)
    if y.shape[1] != 4:
        raise ValueError(f"mask should be of size (2, 4), but is {tuple(y.shape)}")
    return y


def _again(net: Any, x: Tensor) -> Tensor:
    for number in range(4):
        x = net.a(x[:, :3] if number == 2 else x)
    return x


def layers(*widths: tuple[int, int]) -> dict[str, nn.Module]:
    return {name: nn.Linear(*width) for name, width in zip("abqk", widths, strict=False)}


WIDE = {"q": nn.Linear(8, 8), "k": nn.Linear(8, 8)}
CRASHES: dict[str, tuple[nn.Module, tuple[Tensor, ...], tuple[str, ...]]] = {
    "width after flatten": (
        Cnn(),
        (torch.rand(2, 3, 32, 32),),
        (
            "linear needs [..., 512] here, as fc.weight f32[10, 512] has it",
            "mat1 and mat2 shapes cannot be multiplied (2x1024 and 512x10)",
            "<- 1024 = 16 x 8 x 8 begins here",
            "conv2d in c2@0",
            "last finished call: c2@0 -> f32[2, 16, 8, 8]",
        ),
    ),
    "channels": (
        Cnn(channels=16),
        (torch.rand(2, 3, 32, 32),),
        ("conv2d needs [B, 16, ...] here", "conv2d in c1@0", "<- 8 begins here"),
    ),
    "sizes that are joined": (
        Net(_join, d=nn.Conv2d(3, 8, 3, 2, 1), u=nn.ConvTranspose2d(8, 8, 2, 2)),
        (torch.rand(1, 3, 33, 32),),
        (
            "axis 2 has to be equal in all",
            "conv_transpose2d in u@0",
            "<- 34 begins here",
            "<- 33 begins here",
        ),
    ),
    "a key that was not turned": (
        Net(_attend, **WIDE),
        (torch.rand(2, 5, 8),),
        ("the last axis of one, 4, has to be axis 2 of the other, 5", "transpose in .@0", "linear in q@0"),
    ),
    "a mask of another length": (
        Net(_attend, **WIDE),
        (torch.rand(2, 5, 8), torch.zeros(2, 1, 5, 6)),
        ("sizes are matched from the last axis on, and 5 meets 6", "matmul in .@0", "'in[1]'   <- 6 begins"),
    ),
    "an index out of range": (
        Net(lambda net, x: net.e(x), e=nn.Embedding(5, 4)),
        (torch.tensor([[1, 9]]),),
        ("indices from 0 to 4, as e.weight f32[5, 4] has rows", "index out of range in self"),
    ),
    "two dtypes": (
        Net(lambda net, x: net.a(x.double()), **layers((4, 4))),
        (torch.rand(2, 4),),
        ("linear needs one dtype", "double in .@0", "<- f64 begins here"),
    ),
    "None": (Forgets(), (torch.rand(2, 4),), ("part@0 (Net) gave None, called in",)),
    "a helper": (
        Helper(),
        (torch.rand(5, 7),),
        ("in fc@0 (Linear)", "transpose in .@0", "<- 5 begins here", "linear needs"),
    ),
    "a block that cuts": (
        Stack(Block(), Block(), Block(cut=6), Block()),
        (torch.rand(2, 5, 8),),
        (
            "layer_norm needs [..., 8] here",
            "getitem in stages.0.2@0",
            "<- 6 begins here",
            "stages.0.0.norm, stages.0.1.norm, stages.0.2.norm got in[0] f32[2, 5, 8] here, and "
            "stages.0.3.norm@0 gets in[0] f32[2, 5, 6]",
        ),
    ),
    "a block that is narrow": (
        Stack(Block(), Block(), Block(8, 6)),
        (torch.rand(2, 5, 8),),
        ("stages.0.0.fc, stages.0.1.fc got in[1] f32[8, 8] here, and stages.0.2.fc@0 gets in[1] f32[8, 6]",),
    ),
    "a block that is wide": (
        nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 7), nn.Linear(6, 6)),
        (torch.rand(3, 6),),
        (
            "linear needs [..., 6] here",
            "linear in 2@0",
            "<- 7 begins here",
            "0, 1, 2 got in[0] f32[3, 6] here, and 3@0 gets in[0] f32[3, 7]",
            "0, 1 gave f32[3, 6], and 2@0 gave f32[3, 7]",
        ),
    ),
    "indices of another dtype": (
        Net(lambda net, x: net.e(x), e=nn.Embedding(5, 4)),
        (torch.rand(2, 3),),
        ("indices of i64 or i32, not f32", "an input of the model, 'in[0]'   <- f32 begins here"),
    ),
    "one picture without a batch": (
        Net(lambda net, x: net.c(x), c=nn.Conv2d(3, 4, 3)),
        (torch.rand(5, 8, 8),),
        ("conv2d needs [3, ...] here, as c.weight f32[4, 3, 3, 3] has it", "<- 5 begins here"),
    ),
    "neither a picture nor a batch": (
        Net(lambda net, x: net.c(x), c=nn.Conv2d(3, 4, 3)),
        (torch.rand(8, 8),),
        ("conv2d needs 4 axes here, or 3 without a batch, and gets 2",),
    ),
    "a loss that stretches nothing": (
        Net(lambda net, x, y: nn.functional.binary_cross_entropy_with_logits(net.a(x), y), **layers((4, 1))),
        (torch.rand(3, 4), torch.rand(3)),
        ("binary_cross_entropy_with_logits needs one shape for both",),
    ),
    "two inputs": (
        Net(lambda net, x, y: net.a(x) * net.b(y), **layers((4, 6), (4, 5))),
        (torch.rand(2, 4), torch.rand(2, 4)),
        ("6 meets 5", "linear in a@0", "linear in b@0", "<- 6 begins here", "<- 5 begins here"),
    ),
    "the model's own words": (
        Net(_refuses, **layers((4, 5))),
        (torch.rand(2, 4),),
        ("mask should be of size (2, 4), but is (2, 5)", "f32[2, 5] was made like this", "linear in a@0"),
    ),
    "inside of torch": (
        nn.MultiheadAttention(8, 2, batch_first=True),
        (torch.rand(2, 5, 8), torch.rand(2, 6, 8), torch.rand(2, 7, 8)),
        ("key shape torch.Size([6, 2, 8]) does not match value shape torch.Size([7, 2, 8])", "f32[7, 2, 8]"),
    ),
    "backward": (
        Net(_back, **layers((4, 4))),
        (torch.rand(2, 4),),
        ("modified by an inplace operation", "backward got in[0] f32[]"),
    ),
    "a later call": (
        Net(_again, **layers((4, 4))),
        (torch.rand(2, 4),),
        ("a@0, a@1 got in[0] f32[2, 4] here, and a@2 gets in[0] f32[2, 3]", "getitem in .@0"),
    ),
}
"""Kind -> the model, what it is called with, and what the message has to say."""
