import torch
import torch.nn as nn


def bloco(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(),
                         nn.Conv2d(o, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, base=24, classes=3):
        super().__init__()
        c = [base, base * 2, base * 4, base * 8]
        self.desce = nn.ModuleList([bloco(1, c[0]), bloco(c[0], c[1]), bloco(c[1], c[2])])
        self.pool = nn.MaxPool2d(2)
        self.fundo = bloco(c[2], c[3])
        self.up = nn.ModuleList([nn.ConvTranspose2d(c[3], c[2], 2, 2), nn.ConvTranspose2d(c[2], c[1], 2, 2),
                                 nn.ConvTranspose2d(c[1], c[0], 2, 2)])
        self.sobe = nn.ModuleList([bloco(c[3], c[2]), bloco(c[2], c[1]), bloco(c[1], c[0])])
        self.saida = nn.Conv2d(c[0], classes, 1)

    def forward(self, x):
        skips = []
        for d in self.desce:
            x = d(x)
            skips.append(x)
            x = self.pool(x)
        x = self.fundo(x)
        for u, s, sk in zip(self.up, self.sobe, reversed(skips)):
            x = u(x)
            x = s(torch.cat([sk, x], dim=1))
        return self.saida(x)


def build():
    return UNet(), (torch.randn(2, 1, 96, 160),)
