"""Patch transformer for electricity load, channel by channel."""
import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads, self.d_k = n_heads, d_model // n_heads
        self.wq = nn.Linear(d_model, d_model)
        self.wk = nn.Linear(d_model, d_model)
        self.wv = nn.Linear(d_model, d_model)
        self.wo = nn.Linear(d_model, d_model)

    def forward(self, x):
        b, n, d = x.shape
        q = self.wq(x).view(b, n, self.n_heads, self.d_k).transpose(1, 2)
        k = self.wk(x).view(b, n, self.n_heads, self.d_k).permute(0, 2, 3, 1)
        v = self.wv(x).view(b, n, self.n_heads, self.d_k).transpose(1, 2)
        scores = q @ k / self.d_k ** 0.5
        attn = scores.softmax(dim=-1)
        out = (attn @ v).transpose(1, 2).reshape(b, n, d)
        return self.wo(out)


class Layer(nn.Module):
    def __init__(self, d_model, n_heads, d_ff):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.attn = Attention(d_model, n_heads)
        self.ff1 = nn.Linear(d_model, d_ff)
        self.ff2 = nn.Linear(d_ff, d_model)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.ff2(F.gelu(self.ff1(self.norm2(x))))


class DuBao(nn.Module):
    def __init__(self, seq_len=96, horizon=24, patch_len=16, stride=8, d_model=64, n_heads=4, d_ff=160, depth=3):
        super().__init__()
        self.patch_len, self.stride = patch_len, stride
        n_patch = (seq_len - patch_len) // stride + 2
        self.embed = nn.Linear(patch_len, d_model)
        self.pos = nn.Parameter(torch.zeros(1, n_patch, d_model))
        self.layers = nn.ModuleList(Layer(d_model, n_heads, d_ff) for _ in range(depth))
        self.head = nn.Linear(n_patch * d_model, horizon)

    def forward(self, x):
        mean = x.mean(dim=1, keepdim=True)
        std = x.std(dim=1, keepdim=True) + 1e-5
        x = (x - mean) / std
        B, L, C = x.shape
        z = x.transpose(1, 2).reshape(B * C, L)
        z = F.pad(z.unsqueeze(1), (0, self.stride), mode="replicate").squeeze(1)
        patches = z.unfold(-1, self.patch_len, self.stride)
        tok = self.embed(patches) + self.pos
        for layer in self.layers:
            tok = layer(tok)
        flat = tok.flatten(1)
        y = self.head(flat).view(B, C, -1).transpose(1, 2)
        return y * std + mean


def build():
    return DuBao(), (torch.rand(4, 96, 7),)
