"""A language model, a detector and a sequence model, each sound with ``bug=""``."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class GptBlock(nn.Module):
    """A causal block with the attention of torch."""

    def __init__(self, width: int, heads: int, bug: str = "") -> None:
        super().__init__()
        self.heads, self.bug = heads, bug
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.proj = nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.ln1(x)
        key = self.query(normed) if self.bug == "key from query" else self.key(normed)
        drop = 0.1 if self.bug == "attention dropout" else 0.0
        query = self.query(normed)
        if self.bug == "cast in attention":
            query = query.to(torch.bfloat16).to(torch.float32)
        mixed = F.scaled_dot_product_attention(
            self.split(query), self.split(key), self.split(self.value(normed)), is_causal=True, dropout_p=drop
        )
        x = x + self.proj(mixed.transpose(1, 2).reshape(x.shape))
        hidden = self.fc1(self.ln2(x))
        if self.bug == "activation forgotten":
            F.gelu(hidden)
            return x + self.fc2(hidden)
        return x + self.fc2(F.gelu(hidden))


class Gpt(nn.Module):
    """Token ids to logits."""

    def __init__(self, bug: str = "", at: int | None = None) -> None:
        super().__init__()
        self.bug = bug
        self.tokens, self.places = nn.Embedding(90, 32), nn.Embedding(16, 32)
        self.blocks = nn.ModuleList(
            GptBlock(32, 4, bug if at is None or at == number else "") for number in range(4)
        )
        self.norm = nn.LayerNorm(32)
        self.head = nn.Linear(32, 90, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids)
        if self.bug != "places forgotten":
            x = x + self.places(torch.arange(ids.shape[1]))
        for block in self.blocks:
            if self.bug == "blocks not chained":
                y = block(x)
            else:
                x = y = block(x)
        return self.head(self.norm(y))


class Detector(nn.Module):
    """Queries that attend to a picture; boxes, classes and a loss."""

    def __init__(self, bug: str = "") -> None:
        super().__init__()
        self.bug = bug
        self.backbone = nn.Sequential(nn.Conv2d(3, 32, 8, 8), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1))
        self.queries = nn.Parameter(torch.zeros(7, 32))
        first = bug != "attention over batch"
        self.encoder = nn.MultiheadAttention(32, 4, batch_first=first)
        self.decoder = nn.MultiheadAttention(32, 4, batch_first=True)
        self.norm = nn.LayerNorm(32)
        self.classes, self.boxes = nn.Linear(32, 5), nn.Linear(32, 4)
        self.score = nn.Linear(32, 1)

    def forward(self, images: Tensor, targets: Tensor) -> dict[str, Tensor]:
        features = self.backbone(images)
        batch, width, rows, columns = features.shape
        if self.bug == "map flattened by view":
            memory = features.reshape(batch, rows * columns, width)
        else:
            memory = features.flatten(2).transpose(1, 2)
        memory = memory + self.encoder(memory, memory, memory, need_weights=False)[0]
        queries = self.queries.expand(batch, -1, -1)
        attended, _ = self.decoder(queries, memory, memory)
        queries = queries + attended
        if self.bug == "norm thrown away":
            self.norm(queries)
        else:
            queries = self.norm(queries)
        score = self.score(queries.mean(1))
        score = score if self.bug == "loss of pairs" else score.squeeze(1)
        return {
            "classes": self.classes(queries),
            "boxes": self.boxes(queries).sigmoid(),
            "loss": F.mse_loss(score, targets),
        }


class Sequence(nn.Module):
    """A recurrent network on ``[B, T, F]`` and a classifier."""

    def __init__(self, bug: str = "") -> None:
        super().__init__()
        self.bug = bug
        self.inside = nn.Linear(6, 16)
        self.lstm = nn.LSTM(16, 16, num_layers=1, batch_first=bug != "time is batch")
        self.weigh = nn.Linear(16, 1)
        self.out = nn.Linear(16, 3)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        states, _ = self.lstm(self.inside(x).tanh())
        if self.bug == "time is batch":
            return self.out(states[:, -1])
        scores = self.weigh(states).squeeze(-1)
        if self.bug == "mask forgotten":
            scores.masked_fill(mask, -1e9)
        else:
            scores = scores.masked_fill(mask, -1e9)
        weights = scores.softmax(0 if self.bug == "weights over batch" else 1)
        if self.bug == "sum kept":
            return self.out((states * weights[..., None]).sum(1, keepdim=True))
        pooled = (states * weights[..., None]).sum(1)
        if self.bug == "centred by coincidence":
            pooled = pooled - pooled.mean(1)
        return self.out(pooled)
