"""Tiny models, one peculiarity each, for the tests of recording."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Mlp(nn.Module):
    """Two layers and dropout."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.first = nn.Linear(width, 2 * width)
        self.drop = nn.Dropout(0.5)
        self.second = nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.drop(F.relu(self.first(x))))


class Helpers(nn.Module):
    """Works in helper methods, calls a child's forward directly, fills a dict it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.neck = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features = self._encode(x, scale=2)
        out: dict[str, Tensor] = {"features": features}
        self._fill(out, features)
        self._note("nothing that is a tensor")
        return out

    def _encode(self, x: Tensor, scale: int) -> Tensor:
        return self.neck.forward(x) * scale

    def _fill(self, out: dict[str, Tensor], features: Tensor) -> None:
        out["scores"] = self.head(features)

    def _note(self, text: str) -> str:
        return text.upper()


class Base(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.helper(self.linear(x))

    def helper(self, x: Tensor) -> Tensor:
        return x + 1


class Middle(Base):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * 2


class Top(Middle):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) - 1

    def helper(self, x: Tensor) -> Tensor:
        return super().helper(x) / 2


class Recursive(nn.Module):
    """Calls itself: its own forward directly, as trees do."""

    def forward(self, x: Tensor, depth: int = 2) -> Tensor:
        return x if depth == 0 else self.forward(x, depth - 1) + 1


class Shared(nn.Module):
    """One module under two names, and two containers."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(3, 3)
        self.right = self.left
        self.many = nn.ModuleList([nn.Linear(3, 3) for _ in range(2)])
        self.named = nn.ModuleDict({"a": nn.Linear(3, 3)})

    def forward(self, x: Tensor) -> Tensor:
        x = self.right(self.left(x))
        for layer in self.many:
            x = layer(x)
        return self.named["a"](x)


class Changing(nn.Module):
    """Takes a module away and adds one while it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.old = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        if hasattr(self, "old"):
            x = self.old(x)
            del self.old
        self.new = nn.Linear(3, 3)
        return self.new(x)


class Swallows(nn.Module):
    """Tries one thing, fails, does another."""

    def __init__(self, fail: bool = False) -> None:
        super().__init__()
        self.broken = Broken()
        self.linear = nn.Linear(4, 4)
        self.fail = fail

    def forward(self, x: Tensor) -> Tensor:
        try:
            x = self.broken(x)
        except RuntimeError:
            x = self.linear(x)
        if self.fail:
            raise ValueError("of its own")
        return x


class Broken(nn.Module):
    """Multiplies what does not fit."""

    def forward(self, x: Tensor) -> Tensor:
        y = x + 1
        return y @ torch.ones(7, 7)


class Crash(nn.Module):
    """Runs well for a while, then fails two calls down."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.inner = nn.Sequential(nn.ReLU(), Broken())

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(self.linear(x))


@dataclass
class Record:
    boxes: Tensor
    label: str = "cat"
    extra: list[Any] = field(default_factory=list)


Pair = namedtuple("Pair", ["first", "second"])


class Bag:
    """A plain object with tensors as attributes, and another such object."""

    def __init__(self, tensor: Tensor, inner: Bag | None = None) -> None:
        self.tensor = tensor
        self.inner = inner
        self.name = "bag"


class Nested(nn.Module):
    """Gives back everything it was given, and more."""

    def forward(self, x: Any, *, mode: str = "fast", flag: bool = True, scale: float | None = None) -> Any:
        return x


class Recurrent(nn.Module):
    def __init__(self, kind: str = "LSTM") -> None:
        super().__init__()
        self.cell = getattr(nn, kind)(4, 6, num_layers=2, batch_first=True, bidirectional=True)
        self.out = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        hidden, _ = self.cell(x)
        return self.out(hidden[:, -1])


class ConvNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.norm(self.conv(x))))
        x = F.interpolate(x, size=(9, 9), mode="bilinear", align_corners=False)
        return self.head(x.flatten(2).mean(-1))


class Tokens(nn.Module):
    """Embeds tokens and attends with einsum."""

    def __init__(self, causal: bool = True) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 16)
        self.norm = nn.LayerNorm(16)
        self.qkv = nn.Linear(16, 48)
        self.causal = causal

    def forward(self, ids: Tensor) -> Tensor:
        x = self.norm(self.embed(ids))
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        score = torch.einsum("bqc,bkc->bqk", query, key) / 4
        if self.causal:
            mask = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).tril()
            score = score.masked_fill(~mask, float("-inf"))
        return score.softmax(-1) @ value


class Attention(nn.Module):
    """Multi-head attention as in torchvision's and other people's blocks."""

    def __init__(self, batch_first: bool = True, need_weights: bool = False) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 4, batch_first=batch_first)
        self.need_weights = need_weights

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        y, _ = self.attention(y, y, y, need_weights=self.need_weights)
        return x + y


class Cross(nn.Module):
    """Attention from queries to other tokens, which never takes the fused path."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, queries: Tensor, tokens: Tensor) -> Tensor:
        return self.attention(queries, tokens, tokens)[0]


class Reads(nn.Module):
    """Reads a tensor into Python in the way that is asked for."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        first = x.sum()
        if self.how == "item":
            return x * first.item()
        if self.how == "bool":
            return x if first > 0 else -x
        if self.how == "int":
            return x[: 1 + int(first) % 2]
        if self.how == "float":
            return x * float(first)
        if self.how == "tolist":
            return x * x.tolist()[0][0]
        if self.how == "numpy":
            return x * float(x.detach().numpy()[0, 0])
        if self.how == "index":
            return x[range(2)[first.long() * 0]]
        if self.how == "equal":
            return x if torch.equal(x, x + 0) else -x
        if self.how == "contains":
            return x if 1.0 in x else -x
        raise ValueError(self.how)
