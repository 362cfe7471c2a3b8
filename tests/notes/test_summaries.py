"""Summaries of a model as torchinfo and torchsummary print them, in a text."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import shapeflow


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.conv(self.act(x))) + x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


# As torchinfo 1.8 prints them.
TREE = """
==========================================================================================
Layer (type:depth-idx)                   Output Shape              Param #
==========================================================================================
Net                                      [2, 10]                   12
├─Sequential: 1-1                        [2, 8, 30, 30]            --
│    └─Conv2d: 2-1                       [2, 8, 30, 30]            224
│    └─BatchNorm2d: 2-2                  [2, 8, 30, 30]            16
├─ModuleList: 1-2                        --                        --
│    └─Block: 2-3                        [2, 8, 30, 30]            --
│    │    └─ReLU: 3-1                    [2, 8, 30, 30]            --
│    │    └─Conv2d: 3-2                  [2, 8, 30, 30]            584
│    │    └─ReLU: 3-3                    [2, 8, 30, 30]            --
│    └─Block: 2-4                        [2, 8, 30, 30]            --
├─Linear: 1-3                            [2, 10]                   90
==========================================================================================
"""
NAMED = """
Layer (type (var_name))                  Input Shape               Output Shape              Kernel Shape
===================================================================================================================
Net (Net)                                [2, 3, 32, 32]            [2, 10]                   --
├─Sequential (stem)                      [2, 3, 32, 32]            [2, 8, 30, 30]            --
│    └─Conv2d (0)                        [2, 3, 32, 32]            [2, 8, 30, 30]            [3, 3]
├─ModuleList (blocks)                    --                        --                        --
│    └─Block (1)                         [2, 8, 30, 30]            [2, 8, 30, 30]            --
│    │    └─ReLU (act)                   [2, 8, 30, 30]            [2, 8, 30, 30]            --
├─Linear (head)                          [2, 8]                    [2, 10]                   --
===================================================================================================================
"""
# As torchsummary 1.5 does.
NUMBERED = """
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1            [-1, 8, 30, 30]             224
       BatchNorm2d-2            [-1, 8, 30, 30]              16
              ReLU-3            [-1, 8, 30, 30]               0
            Conv2d-4            [-1, 8, 30, 30]             584
              ReLU-5            [-1, 8, 30, 30]               0
             Block-6            [-1, 8, 30, 30]               0
              ReLU-7            [-1, 8, 30, 30]               0
            Conv2d-8            [-1, 8, 30, 30]             584
              ReLU-9            [-1, 8, 30, 30]               0
            Block-10            [-1, 8, 30, 30]               0
           Linear-11                   [-1, 10]              90
================================================================
"""


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Net().eval(), torch.zeros(2, 3, 32, 32))


@pytest.fixture
def said(trace, tmp_path):
    def annotate(summary: str) -> dict[str, tuple[str, str]]:
        note = tmp_path / "note.md"
        note.write_text(f"# Net\n\n```\n{summary}```\n")
        marks = shapeflow.annotate(trace, note).marks
        return {str(one.mention.span): (one.verdict, one.place) for one in marks}

    return annotate


@pytest.mark.parametrize(("summary", "places"), [(TREE, 10), (NAMED, 11), (NUMBERED, 11)])
def test_each_row_is_of_its_own_call(said, summary, places):
    verdicts = [verdict for verdict, _ in said(summary).values()]
    assert verdicts.count("confirmed") >= places - 1
    assert set(verdicts) <= {"confirmed", "not in this run"}


@pytest.mark.parametrize(
    ("summary", "row", "wrong", "verdict", "place"),
    [
        (TREE, "Conv2d: 3-2  ", "9, 30, 30]", "contradicted", "blocks.0.conv@0:out"),
        (TREE, "Linear: 1-3  ", "12]", "contradicted", "head@0:out"),
        (NAMED, "(stem)  ", "30, 8, 30]", "layout differs", "stem@0:out"),
        (NAMED, "(1)  ", "8, 28, 28]", "contradicted", "blocks.1@0:out"),
        (NUMBERED, "Block-10  ", "8, 28, 28]", "contradicted", "blocks.1@0:out"),
    ],
)
def test_a_wrong_row_is_told_by_its_own_call(said, summary, row, wrong, verdict, place):
    lines = summary.split("\n")
    [number] = [number for number, line in enumerate(lines) if row in line]
    head, _, shape = lines[number].rpartition("[")
    lines[number] = f"{head}[{shape.partition(',')[0]}, {wrong}"
    assert (verdict, place) in said("\n".join(lines)).values()


def test_a_summary_may_end_the_text(trace, tmp_path):
    note = tmp_path / "note.md"
    note.write_text("# Net\n" + NUMBERED.replace("ReLU-9            [-1, 8", "ReLU-9            [-1, 9"))
    verdicts = {mark.mention.text: mark.verdict for mark in shapeflow.annotate(trace, note).marks}
    assert verdicts["[-1, 9, 30, 30]"] == "contradicted"


@pytest.mark.parametrize("summary", [TREE, NUMBERED])
def test_the_summary_of_another_model_proves_nothing(said, summary):
    other = summary.replace("Conv2d", "Conv1d").replace("ReLU", "GELU").replace("Block", "Layer")
    wrong = other.replace("8, 30, 30]", "8, 28, 28]")
    assert "contradicted" not in {verdict for verdict, _ in said(wrong).values()}


@pytest.mark.parametrize("summary", [TREE, NUMBERED])
def test_a_summary_of_larger_inputs_is_not_called_wrong(said, summary):
    larger = summary.replace("30, 30]", "222, 222]")
    assert "contradicted" not in {verdict for verdict, _ in said(larger).values()}
