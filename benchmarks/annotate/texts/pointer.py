"""Date normaliser with a copy mechanism: GRU encoder, attentive GRU decoder, pointer head."""

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self, vocab=800, emb=48, hid=64):
        super().__init__()
        self.embed = nn.Embedding(vocab, emb)
        self.gru = nn.GRU(emb, hid, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * hid, 80)

    def forward(self, src):
        e = self.embed(src)
        memory, last = self.gru(e)
        joined = torch.cat([last[0], last[1]], dim=-1)
        return memory, self.bridge(joined).tanh()


class AdditiveAttention(nn.Module):
    def __init__(self, mem=128, hid=80, att=56):
        super().__init__()
        self.w_mem = nn.Linear(mem, att, bias=False)
        self.w_hid = nn.Linear(hid, att)
        self.v = nn.Linear(att, 1, bias=False)

    def forward(self, memory, state, mask):
        energy = torch.tanh(self.w_mem(memory) + self.w_hid(state).unsqueeze(1))
        score = self.v(energy).squeeze(-1)
        score = score.masked_fill(~mask, -1e4)
        weights = score.softmax(-1)
        context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
        return context, weights


class Decoder(nn.Module):
    def __init__(self, vocab=120, emb=32):
        super().__init__()
        self.embed = nn.Embedding(vocab, emb)
        self.attention = AdditiveAttention()
        self.cell = nn.GRUCell(emb + 128, 80)
        self.out = nn.Linear(80 + 128, vocab)
        self.gate = nn.Linear(80 + 128 + emb, 1)

    def forward(self, memory, state, tgt, mask):
        e = self.embed(tgt)
        logits, maps, gates = [], [], []
        for t in range(tgt.shape[1]):
            context, weights = self.attention(memory, state, mask)
            state = self.cell(torch.cat([e[:, t], context], dim=-1), state)
            both = torch.cat([state, context], dim=-1)
            logits.append(self.out(both))
            gates.append(self.gate(torch.cat([both, e[:, t]], dim=-1)).sigmoid())
            maps.append(weights)
        return torch.stack(logits, 1), torch.stack(maps, 1), torch.stack(gates, 1)


class Pointer(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()

    def forward(self, src, tgt):
        mask = src != 0
        memory, state = self.encoder(src)
        return self.decoder(memory, state, tgt, mask)


def build():
    return Pointer(), (torch.randint(1, 800, (3, 14)), torch.randint(1, 120, (3, 6)))
