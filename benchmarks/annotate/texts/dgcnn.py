"""
dgcnn.py - edge convolutions on point clouds, boiled down to what we need for the robot gripper demo.

Conventions: B clouds, N points, k neighbours, C channels. Point features are (B, C, N) so that
1d convs work on them; edge features are (B, 2C, N, k).  Demo call: B=4, N=128, k=10, i.e. the
network is fed [4, 3, 128] and answers with grasp logits [4, 6].

Changelog
  0.3  k 20 -> 10 (edge tensors used to be [4, 6, 128, 20])
  0.2  dropped the 3x3 T-Net, it gave us nothing
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


def knn(x, k):
    """x: (B, C, N)  ->  indices (B, N, k)"""
    inner = torch.matmul(x.transpose(1, 2), x)          # [4, 128, 128], all pairs
    sq = (x ** 2).sum(1, keepdim=True)                  # [4, 1, 128]
    dist = sq.transpose(1, 2) - 2 * inner + sq          # 4 x 128 x 128 again
    return dist.topk(k, dim=-1, largest=False).indices  # 4 x 128 x 10


def edge_features(x, k=10):
    """
    Returns (B, 2C, N, k): for each point its own feature and the difference to each neighbour.

    For the raw xyz input that's [4, 6, 128, 10], for the second layer (C=32) [4, 64, 128, 10],
    third [4, 64, 128, 10].
    """
    B, C, N = x.shape
    idx = knn(x, k)
    flat = idx.reshape(B, 1, N * k).expand(B, C, N * k)     # [4, 3, 1280] on the first call
    nb = x.gather(2, flat).view(B, C, N, k)                 # first call: (4, 3, 128, 10)
    me = x.unsqueeze(-1).expand_as(nb)                      # same
    return torch.cat([me, nb - me], dim=1)


class EdgeConv(nn.Module):
    """1x1 conv2d on the edges, then max over the neighbours (last axis)."""

    def __init__(self, c_in, c_out, k=10):
        super().__init__()
        self.k = k
        # first layer: weight [32, 6, 1, 1]; second: [64, 64, 1, 1]
        self.conv = nn.Conv2d(2 * c_in, c_out, 1, bias=False)
        self.bn = nn.BatchNorm2d(c_out)

    def forward(self, x):
        e = edge_features(x, self.k)
        e = F.leaky_relu(self.bn(self.conv(e)), 0.2)
        return e.max(dim=-1).values


class DGCNN(nn.Module):
    def __init__(self, classes=6, k=10):
        super().__init__()
        self.ec1 = EdgeConv(3, 32, k)
        self.ec2 = EdgeConv(32, 64, k)
        self.ec3 = EdgeConv(64, 96, k)      # conv weight [128, 96, 1, 1]
        self.fuse = nn.Conv1d(32 + 64 + 96, 256, 1)   # weight [256, 192, 1]
        self.fc1 = nn.Linear(512, 128)      # (128, 512)
        self.fc2 = nn.Linear(128, classes)  # (40, 128) for ModelNet40

    def forward(self, pts):
        # pts [4, 3, 128]; loaders give [4, 128, 3], transpose before calling!
        x1 = self.ec1(pts)   # [4, 32, 128]   (edges inside: [4, 32, 128, 10])
        x2 = self.ec2(x1)    # [4, 64, 128]
        x3 = self.ec3(x2)    # [4, 128, 128]
        x = torch.cat([x1, x2, x3], dim=1)   # torch.Size([4, 192, 128])
        x = F.leaky_relu(self.fuse(x), 0.2)  # per cloud 256×128
        mx = x.max(dim=2).values             # [4, 256]
        av = x.mean(dim=2)                   # ditto
        g = torch.cat([mx, av], dim=1)       # global feature, [4, 512]
        h = F.relu(self.fc1(g))              # (4, 128)
        return self.fc2(h)                   # (B, classes)


def build():
    # 128 points is enough for a demo; the real clouds have 2048, so [1, 3, 2048]
    return DGCNN(), (torch.randn(4, 3, 128),)
