"""Region head for the shelf-product detector: many given regions, boxes, masks, relations."""
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import roi_align


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 32, 3, stride=2, padding=1)
        self.c2 = nn.Conv2d(32, 64, 3, stride=2, padding=1)
        self.c3 = nn.Conv2d(64, 128, 3, stride=2, padding=1)
        self.lateral = nn.Conv2d(128, 96, 1)

    def forward(self, img):
        x = F.relu(self.c1(img))
        x = F.relu(self.c2(x))
        x = F.relu(self.c3(x))
        return self.lateral(x)


class Relation(nn.Module):
    """Regions of one picture look at each other."""

    def __init__(self, width=256, n_heads=8):
        super().__init__()
        self.n_heads = n_heads
        self.to_qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, r):
        B, K, W = r.shape
        qkv = self.to_qkv(r)
        q, k, v = (t.reshape(B, K, self.n_heads, W // self.n_heads).transpose(1, 2) for t in qkv.chunk(3, dim=-1))
        att = (q @ k.transpose(-2, -1) / (W // self.n_heads) ** 0.5).softmax(-1)
        mixed = (att @ v).transpose(1, 2).reshape(B, K, W)
        return r + self.proj(mixed)


class MaskBranch(nn.Module):
    def __init__(self, n_cls=20):
        super().__init__()
        self.m1 = nn.Conv2d(96, 64, 3, padding=1)
        self.m2 = nn.Conv2d(64, 64, 3, padding=1)
        self.up = nn.ConvTranspose2d(64, 48, 2, stride=2)
        self.out = nn.Conv2d(48, n_cls, 1)

    def forward(self, crops):
        crops = F.relu(self.m1(crops))
        crops = F.relu(self.m2(crops))
        return self.out(F.relu(self.up(crops)))


class ShelfHead(nn.Module):
    def __init__(self, n_cls=20):
        super().__init__()
        self.n_cls = n_cls
        self.trunk = Trunk()
        self.fc6 = nn.Linear(96 * 7 * 7, 256)
        self.fc7 = nn.Linear(256, 256)
        self.relation = Relation()
        self.cls_score = nn.Linear(256, n_cls + 1)
        self.bbox_pred = nn.Linear(256, 4 * n_cls)
        self.mask = MaskBranch(n_cls)

    def forward(self, img, regions):
        feats = self.trunk(img)
        B, K, _ = regions.shape
        boxes = [regions[b] for b in range(B)]
        small = roi_align(feats, boxes, output_size=7, spatial_scale=1 / 8)
        flat = small.flatten(1)
        h6 = F.relu(self.fc6(flat))
        h7 = F.relu(self.fc7(h6))
        tied = self.relation(h7.view(B, K, -1))
        scores = self.cls_score(tied)
        deltas = self.bbox_pred(tied).view(B, K, self.n_cls, 4)
        large = roi_align(feats, boxes, output_size=14, spatial_scale=1 / 8)
        masks = self.mask(large)
        return {"scores": scores, "deltas": deltas, "masks": masks}


def build():
    img = torch.rand(2, 3, 256, 320)
    xy = torch.rand(2, 50, 2) * 150
    regions = torch.cat([xy, xy + 40], dim=-1)
    return ShelfHead(), (img, regions)
