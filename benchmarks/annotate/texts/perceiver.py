import torch
from torch import nn


class Cross(nn.Module):
    """queries from latents, keys and values from the byte array"""

    def __init__(self, d_latent=96, d_in=40, d_qk=64, heads=4):
        super().__init__()
        self.heads, self.dh = heads, d_qk // heads
        self.ln_z, self.ln_x = nn.LayerNorm(d_latent), nn.LayerNorm(d_in)
        self.to_q = nn.Linear(d_latent, d_qk, bias=False)
        self.to_kv = nn.Linear(d_in, 2 * d_qk, bias=False)
        self.out = nn.Linear(d_qk, d_latent)

    def forward(self, z, x):
        B, N, _ = z.shape
        M = x.shape[1]
        q = self.to_q(self.ln_z(z)).reshape(B, N, self.heads, self.dh).transpose(1, 2)
        k, v = self.to_kv(self.ln_x(x)).chunk(2, -1)
        k = k.reshape(B, M, self.heads, self.dh).transpose(1, 2)
        v = v.reshape(B, M, self.heads, self.dh).transpose(1, 2)
        a = torch.einsum("bhnd,bhmd->bhnm", q, k) * self.dh ** -0.5
        a = a.softmax(-1)
        y = torch.einsum("bhnm,bhmd->bhnd", a, v)
        return z + self.out(y.transpose(1, 2).flatten(2))


class Perceiver(nn.Module):
    def __init__(self, n=32, d=96, freqs=9, classes=10):
        super().__init__()
        self.latents = nn.Parameter(torch.randn(n, d))
        self.freqs = freqs
        self.cross = Cross(d)
        self.tower = nn.ModuleList(
            nn.TransformerEncoderLayer(d, 6, 192, batch_first=True, norm_first=True) for _ in range(2))
        self.head = nn.Linear(d, classes)

    def fourier(self, h, w):
        g = torch.stack(torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij"), -1)
        f = g[..., None] * (2.0 ** torch.arange(self.freqs))
        return torch.cat([f.sin(), f.cos()], -1).flatten(2)

    def forward(self, img):
        B, C, H, W = img.shape
        pos = self.fourier(H, W)
        x = torch.cat([img.permute(0, 2, 3, 1), pos.expand(B, H, W, -1)], -1)
        x = x.flatten(1, 2)
        z = self.latents.expand(B, -1, -1)
        z = self.cross(z, x)
        for t in self.tower:
            z = t(z)
        return self.head(z.mean(1))


def build():
    return Perceiver(), (torch.randn(2, 4, 20, 28),)
