"""Small models whose inputs can vary in different ways; each function is a factory for ``--model``."""

from __future__ import annotations

import torch
from torch import nn


class Tagger(nn.Module):
    """Tokens, a mask of the same size, and an input that nobody reads."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(100, 32)
        self.layers = nn.ModuleList(nn.Linear(32, 32) for _ in range(3))
        self.pad = nn.Linear(32, 32)
        self.head = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 5))

    def front(self, words):
        start = torch.zeros(len(words), 1, 32)
        return torch.cat([start, words], dim=1)

    def forward(self, tokens, mask, extra=None):
        words = self.front(self.words(tokens) * mask[..., None])
        for layer in self.layers:
            words = words + layer(words)
        return {"tags": self.head(words), "hidden": None}


def tagger():
    """Batch and length are 4 both."""
    return Tagger(), (torch.randint(0, 100, (4, 4)), torch.ones(4, 4), torch.zeros(4, 4))


class Looking(nn.Module):
    """Queries look at keys; the sequence comes first, and the batch is 1."""

    def __init__(self):
        super().__init__()
        self.look = nn.MultiheadAttention(16, 2)

    def forward(self, query, keys, places, mask):
        found, weights = self.look(query + places[:, None], keys, keys, key_padding_mask=mask)
        return torch.cat([found, keys]), weights


def looking():
    return Looking(), (
        torch.rand(10, 1, 16),
        torch.rand(10, 1, 16),
        torch.rand(10, 16),
        torch.zeros(1, 10, dtype=torch.bool),
    )


class Square(nn.Module):
    """A picture, and a mask of its height and width, which are equal."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, stride=4)

    def forward(self, image, mask):
        return self.patches(image * mask[:, None]).flatten(2)


def square():
    return Square(), (torch.rand(2, 3, 32, 32), torch.ones(2, 32, 32))


class Steps(nn.Module):
    """As many calls of a cell as the sequence is long."""

    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(8, 16)

    def forward(self, x):
        state = x.new_zeros(len(x), 16)
        for step in range(x.shape[1]):
            state = self.cell(x[:, step], state)
        return state


def steps():
    return Steps(), torch.rand(3, 5, 8)


class Twice(nn.Module):
    """One head called with different shapes, and a part that keeps what another one gave."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        each = [self.head(x) for _ in range(3)]
        return torch.stack(each), self.head(torch.stack([x, x]))


def twice():
    return Twice(), torch.rand(2, 8)


class Fixed(nn.Module):
    def forward(self, x):
        if x.shape != (3, 4):
            raise ValueError("another size")
        return x + 1


def fixed():
    return Fixed(), torch.rand(3, 4)


class Chooser(nn.Module):
    """Reads values, so that it cannot run shapes-only."""

    def forward(self, x):
        return x[x[:, 0] > 0.5], x * 2


def chooser():
    return Chooser(), torch.rand(8, 4)


def crashing():
    return Fixed(), torch.rand(4, 4)


class Plain(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = nn.Linear(width, width)

    def forward(self, x):
        return self.layer(x)


def plain():
    return Plain(4), torch.rand(2, 4)


class Block(nn.Module):
    """Adds what it has `learnt` to what it is given. The rest of this is not told."""

    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Linear(width, 2 * width)
        self.back = nn.Linear(2 * width, width)

    def forward(self, x):
        B, N, C = x.shape
        assert min(B, N, C) > 0
        return x + self.back(self.mix(self.norm(x)))


class Stack(nn.Module):
    """```shapes
    ---
    said "it": this holds   [1, 2]
    # A heading <script>
    """

    def __init__(self):
        super().__init__()
        self.config = Settings()
        self.start = nn.Parameter(torch.zeros(1, 1, 24))
        self.blocks = nn.ModuleList(Block(24) for _ in range(3))

    def forward(self, x):
        x = torch.cat([self.start.expand(len(x), -1, -1), x], dim=1)
        for block in self.blocks:
            x = block(x)
        return x


class Settings:
    """What a model of transformers has."""

    def __init__(self):
        self.hidden_size = 24
        self.num_layers = 3
        self.pad_token_id = 24


def stack():
    return Stack(), torch.rand(2, 5, 24)


class Shared(nn.Module):
    """An encoder's and a decoder's rows: viewed with the number of the other's."""

    def __init__(self):
        super().__init__()
        self.keys = nn.Linear(8, 8)

    def forward(self, x, y):
        keys = self.keys(x).view(len(y), -1, 2, 4)
        return torch.einsum("bqhc,bkhc->bhqk", y.view(len(y), y.shape[1], 2, 4), keys)


def shared():
    return Shared(), (torch.rand(2, 12, 8), torch.rand(2, 6, 8))


class Picture(nn.Module):
    """Rounds up, and folds."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.second = nn.Conv2d(6, 6, 3, stride=2, padding=1)

    def forward(self, image):
        return self.second(self.first(image)).flatten(2).transpose(1, 2)


def rounding():
    return Picture(), torch.rand(2, 3, 32, 32)


class Patches(nn.Module):
    """Refuses pictures that it cannot cut."""

    def __init__(self):
        super().__init__()
        self.cut = nn.Conv2d(3, 6, 4, stride=4)

    def forward(self, image):
        if image.shape[-1] % 4 or image.shape[-2] % 4:
            raise ValueError("no multiple of 4")
        return self.cut(image).flatten(2)


def patches():
    return Patches(), torch.rand(2, 3, 32, 32)
