"""U-Net pour la segmentation des parcelles (images Sentinel, 6 bandes).

Notation : B = lot, C = canaux, H, W = hauteur, largeur. Tuiles de 160 x 96 pixels, pas de 32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Double(nn.Module):
    """Deux convolutions 3x3, GroupNorm(8), SiLU."""

    def __init__(self, entree: int, sortie: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(entree, sortie, 3, padding=1)
        self.na = nn.GroupNorm(8, sortie)
        self.b = nn.Conv2d(sortie, sortie, 3, padding=1)
        self.nb = nn.GroupNorm(8, sortie)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.silu(self.na(self.a(x)))
        return nn.functional.silu(self.nb(self.b(x)))


class Monter(nn.Module):
    """Agrandit d'un facteur 2, colle le raccourci, convolue.

    Args:
        bas: carte grossière, [B, 2C, H/2, W/2]
        saut: carte du même niveau de la descente, [B, C, H, W]

    Returns:
        [B, C, H, W]
    """

    def __init__(self, bas: int, saut: int) -> None:
        super().__init__()
        self.agrandir = nn.ConvTranspose2d(bas, saut, 2, stride=2)
        self.fondre = Double(2 * saut, saut)

    def forward(self, bas: Tensor, saut: Tensor) -> Tensor:
        grand = self.agrandir(bas)
        colle = torch.cat([grand, saut], dim=1)  # les canaux doublent
        return self.fondre(colle)


class Parcelles(nn.Module):
    """Quatre niveaux : 32, 64, 128, 256 canaux."""

    def __init__(self, bandes: int = 6, classes: int = 9) -> None:
        super().__init__()
        self.d1 = Double(bandes, 32)
        self.d2 = Double(32, 64)
        self.d3 = Double(64, 128)
        self.fond = Double(128, 256)
        self.monter3 = Monter(256, 128)
        self.monter2 = Monter(128, 64)
        self.monter1 = Monter(64, 32)
        self.tete = nn.Conv2d(32, classes, 1)
        self.aire = nn.Linear(256, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        reduire = nn.functional.max_pool2d
        # --- descente ------------------------------------------------------------
        e1 = self.d1(x)                        # 2 x 32 x 160 x 96, pleine résolution
        e2 = self.d2(reduire(e1, 2))           # 2 x 64 x 80 x 48
        e3 = self.d3(reduire(e2, 2))           # 2 x 128 x 40 x 48
        f = self.fond(reduire(e3, 2))          # 2 x 256 x 20 x 12
        # --- remontée ------------------------------------------------------------
        r3 = self.monter3(f, e3)               # 2 x 128 x 40 x 24
        r2 = self.monter2(r3, e2)              # 2 x 128 x 80 x 48
        r1 = self.monter1(r2, e1)              # 2 x 32 x 160 x 96
        # moyenne sur l'espace du fond, (2, 256)
        m = f.mean(dim=(-2, -1))
        # une carte par classe, donc (2, 9, 160, 96) ; l'aire est en hectares, (2, 1)
        return self.tete(r1), self.aire(m)


def construire() -> tuple[nn.Module, tuple[Tensor, ...]]:
    # la grande scène de 2021 donnait (1, 9, 512, 512)
    return Parcelles().eval(), (torch.rand(2, 6, 160, 96),)
