"""Our parameter counts beside those of torchinfo, module by module.

The summary takes its counts from the trace, so that it can be shown for a stored one without torch and
without the model; torchinfo needs the model. That both say the same is asserted here.
"""

from __future__ import annotations

import pytest
import torch
import torchinfo
import torchvision
from torch import nn

import shapeflow
from shapeflow.model.costs import total_parameters


class Shared(nn.Module):
    """The same layer under two names, and a parameter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = self.first
        self.scale = nn.Parameter(torch.ones(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x)) * self.scale


MODELS = {
    "shared": lambda: (Shared(), torch.zeros(2, 4)),
    "resnet18": lambda: (torchvision.models.resnet18(), torch.zeros(1, 3, 64, 64)),
    "vit": lambda: (
        torchvision.models.VisionTransformer(32, 8, 2, 4, 32, 64, num_classes=10),
        torch.zeros(1, 3, 32, 32),
    ),
    "frozen": lambda: (
        nn.Sequential(nn.Linear(4, 4).requires_grad_(False), nn.Linear(4, 2)),
        torch.zeros(1, 4),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_parameters_are_those_of_torchinfo(name):
    model, inputs = MODELS[name]()
    trace = shapeflow.trace(model.eval(), inputs, device="meta")
    summary = torchinfo.summary(model, verbose=0, depth=20)
    assert total_parameters(trace) == summary.total_params
    ours = {module.path: module.parameters for module in trace.modules}
    paths = {id(module): path for path, module in model.named_modules()}
    for layer in summary.summary_list:
        assert ours[paths[layer.layer_id]] == layer.num_params
