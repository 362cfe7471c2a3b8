"""Letters have one size in a text, and a text that gives an input its size speaks of this run."""

from __future__ import annotations

import pytest
import torch
from own_files import traced
from torch import nn

import shapeflow


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(24, 48)
        self.mixer = nn.Linear(48, 48)
        self.norm = nn.LayerNorm(48)
        self.gate = nn.Linear(48, 48)
        self.head = nn.Linear(48, 96)

    def forward(self, x):
        x = self.gate(self.norm(self.mixer(self.stem(x))))
        return self.head(x.transpose(0, 1).contiguous())


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Net().eval(), torch.zeros(6, 82, 24))


def said(trace, tmp_path, lines: dict[str, str]) -> list[str]:
    note = tmp_path / "note.md"
    note.write_text("# Net\n\n" + "\n".join(f"- `{name}` gives {shape}" for name, shape in lines.items()))
    return [mark.verdict for mark in shapeflow.annotate(trace, note).marks]


def test_a_letter_with_another_size_than_everywhere_else_is_not_right(trace, tmp_path):
    usual = {"stem": "(B, M, 48)", "mixer": "(B, M, 48)", "norm": "(B, M, 48)"}
    assert said(trace, tmp_path, usual | {"head": "(M, B, 96)"}) == ["confirmed"] * 4
    assert said(trace, tmp_path, usual | {"head": "(B, M, 96)"}) == ["confirmed"] * 3 + ["layout differs"]
    assert said(trace, tmp_path, usual | {"head": "(K, B, 96)"}) == ["confirmed"] * 4
    assert said(trace, tmp_path, usual | {"head": "(B, K, 96)"}) == ["confirmed"] * 3 + ["cannot tell"]


def test_a_letter_of_a_sum_is_not_what_the_sum_makes(trace, tmp_path):
    text = {"stem": "(B, M, P) with M = L // P = 984 // 12 = 82", "mixer": "(B, M, P)"}
    assert said(trace, tmp_path, text) == ["symbolic, consistent"] * 2


def test_few_letters_prove_nothing(trace, tmp_path):
    assert said(trace, tmp_path, {"stem": "(B, M, 48)", "head": "(B, M, 96)"}) == ["confirmed"] * 2


def test_letters_that_are_used_loosely_prove_nothing(trace, tmp_path):
    usual = {"stem": "(6, 82, C)", "mixer": "(6, 82, C)", "norm": "(6, 82, C)"}
    assert said(trace, tmp_path, usual | {"head": "(82, 6, C)"}) == ["confirmed"] * 4


def test_a_text_that_uses_the_size_of_the_input_speaks_of_this_run(trace, tmp_path):
    few = dict.fromkeys(("stem", "mixer"), "(6, 82, 48)")
    more = few | {"norm": "(6, 82, 48)", "head": "(82, 6, 96)"}
    assert said(trace, tmp_path, more | {"gate": "(6, 80, 48)"}) == ["confirmed"] * 4 + ["contradicted"]
    assert said(trace, tmp_path, few | {"gate": "(6, 80, 48)"})[-1] == "not in this run"
    assert said(trace, tmp_path, more | {"gate": "(3, 40, 48)"})[-1] == "not in this run"


def test_multiples_and_parts_of_a_letter_give_it_one_size_too(trace, tmp_path):
    usual = dict.fromkeys(("stem", "mixer", "norm"), "(B, K/2, 48)")
    right, other = ["confirmed"] * 4, ["confirmed"] * 3 + ["cannot tell"]
    assert said(trace, tmp_path, usual | {"gate": "(B, 2*K/4, 48)"}) == right
    assert said(trace, tmp_path, usual | {"gate": "(B, 3*K/2, 48)"}) == other


def test_what_the_code_itself_tells_counts_for_the_letters_of_its_docstring(tmp_path):
    source = '''
"""A net.

stem -> (B, 24, W/4)
head -> (B, 40, {})
"""
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv1d(3, 24, 4, stride=4)
        self.head = nn.Conv1d(24, 40, 2, stride=2)

    def forward(self, x):
        y = self.stem(x)  # (B, 24, W/4)
        z = self.head(y)  # (B, 40, W/8)
        a = y.relu()  # (B, 24, W/4)
        b = y.exp()  # (B, 24, W/4)
        return z + a.mean() + b.mean()
'''
    for last, verdict in (("W/8", "confirmed"), ("W/2", "cannot tell")):
        path = tmp_path / f"quarter_{last[-1]}.py"
        made = traced(source.format(last), path, "Net", torch.zeros(2, 3, 400))
        assert [mark.verdict for mark in shapeflow.annotate(made, path).marks][1] == verdict
