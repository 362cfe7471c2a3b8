"""Tags frames of sensor data: a temporal CNN and a bidirectional LSTM over it."""
import torch
from torch import nn


class Gated(nn.Module):
    """Gated temporal convolution; takes (3, 24, 200) at the first level."""

    def __init__(self, given, width, stride=1):
        super().__init__()
        self.both = nn.Conv1d(given, 2 * width, 5, stride, 2)

    def forward(self, x):
        y = self.both(x)
        value, gate = y.chunk(2, dim=1)
        return value * gate.sigmoid()


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.fine = Gated(24, 40)
        self.mid = Gated(40, 56, 2)
        self.coarse = Gated(56, 64, 2)
        self.lift = nn.Conv1d(64, 40, 1)

    def forward(self, signal):
        fine = self.fine(signal)  # [3, 40, 200]
        mid = self.mid(fine)  # [3, 56, 50]
        coarse = self.coarse(mid)  # [3, 64, 50]
        lifted = self.lift(coarse)  # [3, 40, 50]
        lifted = nn.functional.interpolate(lifted, scale_factor=4)  # back to full rate: [3, 40, 200]
        joined = torch.cat([fine, lifted], dim=1)  # [3, 40, 400]
        # time first for the LSTM: [200, 3, 80]
        return joined.permute(2, 0, 1)


class Tagger(nn.Module):
    """Frame tagger.

    Args:
        signal: (3, 24, 200), channels first.

    Returns:
        scores: (3, 200, 9), one per frame and tag.
        summary: (3, 96)
    """

    def __init__(self, tags=11):
        super().__init__()
        self.pyramid = Pyramid()
        self.rnn = nn.LSTM(80, 48, bidirectional=True)
        self.attend = nn.Linear(96, 1)
        self.tag = nn.Linear(96, tags)

    def forward(self, signal):
        steps = self.pyramid(signal)
        states, (last, cell) = self.rnn(steps)  # states [200, 3, 96], last [2, 3, 48]
        states = states.transpose(0, 1)  # [200, 3, 96]
        share = self.attend(states).softmax(dim=1)  # [3, 200, 1]
        summary = (share * states).sum(dim=1)  # [3, 96]
        scores = self.tag(states)  # B T K = 3 × 200 × 11
        return {"scores": scores, "summary": summary}


def build():
    return Tagger(), (torch.zeros(3, 24, 200),)
