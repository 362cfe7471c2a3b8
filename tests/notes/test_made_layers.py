"""Layers that a text writes as code makes them, and what else tells of which tensor a shape is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.notes.annotate import batch_of


class Branch(nn.Module):
    def __init__(self, wide: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(24, 96, 1)
        self.last = nn.Conv1d(96, wide, 3, padding=1)

    def forward(self, x):
        return self.last(self.first(x).relu())


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv1d(3, 24, 5, padding=2)
        self.branch = Branch(128)
        self.beside = Branch(128)
        self.pool = nn.AdaptiveAvgPool1d(4)
        self.head = nn.Linear(512, 40)

    def forward(self, x, words):
        x = self.stem(x)
        x = self.branch(x) + self.beside(x)
        return self.head(self.pool(x).flatten(1)), words * 2


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Net().eval(), torch.zeros(6, 3, 250), torch.zeros(57, 76))


@pytest.fixture
def said(trace, tmp_path):
    def annotate(text: str) -> list[str]:
        note = tmp_path / "note.md"
        note.write_text(f"# Net\n\n{text}\n")
        return [mark.verdict for mark in shapeflow.annotate(trace, note).marks]

    return annotate


YES, NO, TURNED = "confirmed", "contradicted", "layout differs"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("`Conv1d(3, 24, 5, padding=2)` → `{}`: (6, 24, 250)", YES),
        ("`Conv1d(3, 24, 5, padding=2)` → `{}`: (6, 26, 250)", NO),
        ("`nn.Conv1d(3, 24, kernel_size=5)` → ReLU → {}: (6, 250, 24)", TURNED),
        ("Conv1d(24, 96, 1) + BatchNorm1d(96) + GELU, output: {}: (6, 96, 250)", YES),
        ("Conv1d(24, 96, 1) + BatchNorm1d(96) + GELU, output: {}: (6, 80, 250)", NO),
        ("Linear(512 → 40) → saída: {}: (6, 40)", YES),
        ("Linear(512 → 40) → saída: {}: (6, 48)", NO),
        ("`AdaptiveAvgPool1d(4)` → `{}`: (6, 128, 4)", YES),
        ("{} → Conv1d(3, 24, 5): (6, 3, 250)", YES),
        ("{} → Conv1d(3, 24, 5): (6, 4, 250)", NO),
    ],
)
def test_a_layer_is_known_by_its_arguments(said, line, verdict):
    words, _, shape = line.rpartition(": ")
    assert said(f"- {words.format(shape)}") == [verdict]
    fenced = "```\n" + words.replace("`", "").replace(" → {}", "   # → {}").format(shape) + "\n```"
    assert said(fenced) == [verdict]


@pytest.mark.parametrize("words", ["Conv1d(3, 32, 5) → {}", "Conv1d(3, 24, width) → {}", "Pool(3) → {}"])
def test_a_layer_that_the_model_does_not_have_proves_nothing(said, words):
    assert said(f"- {words.format('(6, 26, 250)')}") == ["not in this run"]


def test_an_arrow_beside_a_layer_leads_through_it(said):
    code = "```python\nself.stem = nn.Conv1d(3, 24, 5, padding=2)  # {} -> {}\n```"
    assert said(code.format("(6, 3, 250)", "(6, 24, 250)")) == [YES, YES]
    assert said(code.format("(6, 4, 250)", "(6, 24, 250)")) == [NO, YES]


def test_the_result_of_a_call_is_not_what_is_made_inside_of_it(said):
    code = "```python\ndef forward(self, x):\n    last = self.last(x)   # [batch, {}, 250]\n```"
    assert said(code.format(128)) == [YES]
    assert said(code.format(96)) == [NO]


def test_what_goes_in_is_not_what_only_comes_out(said):
    lines = "Notes:\n\n- Output: [6, 40]\n- {}: [57, 76]"
    assert said(lines.format("Input"))[-1] == YES
    assert said("- Input: [6, 40]") != [YES]


@pytest.mark.parametrize("words", ["With more words it would be", "Suppose it is"])
def test_what_is_only_supposed_is_not_confirmed(said, words):
    assert said("The branch gives a shape of (6, 128, 250).") == [YES]
    assert said(f"{words} a shape of (6, 128, 250) behind the branch.") == ["cannot tell"]


@pytest.mark.parametrize("name", ["X_train.npz", "clips.wav", "table.csv"])
def test_what_is_in_a_file_is_not_of_this_run(said, name):
    table = (
        f"| file | shape |\n|---|---|\n| `{name}` | `(N_train, 3, 250)` |\n| `input` | `(N_train, 3, 250)` |"
    )
    assert said(table)[0] == "not in this run"


class Solid(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Conv3d(1, 8, 3, stride=2, padding=1)

    def forward(self, x):
        return self.block(x)


def test_the_sizes_of_a_solid_may_stand_alone(tmp_path):
    trace = shapeflow.trace(Solid().eval(), torch.zeros(4, 1, 32, 48, 56))
    note = tmp_path / "note.md"
    note.write_text("# Solid\n\n- `block` gives 16×24×28\n- `block` gives 16×24×30\n")
    assert [mark.verdict for mark in shapeflow.annotate(trace, note).marks] == [YES, "not in this run"]


class Search(nn.Module):
    def forward(self, words, x):
        return x * words.mean()


def test_the_batch_is_that_of_the_results_where_inputs_differ():
    assert batch_of(shapeflow.trace(Search().eval(), torch.zeros(57, 76), torch.zeros(6, 3, 250))) == 6
