"""Keeping the numbers that value claims name: these, and nothing that disturbs the run."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from shapeflow.recording.capture import Capture
from shapeflow.recording.recorder import Recording
from shapeflow.walkthrough.formula.evaluate import decode


class Folding(nn.Module):
    """Reshapes twice: an index that fits one result does not fit the other, nor the inputs."""

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` folded, flattened and summed."""
        return x.reshape(2, 3, 1, 2).reshape(6, 2).sum(0)


def kept(**wanted: Capture) -> dict[str, Any]:
    """Return the numbers that a run keeps, by name."""
    model = Folding()
    with Recording(model, capture=wanted) as recording:
        model(torch.arange(12.0))
    return {name: decode(numbers).tolist() for name, numbers in recording.trace.run.kept.items()}


def test_a_part_of_one_of_several_tensors_is_kept() -> None:
    assert kept(part=Capture("./reshape@0:out", (0, slice(None), 0, 1))) == {"part": [1.0, 3.0, 5.0]}


def test_several_tensors_of_one_op_are_kept() -> None:
    both = kept(given=Capture("./reshape@1:in[0]", (0, 0, 0)), made=Capture("./reshape@1:out", (5,)))
    assert both == {"given": [0.0, 1.0], "made": [10.0, 11.0]}


@pytest.mark.parametrize("selector", ["./reshape@2:out", ".nowhere:out", "layer:out", "./reshape:out", "@@"])
def test_what_names_no_single_tensor_leaves_the_run_alone(selector: str) -> None:
    assert kept(nothing=Capture(selector), sum=Capture(".:out")) == {"sum": [30.0, 36.0]}


def test_an_index_that_does_not_fit_leaves_the_run_alone() -> None:
    assert kept(nothing=Capture(".:out", (0, 0, 0)), sum=Capture(".:out")) == {"sum": [30.0, 36.0]}
