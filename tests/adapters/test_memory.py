"""A model that is too large to be built for real is refused before it fills the memory."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from shapeflow.adapters import memory
from shapeflow.cli import main
from shapeflow.errors import InputError
from shapeflow.runs.execute import run

LARGE = """
import torch
from torch import nn

class Large(nn.Module):
    def __init__(self):
        super().__init__()
        try:
            self.layers = nn.ModuleList(nn.Linear(1 << 20, 1 << 20) for _ in range(4))
        except Exception as error:
            raise ValueError("something else") from error

    def forward(self, x):
        return self.layers[0](x)

def build():
    return Large(), (torch.rand(2, 1 << 20),)
"""


def test_a_model_of_terabytes_is_refused_and_runs_shapes_only(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "large.py").write_text(LARGE)
    assert main(["trace", "--model", "large.py:build", "--device", "cpu", "--json"]) == 2
    error = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert error["code"] == "model-too-large"
    assert "4096 GiB" in error["message"]
    assert error["hint"].startswith("--device meta")
    assert main(["trace", "--model", "large.py:build", "-o", "t.trace.json"]) == 0


def test_a_configuration_too_large_is_refused_as_such(tmp_path, monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.setattr(memory, "memory_available", lambda: 1 << 30)
    sizes = {
        "hidden_size": 1 << 15,
        "intermediate_size": 1 << 17,
        "num_hidden_layers": 100,
        "vocab_size": 1 << 20,
    }
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"], **sizes}))
    with pytest.raises(InputError) as raised:
        run(str(path), device="cpu")
    assert raised.value.code == "model-too-large"


def test_only_what_is_alive_and_real_counts_and_each_parameter_once(monkeypatch):
    monkeypatch.setattr(memory, "memory_available", lambda: 5_500)
    with memory.within_memory("x"):
        first = nn.Linear(20, 20)  # 1,680 bytes
        second = nn.Linear(20, 20)
        second.weight = first.weight
        for _ in range(10):
            nn.Linear(20, 20)
        nn.Linear(10_000, 10_000, device="meta")
    with pytest.raises(InputError), memory.within_memory("x"):
        kept = [nn.Linear(20, 20) for _ in range(3)]
        assert not kept
    nn.Linear(100, 100)  # nothing is counted any more
    monkeypatch.setattr(memory, "memory_available", lambda: None)
    with memory.within_memory("x"):
        nn.Linear(100, 100)
    with pytest.raises(ZeroDivisionError), memory.within_memory("x"):
        torch.tensor(1 // 0)
