#!/usr/bin/env python3
"""Merkmale aus ConvNeXt-Tiny ziehen (timm >= 1.0).

Aufruf: convnext_features.py BILDER -o merkmale.npz --size 224
Getestet am 2025-11-03 mit Python 3.11 und (1, 0, 22) von timm.
"""
import timm
import torch

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE = (224, 224)


def load():
    model = timm.create_model("convnext_tiny", pretrained=True)
    return model.eval()


@torch.inference_mode()
def extract(model, batch):
    """Merkmale der letzten Stufe.

    batch: ein Bild, [1, 3, 224, 224]
    Rückgabe: [1, 768, 7, 7]
    """
    x = model.stem(batch)              # [1, 96, 56, 56]
    x = model.stages[0](x)             # [1, 96, 56, 56]
    x = model.stages[1](x)             # [1, 192, 56, 56]
    x = model.stages[2](x)             # [1, 384, 14, 14]
    x = model.stages[3](x)             # [1, 1024, 7, 7]
    # in den Blöcken liegt x kanalweise hinten: [1, 7, 7, 768], mlp.fc1 macht [1, 7, 7, 3072] daraus
    return model.norm_pre(x)


def pooled(model, features):
    # global_pool: (1, 768, 1, 1), nach flatten (1, 768)
    y = model.head.global_pool(features)
    y = model.head.norm(y)
    return y[:, :, 0, 0]               # (768, 1)


def logits(model, features):
    return model.forward_head(features)  # (1, 1000); mit num_classes=10 waeren es (1, 10)


def tile(image, window=(512, 512), overlap=(64, 64)):
    for top in range(0, image.shape[0], window[0] - overlap[0]):
        yield image[top : top + window[0]]  # Zeilen [top, top + 512)
