"""Petit traducteur encodeur-décodeur pour le TP 6."""
import torch
from torch import nn


class AttentionMultiTete(nn.Module):
    def __init__(self, d=128, h=4):
        super().__init__()
        self.h, self.dk = h, d // h
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))

    def decoupe(self, x):
        b, t, d = x.shape
        return x.reshape(b, t, self.h, self.dk).permute(0, 2, 1, 3)

    def forward(self, x, memoire, masque=None):
        q, k, v = self.decoupe(self.q(x)), self.decoupe(self.k(memoire)), self.decoupe(self.v(memoire))
        scores = torch.matmul(q, k.transpose(2, 3)) / self.dk ** 0.5
        if masque is not None:
            scores = scores.masked_fill(masque, float("-inf"))
        poids = torch.softmax(scores, dim=-1)
        ctx = torch.matmul(poids, v)
        b, h, t, dk = ctx.shape
        return self.o(ctx.permute(0, 2, 1, 3).reshape(b, t, h * dk))


class Couche(nn.Module):
    def __init__(self, decodeur=False, d=128, ff=512):
        super().__init__()
        self.att = AttentionMultiTete(d)
        self.n1 = nn.LayerNorm(d)
        if decodeur:
            self.croisee, self.nc = AttentionMultiTete(d), nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, ff), nn.ReLU(), nn.Linear(ff, d))
        self.n2 = nn.LayerNorm(d)
        self.decodeur = decodeur

    def forward(self, x, memoire=None, masque=None):
        x = self.n1(x + self.att(x, x, masque))
        if self.decodeur:
            x = self.nc(x + self.croisee(x, memoire))
        return self.n2(x + self.ff(x))


class Traducteur(nn.Module):
    def __init__(self, vs=5000, vc=6000, d=128):
        super().__init__()
        self.emb_s, self.emb_c = nn.Embedding(vs, d), nn.Embedding(vc, d)
        self.pos = nn.Parameter(torch.zeros(64, d))
        self.enc = nn.ModuleList(Couche() for _ in range(2))
        self.dec = nn.ModuleList(Couche(True) for _ in range(2))
        self.sortie = nn.Linear(d, vc)

    def forward(self, src, cible):
        m = self.emb_s(src) + self.pos[: src.shape[1]]
        for c in self.enc:
            m = c(m)
        n = cible.shape[1]
        masque = torch.ones(n, n, dtype=torch.bool).triu(1)
        y = self.emb_c(cible) + self.pos[:n]
        for c in self.dec:
            y = c(y, m, masque)
        return self.sortie(y)


def build():
    return Traducteur(), (torch.randint(0, 5000, (3, 14)), torch.randint(0, 6000, (3, 11)))
