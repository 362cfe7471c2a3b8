"""GRU con attenzione additiva, dal dialetto all'italiano."""
import torch
from torch import nn


class Codificatore(nn.Module):
    def __init__(self, vocab=150, emb=32, hid=48):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.gru = nn.GRU(emb, hid, num_layers=2, bidirectional=True, batch_first=True)
        self.ponte = nn.Linear(2 * hid, 64)

    def forward(self, src):
        e = self.emb(src)
        mem, h = self.gru(e)
        ultimi = torch.cat([h[-2], h[-1]], dim=-1)
        s0 = torch.tanh(self.ponte(ultimi))
        return mem, s0


class Attenzione(nn.Module):
    def __init__(self, mem=96, stato=64, att=40):
        super().__init__()
        self.Wm = nn.Linear(mem, att, bias=False)
        self.Ws = nn.Linear(stato, att)
        self.v = nn.Linear(att, 1, bias=False)

    def forward(self, mem, s):
        energia = torch.tanh(self.Wm(mem) + self.Ws(s).unsqueeze(1))
        punti = self.v(energia).squeeze(-1)
        alfa = punti.softmax(dim=-1)
        ctx = torch.bmm(alfa.unsqueeze(1), mem).squeeze(1)
        return ctx, alfa


class Decodificatore(nn.Module):
    def __init__(self, vocab=120, emb=32, mem=96, stato=64):
        super().__init__()
        self.emb = nn.Embedding(vocab, emb)
        self.att = Attenzione(mem, stato)
        self.cella = nn.GRUCell(emb + mem, stato)
        self.uscita = nn.Linear(stato + mem + emb, vocab)

    def passo(self, parola, s, mem):
        e = self.emb(parola)
        ctx, alfa = self.att(mem, s)
        s = self.cella(torch.cat([e, ctx], dim=-1), s)
        tutto = torch.cat([s, ctx, e], dim=-1)
        return self.uscita(tutto), s, alfa

    def forward(self, tgt, s, mem):
        logit, mappe = [], []
        for t in range(tgt.shape[1] - 1):
            l, s, alfa = self.passo(tgt[:, t], s, mem)
            logit.append(l)
            mappe.append(alfa)
        return torch.stack(logit, dim=1), torch.stack(mappe, dim=1)


class Traduttore(nn.Module):
    def __init__(self):
        super().__init__()
        self.cod = Codificatore()
        self.dec = Decodificatore()

    def forward(self, src, tgt):
        mem, s0 = self.cod(src)
        return self.dec(tgt, s0, mem)


def build():
    return Traduttore(), (torch.randint(0, 150, (3, 11)), torch.randint(0, 120, (3, 9)))
