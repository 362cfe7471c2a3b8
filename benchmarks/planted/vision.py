"""A vision transformer, a U-Net and a convolutional network, each sound with ``bug=""``."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Self-attention on ``[B, N, C]``."""

    def __init__(self, width: int, heads: int, bug: str = "") -> None:
        super().__init__()
        self.heads, self.bug = heads, bug
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        if self.bug == "heads by view":
            query, key, value = (
                part.contiguous().view(batch, self.heads, length, width // self.heads)
                for part in (query, key, value)
            )
        else:
            query, key, value = (
                part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
                for part in (query, key, value)
            )
        scores = query @ key.transpose(-2, -1) / (width // self.heads) ** 0.5
        weights = scores.softmax(dim=0 if self.bug == "softmax over batch" else -1)
        mixed = weights @ value
        if self.bug == "heads joined by view":
            return self.proj(mixed.contiguous().view(batch, length, width))
        return self.proj(mixed.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, bug: str = "") -> None:
        super().__init__()
        self.bug = bug
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads, bug)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        attended = self.attn(self.norm1(x))
        x = attended if self.bug == "no residual" else x + attended
        if self.bug == "norm forgotten":
            return x + self.mlp(x)
        if self.bug == "norm thrown away":
            self.norm2(x)
            return x + self.mlp(x)
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    """A ViT with a class token."""

    def __init__(self, bug: str = "", at: int | None = None, depth: int = 5) -> None:
        super().__init__()
        self.bug = bug
        self.patch = nn.Conv2d(3, 48, 8, 8)
        self.token = nn.Parameter(torch.zeros(1, 1, 48))
        self.position = nn.Parameter(torch.zeros(1, 17, 48))
        self.blocks = nn.ModuleList(
            Block(48, 4, bug if at is None or at == number else "") for number in range(depth)
        )
        self.norm = nn.LayerNorm(48)
        self.head = nn.Linear(48, 10)

    def forward(self, images: Tensor) -> Tensor:
        if self.bug == "image permuted by view":
            images = images.view(images.shape[0], 3, 32, 32)
        x = self.patch(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.position
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        x = x[:, :1] if self.bug == "token kept as axis" else x[:, 0]
        logits = self.head(x)
        return logits.softmax(0) if self.bug == "classes over batch" else logits


class Double(nn.Module):
    """Two convolutions."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inside, outside, 3, padding=1),
            nn.BatchNorm2d(outside),
            nn.ReLU(),
            nn.Conv2d(outside, outside, 3, padding=1),
            nn.BatchNorm2d(outside),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class UNet(nn.Module):
    """Three levels down and up."""

    def __init__(self, bug: str = "") -> None:
        super().__init__()
        self.bug = bug
        self.down = nn.ModuleList([Double(3, 8), Double(8, 16), Double(16, 32)])
        self.up = nn.ModuleList([Double(48, 16), Double(24, 8)])
        self.gate = nn.Linear(8, 8)
        self.skip = nn.Conv2d(16, 16, 1)
        self.last = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if level else x)
            kept.append(x)
        if self.bug == "half for nothing":
            x = x.half().float()
        skipped = self.skip(kept[1])
        if self.bug == "skip not joined":
            skipped = kept[1]
        x = self.up[0](torch.cat([F.interpolate(x, scale_factor=2.0), skipped], 1))
        if self.bug == "dropout always":
            x = F.dropout(x, 0.2, training=True)
        x = self.up[1](torch.cat([F.interpolate(x, scale_factor=2.0), kept[0]], 1))
        pooled = x.mean((2, 3))
        if self.bug == "gate unused":
            return self.last(x)
        x = x * self.gate(pooled).sigmoid()[:, :, None, None]
        x = self.last(x)
        return x.softmax(dim=0) if self.bug == "masks over batch" else x


class Cnn(nn.Module):
    """A small network on pictures whose last axis is the channels."""

    def __init__(self, bug: str = "") -> None:
        super().__init__()
        self.bug = bug
        self.stem = nn.Conv2d(3, 16, 3, 2, 1)
        self.norm = nn.BatchNorm2d(16)
        self.stages = nn.Sequential(*(nn.Sequential(nn.Conv2d(16, 16, 3, 1, 1), nn.ReLU()) for _ in range(4)))
        if bug == "one stage without relu":
            self.stages[2][1] = nn.Identity()
        self.scale = nn.Linear(16, 1)
        self.head = nn.Linear(16, 5)

    def train(self, mode: bool = True) -> Cnn:
        super().train(mode)
        if self.bug == "norm in training":
            self.norm.train()
        return self

    def forward(self, images: Tensor) -> Tensor:
        batch, height, width, channels = images.shape
        if self.bug == "channels by view":
            x = images.view(batch, channels, height, width)
        elif self.bug == "channels after flatten":
            x = images.flatten(1).reshape(batch, channels, height, width)
        else:
            x = images.permute(0, 3, 1, 2)
        x = self.stages(self.norm(self.stem(x)).relu())
        x = F.adaptive_avg_pool2d(x, 1)
        x = x.squeeze() if self.bug == "squeeze all" else x.flatten(1)
        logits = self.head(x)
        weight = self.scale(x)
        if self.bug == "pairs of weights":
            return logits.mean(1) * weight
        if self.bug == "softmax twice":
            return F.log_softmax((logits * weight).softmax(-1), -1)
        return logits * weight
