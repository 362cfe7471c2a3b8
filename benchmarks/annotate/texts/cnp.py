"""Processo neurale con attenzione: esempio piccolo per il corso."""

import torch
from torch import nn


class CrossAttention(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.h, self.dk = h, d // h
        self.wq = nn.Linear(2, d, bias=False)
        self.wk = nn.Linear(2, d, bias=False)
        self.wv = nn.Linear(96, d, bias=False)
        self.wo = nn.Linear(d, d)

    def split(self, t):
        b, n, _ = t.shape
        return t.reshape(b, n, self.h, self.dk).transpose(1, 2)

    def forward(self, xt, xc, r):
        q, k, v = self.split(self.wq(xt)), self.split(self.wk(xc)), self.split(self.wv(r))
        scores = q @ k.transpose(-2, -1) / self.dk**0.5
        alpha = scores.softmax(-1)
        out = (alpha @ v).transpose(1, 2).flatten(2)
        return self.wo(out)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 48), nn.ReLU(), nn.Linear(48, 96))

    def forward(self, xc, yc):
        return self.net(torch.cat([xc, yc], dim=-1))


class Latent(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(96, 40), nn.ReLU(), nn.Linear(40, 32))

    def forward(self, r):
        s = r.mean(1)
        mu, logvar = self.net(s).chunk(2, dim=-1)
        return mu, logvar


class Decoder(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d + 16 + 2, 128), nn.ReLU(), nn.Linear(128, 2))

    def forward(self, xt, c, z):
        z = z.unsqueeze(1).expand(-1, xt.shape[1], -1)
        h = torch.cat([xt, c, z], dim=-1)
        mean, raw = self.net(h).chunk(2, dim=-1)
        return mean, nn.functional.softplus(raw)


class NeuralProcess(nn.Module):
    def __init__(self, d=64, h=4):
        super().__init__()
        self.encoder = Encoder()
        self.attention = CrossAttention(d, h)
        self.latent = Latent()
        self.decoder = Decoder(d)

    def forward(self, xc, yc, xt):
        r = self.encoder(xc, yc)
        c = self.attention(xt, xc, r)
        mu, logvar = self.latent(r)
        return self.decoder(xt, c, mu)


def build():
    return NeuralProcess(), (torch.randn(4, 10, 2), torch.randn(4, 10, 1), torch.randn(4, 25, 2))
