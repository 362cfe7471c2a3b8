"""A small captioner: CNN encoder, attention decoder."""
import torch
from torch import nn
import torch.nn.functional as F


class GridEncoder(nn.Module):
    def __init__(self, width=96):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 5, stride=4, padding=2)
        self.mid = nn.Conv2d(32, 64, 3, stride=2, padding=1)
        self.last = nn.Conv2d(64, width, 3, stride=2, padding=1)

    def forward(self, picture):
        x = F.relu(self.stem(picture))  # [2, 32, 32, 40]
        x = F.relu(self.mid(x))  # [2, 64, 16, 20]
        grid = self.last(x)  # [2, 96, 8, 12]
        cells = grid.flatten(2)  # (2, 96, 80)
        return cells.transpose(1, 2)  # (2, 80, 96)


class Reader(nn.Module):
    def __init__(self, width=96, heads=4):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, words, cells):
        b, t, c = words.shape
        q = self.q(words).view(b, t, self.heads, c // self.heads).transpose(1, 2)  # B x 4 x 9 x 24
        kv = self.kv(cells)  # [2, 80, 192]
        k, v = kv.chunk(2, dim=-1)
        k = k.view(b, -1, self.heads, c // self.heads).transpose(1, 2)  # [2, 80, 4, 24]
        v = v.view(b, -1, self.heads, c // self.heads).transpose(1, 2)  # [2, 4, 80, 24]
        scores = q @ k.transpose(-2, -1) / 24 ** 0.5  # (2, 4, 9, 80)
        weights = scores.softmax(-1)
        mixed = weights @ v  # (2, 4, 80, 24)
        mixed = mixed.transpose(1, 2).reshape(b, t, c)  # (2, 9, 96)
        return self.out(mixed)


class Captioner(nn.Module):
    def __init__(self, vocabulary=500, width=96):
        super().__init__()
        self.encoder = GridEncoder(width)
        self.words = nn.Embedding(vocabulary, width)
        self.rnn = nn.GRU(width, width, batch_first=True)
        self.reader = Reader(width)
        self.head = nn.Linear(2 * width, vocabulary)

    def forward(self, picture, tokens):
        cells = self.encoder(picture)
        words = self.words(tokens)  # [2, 9, 96]
        states, last = self.rnn(words)
        read = self.reader(states, cells)
        both = torch.cat([states, read], dim=-1)  # [2, 9, 96]
        logits = self.head(both)  # [2, 9, 500]
        return logits.log_softmax(-1)


def build():
    return Captioner(), (torch.zeros(2, 3, 128, 160), torch.zeros(2, 9, dtype=torch.long))
