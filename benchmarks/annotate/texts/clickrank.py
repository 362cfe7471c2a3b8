"""Click model: dense features, six categorical ones and a click history."""
import torch
from torch import nn


def mlp(sizes):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers)


class HistoryPool(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(3 * dim, 36), nn.ReLU(), nn.Linear(36, 1))

    def forward(self, history, target):
        target = target.unsqueeze(1).expand_as(history)
        pair = torch.cat([history, target, history * target], dim=-1)
        w = self.score(pair).softmax(dim=1)
        return (w * history).sum(dim=1)


class ClickRank(nn.Module):
    def __init__(self, cards=(1000, 5000, 200, 40, 12, 7), dim=24, n_dense=13):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(c, dim) for c in cards)
        self.bottom = mlp([n_dense, 64, 32, dim])
        self.pool = HistoryPool(dim)
        n = len(cards) + 2
        self.register_buffer("rows", torch.tril_indices(n, n, -1)[0], persistent=False)
        self.register_buffer("cols", torch.tril_indices(n, n, -1)[1], persistent=False)
        self.top = mlp([dim + n * (n - 1) // 2, 64, 32])
        self.logit = nn.Linear(32, 1)

    def forward(self, dense, sparse, history):
        d = self.bottom(dense)
        embs = [table(sparse[:, i]) for i, table in enumerate(self.tables)]
        clicked = self.tables[1](history)
        interest = self.pool(clicked, embs[1])
        T = torch.stack([d, *embs, interest], dim=1)
        Z = torch.bmm(T, T.transpose(1, 2))
        pairs = Z[:, self.rows, self.cols]
        R = torch.cat([d, pairs], dim=1)
        return torch.sigmoid(self.logit(self.top(R))).squeeze(1)


def build():
    dense = torch.rand(16, 13)
    sparse = torch.randint(0, 7, (16, 6))
    history = torch.randint(0, 5000, (16, 20))
    return ClickRank(), (dense, sparse, history)
