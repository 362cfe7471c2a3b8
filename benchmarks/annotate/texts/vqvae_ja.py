"""小さな VQ-VAE(手書き風グレースケール画像用)。"""

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 4, stride=2, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 4, stride=2, padding=1)
        self.res = nn.Conv2d(64, 64, 3, padding=1)
        self.to_code = nn.Conv2d(64, 24, 1)

    def forward(self, x):
        x = self.conv1(x).relu()
        x = self.conv2(x).relu()
        x = x + self.res(x).relu()
        return self.to_code(x)


class Quantizer(nn.Module):
    def __init__(self, k=96, d=24):
        super().__init__()
        self.codebook = nn.Embedding(k, d)

    def forward(self, z):
        b, d, h, w = z.shape
        flat = z.permute(0, 2, 3, 1).reshape(-1, d)
        e = self.codebook.weight
        dist = flat.pow(2).sum(1, keepdim=True) - 2 * flat @ e.t() + e.pow(2).sum(1)
        idx = dist.argmin(1)
        q = self.codebook(idx).view(b, h, w, d).permute(0, 3, 1, 2)
        q = z + (q - z).detach()
        return q, idx.view(b, h, w)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.from_code = nn.Conv2d(24, 64, 3, padding=1)
        self.up1 = nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1)
        self.up2 = nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1)

    def forward(self, q):
        x = self.from_code(q).relu()
        x = self.up1(x).relu()
        return self.up2(x).sigmoid()


class VQVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.quantizer = Quantizer()
        self.decoder = Decoder()

    def forward(self, x):
        z = self.encoder(x)
        q, idx = self.quantizer(z)
        return self.decoder(q), idx


def build():
    return VQVAE(), (torch.rand(5, 1, 40, 40),)
