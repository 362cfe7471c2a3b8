"""Keyword spotter. Log-mel in, word posteriors out.

Trained in 2023 on one-second clips; see exp/17 in the lab book. Mels are computed outside,
40 bands, 25 ms window, 10 ms hop, so a clip has 101 frames.

The model maps (batch, 1, 40, 101) to (batch, 12) scores.
"""

import torch
from torch import nn


class Squeeze(nn.Module):
    """Squeeze and excite over bands, ratio 4."""

    def __init__(self, channels):
        super().__init__()
        self.down = nn.Linear(channels, channels // 4)
        self.up = nn.Linear(channels // 4, channels)

    def forward(self, x):
        s = x.mean(dim=(2, 3))          # [4, 48]
        s = torch.relu(self.down(s))    # [4, 12]
        s = torch.sigmoid(self.up(s))   # [4, 12]
        return x * s[:, :, None, None]  # broadcast, [4, 48, 20, 51]


class Front(nn.Module):
    """Two convolutions, kernels (5, 5) and (3, 3), strides (2, 2) and (1, 1)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 24, (5, 5), stride=(2, 2), padding=(2, 2))
        self.conv2 = nn.Conv2d(24, 48, (3, 3), padding=1)
        self.squeeze = Squeeze(48)

    def forward(self, mels):
        """mels: [4, 1, 40, 101]. Returns one vector per frame, [4, 51, 960]."""
        h = torch.relu(self.conv1(mels))   # 40 -> 20 bands, 101 -> 51 frames: [4, 24, 20, 51]
        h = torch.relu(self.conv2(h))      # [4, 48, 51, 20]
        h = self.squeeze(h)
        h = h.permute(0, 3, 1, 2)          # frames to the front: [4, 51, 48, 20]
        return h.flatten(2)                # [4, 51, 960]


class Listener(nn.Module):
    """CRNN: front, two GRU layers in both directions, attention over time, 12 words."""

    def __init__(self, hidden=128, words=12):
        super().__init__()
        self.front = Front()
        self.gru = nn.GRU(960, hidden, num_layers=2, batch_first=True, bidirectional=True)
        self.score = nn.Linear(2 * hidden, 1)
        self.words = nn.Linear(2 * hidden, words)
        self.beam = None

    def forward(self, mels):
        frames = self.front(mels)
        states, last = self.gru(frames)
        # states: (4, 51, 128), last: (4, 4, 128) i.e. layers * directions first
        weights = self.score(states).softmax(dim=1)   # B x T x 1, sums to 1 over T
        pooled = (weights * states).sum(1)            # -> [4, 256]
        if self.beam is not None:
            # never with the released checkpoint: [4, 8, 51] hypotheses
            pooled = self.beam(pooled, states)
        # dropout 0.3 was here until v0.4
        return {"logits": self.words(pooled), "weights": weights[..., 0]}  # [4, 12] and [4, 51]


def build():
    return Listener().eval(), (torch.rand(4, 1, 40, 101),)
