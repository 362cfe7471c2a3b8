"""Lists of the sizes of a transformer: told together where one number alone could be about anything."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.notes.reading.note import note_from_text
from shapeflow.notes.statements.judging import judged_statements


class SelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.num_heads, self.qkv = 4, nn.Linear(32, 32)

    def forward(self, x):
        return self.qkv(x)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention, self.fc1, self.fc2 = SelfAttention(), nn.Linear(32, 128), nn.Linear(128, 32)

    def forward(self, x):
        return self.fc2(self.fc1(self.attention(x)))


class GPT7(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed_dim, self.tokens = 32, nn.Embedding(5000, 32)
        self.layers = nn.ModuleList(Layer() for _ in range(6))

    def forward(self, x):
        x = self.tokens(x)
        for layer in self.layers:
            x = layer(x)
        return x


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(GPT7(), torch.arange(5)[None])


def told(trace, text):
    return [(one.statement.text, one.verdict) for one in judged_statements(trace, note_from_text(text))]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("6 layers, 32 hidden, 4 heads", 3),
        ("It is 6-layer, 32-hidden, 4-heads.", 3),
        ("GPT-7: L=6, H=32, A=4", 3),
        ("**配置**：hidden 32，layers 6，heads 4，ffn 128，vocab 5000", 5),
        ("- n_layer: 6, n_head: 4, n_embd: 32", 3),
        ("Die Größen: 6 Schichten, 32 dim, 4 Köpfe", 3),
        ("vocab_size 5,000, d_model 32 and 4 heads", 3),
    ],
)
def test_what_fits_is_confirmed_together(trace, text, number):
    found = told(trace, text)
    assert len(found) == number
    assert {verdict for _, verdict in found} == {"confirmed"}


def test_one_among_others_that_fit_is_wrong(trace):
    verdicts = dict(told(trace, "32 hidden, 16 heads, 6 layers, vocab 5000"))
    assert verdicts.pop("16 heads") == "contradicted"
    assert set(verdicts.values()) == {"confirmed"}
    assert dict(told(trace, "hidden 32, layers 6, heads 4, ffn 64"))["ffn 64"] == "contradicted"


@pytest.mark.parametrize(
    "text",
    [
        "DistilGPT has 32 hidden, 4 heads and vocab 5000.",
        "hidden 64, heads 8, vocab 9000",
        "hidden 32, heads 8, vocab 9000",
        "hidden 32, heads 4",
        "hidden 32. heads 4. vocab 5000",
        "hidden 32, heads 4, vocab 9000 for the student",
        "# Net\n\n## Student\n\nhidden 32, heads 4, ffn 128, vocab 9000",
        "hidden 32 × 2, heads 4, ffn 128",
        "about hidden 32, heads 4, ffn 128",
    ],
)
def test_what_may_be_about_something_else_is_left_open(trace, text):
    assert told(trace, text) == []


@pytest.mark.parametrize("text", ["GPT-7 takes {} MACs.", "MACs: {}", "The model needs {}FLOPs"])
def test_what_a_run_costs_is_confirmed_and_never_wrong(trace, text):
    million = 6 * 5 * (32 * 32 + 2 * 32 * 128) / 10**6
    assert [verdict for _, verdict in told(trace, text.format(f"{million:.2f}M"))] == ["confirmed"]
    assert told(trace, text.format("9.99M")) == []


def test_the_costs_of_a_part_or_of_another_model_are_left_open(trace):
    text = "`layers.0` takes 0.28 MMACs. The attention takes 0.28 MMACs. ResNet-18 takes 0.28 MMACs."
    assert told(trace, text) == []
