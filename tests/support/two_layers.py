"""The source of a model of two layers, for texts that speak of it."""

from __future__ import annotations

NET = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 4), nn.Linear(4, 6)

    def forward(self, x):
        a = self.first(x)
        return self.second(a)


def build():
    return Net(), (torch.ones(2, 8),)
"""
