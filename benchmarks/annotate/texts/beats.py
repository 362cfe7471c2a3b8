"""Beat tracker: spectrogram front end, dilated temporal convolutions, three heads."""

import torch
from torch import nn


class FrontEnd(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_a = nn.Conv2d(1, 20, 3, padding=(1, 0))
        self.pool_a = nn.MaxPool2d((1, 3))
        self.conv_b = nn.Conv2d(20, 20, (1, 12))
        self.pool_b = nn.MaxPool2d((1, 3))
        self.conv_c = nn.Conv2d(20, 20, 3, padding=(1, 0))
        self.squash = nn.Linear(20 * 3, 36)

    def forward(self, x):
        x = self.pool_a(torch.nn.functional.elu(self.conv_a(x)))
        x = self.pool_b(torch.nn.functional.elu(self.conv_b(x)))
        x = torch.nn.functional.elu(self.conv_c(x))
        x = x.permute(0, 2, 1, 3).flatten(2)
        return self.squash(x).transpose(1, 2)


class Dilated(nn.Module):
    def __init__(self, ch, dilation):
        super().__init__()
        self.filter = nn.Conv1d(ch, 2 * ch, 5, padding=2 * dilation, dilation=dilation)
        self.mix = nn.Conv1d(ch, ch, 1)
        self.skip = nn.Conv1d(ch, 50, 1)

    def forward(self, x):
        a, b = self.filter(x).chunk(2, dim=1)
        h = a.tanh() * b.sigmoid()
        return x + self.mix(h), self.skip(h)


class BeatTracker(nn.Module):
    def __init__(self, levels=6):
        super().__init__()
        self.front = FrontEnd()
        self.tcn = nn.ModuleList(Dilated(36, 2**i) for i in range(levels))
        self.beat = nn.Conv1d(50, 1, 1)
        self.downbeat = nn.Conv1d(50, 1, 1)
        self.tempo = nn.Linear(50, 240)

    def forward(self, spec):
        x = self.front(spec)
        total = 0
        for layer in self.tcn:
            x, s = layer(x)
            total = total + s
        total = total.relu()
        beat = self.beat(total).squeeze(1)
        downbeat = self.downbeat(total).squeeze(1)
        tempo = self.tempo(total.mean(-1)).softmax(-1)
        return beat, downbeat, tempo


def build():
    return BeatTracker(), (torch.randn(2, 1, 500, 81),)
