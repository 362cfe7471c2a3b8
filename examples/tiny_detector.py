"""A small detector, to see how a model of your own is traced and guarded.

    shapeflow trace --model examples/tiny_detector.py:build
    shapeflow check --run examples/tiny_detector.md

Pictures are cut into patches, two encoder layers look at the patches, and each of a few learned queries
looks for one object. Nothing here needs a GPU or weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PatchEmbedding(nn.Module):
    """Cuts pictures into square patches and makes a vector of each."""

    def __init__(self, width: int, patch: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(3, width, kernel_size=patch, stride=patch)
        self.norm = nn.LayerNorm(width)

    def forward(self, images: Tensor) -> Tensor:
        """Return one vector a patch, row by row."""
        patches = self.projection(images).flatten(2).transpose(1, 2)
        normed: Tensor = self.norm(patches)
        return normed


class EncoderLayer(nn.Module):
    """Lets each patch look at all others, then thinks about each by itself."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(width)
        self.expand = nn.Linear(width, 4 * width)
        self.contract = nn.Linear(4 * width, width)

    def forward(self, patches: Tensor) -> Tensor:
        """Return the patches, each knowing more of the others."""
        normed = self.norm1(patches)
        patches = patches + self.attention(normed, normed, normed, need_weights=False)[0]
        thought: Tensor = self.contract(self.expand(self.norm2(patches)).relu())
        return patches + thought


class Decoder(nn.Module):
    """Lets a fixed number of queries collect what they look for."""

    def __init__(self, width: int, heads: int, queries: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(queries, width) * 0.02)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return the queries, and how much each looked at each patch."""
        queries = self.queries.expand(len(memory), -1, -1)
        found, weights = self.attention(queries, memory, memory)
        return queries + found, weights


class TinyDetector(nn.Module):
    """Finds boxes in pictures: patches, encoder, queries, two heads."""

    def __init__(
        self, width: int = 64, patch: int = 16, heads: int = 4, layers: int = 2, queries: int = 10
    ) -> None:
        super().__init__()
        self.patch = patch
        self.embed = PatchEmbedding(width, patch)
        self.summary = nn.Parameter(torch.zeros(1, 1, width))
        self.layers = nn.ModuleList(EncoderLayer(width, heads) for _ in range(layers))
        self.decoder = Decoder(width, heads, queries)
        self.box_head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 4))
        self.score_head = nn.Linear(width, 1)
        self.mask_head = nn.Linear(width, width)
        self.with_masks = False

    def encode(self, images: Tensor) -> Tensor:
        """Return the patches of pictures as vectors, a summary of the picture in front."""
        patches = self.embed(images)
        summary = self.summary.expand(len(images), -1, -1)
        encoded = torch.cat([summary, patches], dim=1)
        for layer in self.layers:
            encoded = layer(encoded)
        return encoded

    def forward(self, images: Tensor) -> dict[str, Tensor | None]:
        """Return boxes and scores; masks only if they are asked for."""
        encoded = self.encode(images)
        found, _ = self.decoder(encoded)
        masks = torch.einsum("bqc,bnc->bqn", self.mask_head(found), encoded) if self.with_masks else None
        return {
            "boxes": self.box_head(found).sigmoid(),
            "scores": self.score_head(found).squeeze(-1),
            "masks": masks,
            "summary": encoded[:, 0],
        }


def build() -> tuple[nn.Module, tuple[Tensor, ...]]:
    """Return the model and two pictures of 128 by 96 pixels, as ``shapeflow trace --model`` wants them."""
    return TinyDetector().eval(), (torch.rand(2, 3, 128, 96),)
