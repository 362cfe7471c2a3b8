"""Switch-style language model with a fixed expert capacity, grouped kv heads and tied output."""

import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, dim=160, heads=10, kv_heads=2):
        super().__init__()
        self.heads, self.kv_heads, self.hd = heads, kv_heads, dim // heads
        self.q_proj = nn.Linear(dim, dim, bias=False)
        self.k_proj = nn.Linear(dim, kv_heads * self.hd, bias=False)
        self.v_proj = nn.Linear(dim, kv_heads * self.hd, bias=False)
        self.o_proj = nn.Linear(dim, dim, bias=False)

    def forward(self, x, mask):
        b, s, d = x.shape
        q = self.q_proj(x).view(b, s, self.heads, self.hd).transpose(1, 2)
        k = self.k_proj(x).view(b, s, self.kv_heads, self.hd).transpose(1, 2)
        v = self.v_proj(x).view(b, s, self.kv_heads, self.hd).transpose(1, 2)
        k = k.repeat_interleave(self.heads // self.kv_heads, dim=1)
        v = v.repeat_interleave(self.heads // self.kv_heads, dim=1)
        att = (q @ k.transpose(2, 3)) * self.hd**-0.5 + mask
        y = (att.softmax(-1) @ v).transpose(1, 2).reshape(b, s, d)
        return self.o_proj(y)


class SwitchFFN(nn.Module):
    def __init__(self, dim=160, hidden=440, experts=6, capacity=15):
        super().__init__()
        self.capacity = capacity
        self.router = nn.Linear(dim, experts, bias=False)
        self.w_in = nn.Parameter(torch.randn(experts, dim, hidden) * 0.02)
        self.w_out = nn.Parameter(torch.randn(experts, hidden, dim) * 0.02)

    def forward(self, x):
        b, s, d = x.shape
        flat = x.reshape(b * s, d)
        probs = self.router(flat).softmax(-1)
        top, choice = probs.max(-1)
        onehot = torch.nn.functional.one_hot(choice, probs.shape[-1])
        place = onehot.cumsum(0) * onehot - 1
        slots = torch.arange(self.capacity, device=x.device)
        dispatch = (place.unsqueeze(-1) == slots).to(x.dtype)
        inputs = torch.einsum("nec,nd->ecd", dispatch, flat)
        h = torch.bmm(inputs, self.w_in).relu()
        outputs = torch.bmm(h, self.w_out)
        combine = dispatch * top[:, None, None]
        y = torch.einsum("nec,ecd->nd", combine, outputs)
        return y.view(b, s, d)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(160), nn.LayerNorm(160)
        self.attn, self.ffn = Attention(), SwitchFFN()

    def forward(self, x, mask):
        x = x + self.attn(self.norm1(x), mask)
        return x + self.ffn(self.norm2(x))


class SwitchLM(nn.Module):
    def __init__(self, vocab=2000, context=64, layers=3):
        super().__init__()
        self.tok = nn.Embedding(vocab, 160)
        self.pos = nn.Embedding(context, 160)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.norm = nn.LayerNorm(160)

    def forward(self, ids):
        s = ids.shape[1]
        x = self.tok(ids) + self.pos(torch.arange(s, device=ids.device))
        mask = torch.full((s, s), -1e4, device=ids.device).triu(1)
        for block in self.blocks:
            x = block(x, mask)
        x = self.norm(x)
        return x @ self.tok.weight.t()


def build():
    return SwitchLM(), (torch.randint(0, 2000, (2, 24)),)
