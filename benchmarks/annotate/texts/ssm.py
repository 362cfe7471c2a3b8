"""A byte-level selective state space model, small enough to read."""
import torch
import torch.nn.functional as F
from torch import nn


class SelectiveScan(nn.Module):
    def __init__(self, d_inner, d_state, dt_rank):
        super().__init__()
        self.d_state, self.dt_rank = d_state, dt_rank
        self.A_log = nn.Parameter(torch.log(torch.arange(1, d_state + 1).float()).repeat(d_inner, 1))
        self.D = nn.Parameter(torch.ones(d_inner))
        self.x_proj = nn.Linear(d_inner, dt_rank + 2 * d_state, bias=False)
        self.dt_proj = nn.Linear(dt_rank, d_inner)

    def forward(self, u):
        A = -torch.exp(self.A_log)
        dbc = self.x_proj(u)
        dt, Bm, Cm = dbc.split([self.dt_rank, self.d_state, self.d_state], dim=-1)
        delta = F.softplus(self.dt_proj(dt))
        dA = torch.exp(delta.unsqueeze(-1) * A)
        dBu = delta.unsqueeze(-1) * Bm.unsqueeze(2) * u.unsqueeze(-1)
        h = u.new_zeros(u.shape[0], u.shape[2], self.d_state)
        ys = []
        for t in range(u.shape[1]):
            h = dA[:, t] * h + dBu[:, t]
            ys.append((h * Cm[:, t].unsqueeze(1)).sum(-1))
        y = torch.stack(ys, dim=1)
        return y + u * self.D


class Mixer(nn.Module):
    def __init__(self, d_model=48, expand=2, d_state=8, d_conv=4, dt_rank=3):
        super().__init__()
        d_inner = expand * d_model
        self.norm = nn.LayerNorm(d_model)
        self.in_proj = nn.Linear(d_model, 2 * d_inner, bias=False)
        self.conv = nn.Conv1d(d_inner, d_inner, d_conv, groups=d_inner, padding=d_conv - 1)
        self.scan = SelectiveScan(d_inner, d_state, dt_rank)
        self.out_proj = nn.Linear(d_inner, d_model, bias=False)

    def forward(self, x):
        length = x.shape[1]
        xz = self.in_proj(self.norm(x))
        u, z = xz.chunk(2, dim=-1)
        u = u.transpose(1, 2)
        u = self.conv(u)
        u = u[:, :, :length]
        u = F.silu(u.transpose(1, 2))
        y = self.scan(u)
        y = y * F.silu(z)
        return x + self.out_proj(y)


class ByteSSM(nn.Module):
    def __init__(self, n_layer=3, d_model=48, vocab=256):
        super().__init__()
        self.embed = nn.Embedding(vocab, d_model)
        self.layers = nn.ModuleList(Mixer(d_model) for _ in range(n_layer))
        self.norm_f = nn.LayerNorm(d_model)
        self.lm_head = nn.Linear(d_model, vocab, bias=False)
        self.lm_head.weight = self.embed.weight

    def forward(self, ids):
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x)
        return self.lm_head(self.norm_f(x))


def build():
    return ByteSSM(), (torch.randint(0, 256, (2, 40)),)
