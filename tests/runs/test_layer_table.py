"""torchinfo's table of a recorded run is the one that torchinfo gives for the model itself."""

from __future__ import annotations

from pathlib import Path

import models
import pytest
import torch
import torchinfo
from places import EXAMPLES
from torch import nn

import shapeflow
from shapeflow.model.trace import Trace
from shapeflow.runs.layer_table import COLUMNS, TOTAL, layer_table


class Tied(nn.Module):
    """Reads the table of its first layer again in the last one."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(10, 8)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 10, bias=False)
        self.head.weight = self.words.weight

    def forward(self, tokens):
        return {"scores": self.head(self.norm(self.words(tokens))), "cache": (None, 3)}


class Frozen(nn.Module):
    """Has a layer that never runs, and one that is not trained."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU(), nn.ConvTranspose1d(4, 2, 3))
        self.spare = nn.Linear(3, 3)

    def forward(self, x):
        return self.body(x), None


def resnet():
    from torchvision.models import resnet18

    return resnet18().eval(), torch.rand(2, 3, 64, 96)


def gpt2():
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=50, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)
    return GPT2LMHeadModel(config).eval(), torch.randint(0, 50, (2, 6))


MODELS = {
    "mlp": lambda: (models.Mlp(), torch.rand(3, 8)),
    "tied weights": lambda: (Tied().eval(), torch.randint(0, 10, (2, 5))),
    "a layer that never runs": lambda: (Frozen().eval(), torch.rand(2, 3, 9)),
    "recurrent": lambda: (nn.LSTM(4, 6, 2, batch_first=True).eval(), torch.rand(2, 5, 4)),
    "attention": lambda: (
        nn.TransformerDecoderLayer(8, 2, 16, batch_first=True).eval(),
        (torch.rand(1, 3, 8), torch.rand(1, 4, 8)),
    ),
    "ResNet-18": resnet,
    "GPT-2": gpt2,
}


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("name", MODELS)
def test_it_is_torchinfo_s_own(name, depth):
    model, given = MODELS[name]()
    given = given if isinstance(given, tuple) else (given,)
    theirs = torchinfo.summary(
        model,
        input_data=given,
        col_names=COLUMNS,
        row_settings=("depth", "var_names"),
        depth=depth,
        verbose=0,
    )
    for device in (None, "meta"):
        ours = layer_table(shapeflow.trace(model, *given, device=device), depth)
        assert ours.splitlines()[:-1] == str(theirs).partition("\nTotal params")[0].splitlines()
        assert ours.splitlines()[-1].startswith(f"{TOTAL}: ")


def test_a_model_that_is_entered_by_helpers_alone():
    helpers = models.Helpers().eval()
    with shapeflow.record(helpers) as recording:
        helpers._encode(torch.rand(1, 4), 2)
    table = layer_table(recording.trace)
    assert "Linear (neck)" in table
    assert "Linear (head)" not in table


def test_a_run_without_calls():
    with shapeflow.record(models.Mlp()) as recording:
        torch.rand(2) + 1
    assert layer_table(recording.trace).endswith(f"{TOTAL}: 0")


def test_the_summary_gives_it(tmp_path: Path):
    trace = shapeflow.trace(models.Mlp(), torch.rand(3, 8))
    assert "├─Linear (first): 1-1" in trace.summary().torchinfo()
    stored = Trace.load(trace.save(tmp_path / "m.trace.json"))
    assert stored.summary().torchinfo() == trace.summary().torchinfo() == layer_table(trace)


def test_the_command_prints_it(tmp_path: Path, monkeypatch, capsys):
    from shapeflow.cli import main

    monkeypatch.chdir(tmp_path)
    target = f"{EXAMPLES / 'tiny_detector.py'}:build"
    assert main(["trace", "--model", target, "--summary", "-o", "t.trace.json"]) == 0
    told = capsys.readouterr().out
    assert "layers.0-1" in told
    assert "Layer (type (var_name):depth-idx)" in told
    assert told.splitlines()[-1].startswith(TOTAL)
