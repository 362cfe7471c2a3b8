"""Which parts of a model get a heading."""

from __future__ import annotations

import pytest
import torch
from tiny import tiny_trace
from torch import nn

from shapeflow import recording
from shapeflow.model.stage_tree import MOST_NODES, leaves, stage_tree


class Block(nn.Module):
    def __init__(self, inner: int = 2) -> None:
        super().__init__()
        self.mix = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.think = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), *(nn.Linear(4, 4) for _ in range(inner)))

    def forward(self, x):
        return self.think(self.mix(x)) + x


class Twins(nn.Module):
    """Two equal towers, called by names that have no number."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Sequential(*(Block() for _ in range(3)))
        self.right = nn.Sequential(*(Block() for _ in range(3)))
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.left(x) * self.right(x))


def shown(nodes):
    return [(node.stage.path, len(node.stage.calls)) for root in nodes for node in root.walk()]


def test_the_detector_has_its_children_and_no_norms():
    found = shown(stage_tree(tiny_trace()))
    assert found == [
        (".", 1),
        (".encode()", 1),
        ("embed", 1),
        ("layers.0-1", 2),
        ("decoder", 1),
        ("box_head", 1),
    ]


def test_of_two_equal_parts_none_is_opened_alone():
    (root,) = stage_tree(recording.trace(Twins(), torch.zeros(1, 4)))
    left, right = root.nodes
    assert [node.stage.path for node in root.nodes] == ["left", "right"]
    assert len(list(left.walk())) == len(list(right.walk())) > 1


@pytest.mark.parametrize("count", [2, 30])
def test_alike_parts_are_one(count):
    model = nn.Sequential(*(Block() for _ in range(count)))
    found = shown(stage_tree(recording.trace(model, torch.zeros(1, 4))))
    assert (f"0-{count - 1}", count) in found
    assert len(found) < 8


def test_a_model_of_many_unlike_parts_is_not_told_in_full():
    model = nn.Sequential(*(Block(inner) for inner in range(30)))
    found = shown(stage_tree(recording.trace(model, torch.zeros(1, 4))))
    assert len(found) <= max(MOST_NODES, 1 + 30)


def test_the_leaves_are_all_that_runs_in_calls_of_children():
    trace = tiny_trace()
    calls = [call for stage in leaves(trace) for call in stage.calls]
    assert len(calls) == len(set(calls))
    names = [stage.path for stage in leaves(trace)]
    assert names == ["embed", "layers.0-1", "decoder", "box_head", "score_head"]
