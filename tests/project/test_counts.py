"""Parameters and multiply-adds of public models: what docs/summary.md tells, and why others differ."""

from __future__ import annotations

import pytest
import torch
import torchinfo
from places import DOCS
from torch import nn

import shapeflow

pytestmark = pytest.mark.slow


def resnet50():
    from torchvision.models import resnet50

    return resnet50(), torch.rand(1, 3, 224, 224)


def vit():
    from torchvision.models import vit_b_16

    return vit_b_16(), torch.rand(1, 3, 224, 224)


def bert():
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig()), torch.zeros(1, 16, dtype=torch.int64)


def gpt2():
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config()), torch.zeros(1, 16, dtype=torch.int64)


MODELS = {
    resnet50: (25_557_032, 4_089_184_256),
    vit: (86_567_656, 17_563_828_224),
    bert: (109_482_240, 1_364_262_912),
    gpt2: (124_439_808, 1_981_231_104),
}


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_the_page_tells_what_we_count(make):
    with torch.device("meta"):
        model, given = make()
    with torch.no_grad():
        totals = shapeflow.trace(model.eval(), given, device="meta").summary().totals
    assert (totals.parameters, totals.multiply_adds) == MODELS[make]
    assert totals.parameters == sum(parameter.numel() for parameter in model.parameters())
    page = (DOCS / "summary.md").read_text(encoding="utf-8")
    assert f"{totals.parameters:,} | {totals.multiply_adds:,} |" in page


def test_torchinfo_adds_parameters_of_norms_and_biases():
    model, given = resnet50()
    theirs = torchinfo.summary(model.eval(), input_data=[given], verbose=0, depth=10).total_mult_adds
    norms = sum(p.numel() for m in model.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters())
    assert theirs == MODELS[resnet50][1] + norms + model.fc.bias.numel()


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(10, 8), nn.Linear(8, 10, bias=False)
        self.head.weight = self.words.weight
        self.spare = nn.Linear(3, 3).requires_grad_(requires_grad=False)

    def forward(self, tokens):
        return {"scores": [self.head(self.words(tokens))]}


class Shared(nn.Module):
    """One activation and one layer that several parents hold."""

    def __init__(self):
        super().__init__()
        act, layer = nn.ReLU(), nn.Linear(4, 4)
        self.blocks = nn.ModuleList([nn.Sequential(layer, act) for _ in range(3)])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


@pytest.mark.parametrize(
    ("make", "given", "trained", "frozen", "products"),
    [
        (Tied, torch.zeros(2, 5, dtype=torch.int64), 80, 12, 2 * 5 * 8 * 10),
        (Shared, torch.rand(2, 4), 20, 0, 3 * 2 * 4 * 4),
    ],
)
def test_what_is_shared_counts_once_and_what_runs_counts_each_time(make, given, trained, frozen, products):
    model = make()
    totals = shapeflow.trace(model, given).summary().totals
    assert totals.parameters == sum(parameter.numel() for parameter in model.parameters()) == trained + frozen
    assert (totals.trainable, totals.frozen, totals.multiply_adds) == (trained, frozen, products)
