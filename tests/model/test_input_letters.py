"""Letters for dims that are those of an input: followed axis by axis, and never for an equal size."""

from __future__ import annotations

import json
import sys

import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.cli import main
from shapeflow.model.input_letters import Letters


class Net(nn.Module):
    """Its batch, its width and the number of its queries are all five."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 1)
        self.queries = nn.Parameter(torch.zeros(5, 5))
        self.attention = nn.MultiheadAttention(5, 1, batch_first=True)
        self.plain = nn.MultiheadAttention(5, 1)

    def forward(self, images):
        x = self.conv(images)
        flat = x.flatten(2)
        turned = flat.transpose(1, 2)
        first = torch.zeros(len(images), 1, 5)
        both = torch.cat([first, turned], dim=1)
        moved = self.queries + both[:, :5]
        looked, weights = self.attention(both, both, both)
        other, seen = self.plain(both[:, :5], both[:, :5], both[:, :5])
        return moved, looked, weights, other, seen, x.mean(1), x[0]


@pytest.fixture(scope="module")
def texts():
    trace = shapeflow.trace(Net().eval(), torch.ones(5, 3, 4, 6))
    letters = Letters(trace)
    outs = [port for port in trace.calls[0].outputs if port.value is not None]
    named = zip(["moved", "looked", "weights", "other", "seen", "mean", "item"], outs, strict=True)
    return {name: letters.text(trace.values[port.value]) for name, port in named} | {"sizes": letters.sizes}


def test_what_is_handed_on_keeps_its_letter(texts):
    assert texts["sizes"] == {"B": 5, "H": 4, "W": 6}
    assert texts["moved"] == "f32[B, 5, 5]"
    assert texts["looked"] == "f32[B, 25, 5]"
    assert texts["mean"] == "f32[B, H, W]"
    assert texts["item"] == "f32[5, H, W]"


def test_an_equal_size_is_no_letter(texts):
    assert texts["other"] == "f32[B, 5, 5]"
    assert texts["seen"] == "f32[5, B, B]", (
        "the weights have the batch of the attention first, not its places"
    )


def test_source_writes_letters_and_their_sizes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(
        "from torch import nn, rand\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n"
        "        y = x.relu()\n        return y + 1\n\n\n"
        "def build():\n    return Net(), (rand(2, 3, 8, 4),)\n"
    )
    sys.modules.pop("net", None)
    assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 0
    capsys.readouterr()

    def run(*words, code=0):
        assert main(["source", "net.trace.json", "net.py", *words]) == code
        printed = capsys.readouterr()
        return printed.err if code else printed.out

    assert "y  f32[B, 3, H, W]" in run("--symbols")
    assert run("--symbols").endswith("B = 2, H = 8, W = 4\n")
    assert "y  f32[2, 3, 8, 4]" in run()
    assert json.loads(run("--symbols", "--json"))["symbols"] == {"B": 2, "H": 8, "W": 4}
    assert json.loads(run("--json"))["symbols"] == {}
    assert "B = 2, H = 8" in run("--symbols", "--markdown")
    run("--symbols", "-o", "net.html")
    assert "<code>B = 2</code>" in (tmp_path / "net.html").read_text()
    assert "--symbols only means something" in run("--symbols", "--write", code=2)
    assert "--lang only means something with -o" in run("--lang", "zh", code=2)
