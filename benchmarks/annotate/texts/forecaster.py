"""Load forecasting with inverted attention: every meter is a token.

Shapes use B batch, V meters, L history, D width, P horizon.
"""
import torch
from torch import nn


class Mixer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens):
        """
        Parameters
        ----------
        tokens : Tensor, shape (B, V, D)

        Returns
        -------
        Tensor, shape (B, D, V)
        """
        b, v, d = tokens.shape  # 3, 21, 96
        q, k, t = self.qkv(self.norm(tokens)).chunk(3, dim=-1)
        q, k, t = (each.view(b, v, self.heads, -1).transpose(1, 2) for each in (q, k, t))
        # q: B,h,V,D/h = 3,6,21,16
        scores = q @ k.transpose(-1, -2)  # (3, 6, 16, 16)
        mixed = scores.softmax(-1) @ t    # (3, 6, 21, 16)
        mixed = mixed.transpose(1, 2).reshape(b, v, d)
        return tokens + self.proj(mixed)  # residual


class Forecaster(nn.Module):
    def __init__(self, history=168, horizon=24, width=96, heads=6, depth=2):
        super().__init__()
        self.embed = nn.Linear(history, width)
        self.calendar = nn.Embedding(24 * 7, width)
        self.mixers = nn.ModuleList(Mixer(width, heads) for _ in range(depth))
        self.head = nn.Linear(width, horizon)

    def forward(self, load, hour):
        # load is time-major as the loader gives it: [168, 3, 21]
        mean = load.mean(1, keepdim=True)
        load = load - mean
        x = load.transpose(1, 2)                    # [3, 21, 168]
        x = self.embed(x)                           # [3, 21, 96]
        # one vector per sample, [3, 96], spread over all 21 meters
        x = x + self.calendar(hour)[:, None]
        for mixer in self.mixers:
            x = mixer(x)
        y = self.head(x).transpose(1, 2)            # 21 x 24 -> 24 x 21, per sample; with the batch [3, 24, 21]
        return y + mean                             # [3, 48, 21]


def build():
    return Forecaster().eval(), (torch.rand(3, 168, 21), torch.randint(0, 168, (3,)))
