"""Two followers of axes: one that asks where a size comes from, one that lint asks what an axis is made of.

They are two because they answer differently by intent. The first goes back one op at a time, says that the
channels of a layer are those of its weight, and knows nothing of what a reshape joins. The second goes
through the whole run once, knows parts of joined axes and axes of size 1, and takes the channels for new
ones. Where an op has one computed input, and both say that an axis is one of that, they must say the same.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.lint import inputs_of
from benchmarks.planted.sequences import Detector, Gpt, Sequence
from benchmarks.planted.vision import Cnn, UNet, VisionTransformer
from shapeflow.lint.axis_ops import axes_of
from shapeflow.model.axis_source import source_of
from shapeflow.recording import trace

OPS = {
    "split": lambda x: torch.split(x, [2, 6], 2)[1] + 1,
    "complex": lambda x: torch.view_as_real(torch.view_as_complex(x.unflatten(2, (4, 2))) * 1),
    "order": lambda x: x.permute(2, 0, 1).movedim(0, -1).swapaxes(0, 1).mT,
    "reductions": lambda x: x.amax(1).cumsum(1) - x.mean((0, 1)),
    "indices": lambda x: x[:, None, ..., 1:][:, 0][..., -1],
    "stack": lambda x: torch.stack([x, x], 1).flatten(0, 1).unbind(1)[0],
    "pools": lambda x: F.interpolate(F.max_pool1d(x, 2), size=8),
}


def disagreements(recorded):
    axes, opened = axes_of(recorded), {op.parent for op in recorded.ops}
    agreed, found = 0, []
    for op in recorded.ops:
        values = [port.value for port in op.inputs if port.value is not None]
        computed = [one for one in values if recorded.values[one].origin not in ("parameter", "buffer")]
        if op.id in opened or len(computed) != 1:
            continue
        for port in op.outputs:
            made = None if port.value is None else recorded.values[port.value]
            for dim, size in enumerate(made.shape if made else ()):
                source = source_of(recorded, op, made, dim)
                if source is None or source.value != computed[0] or size == 1:
                    continue
                agreed += 1
                if axes[made.id][dim] != axes[source.value][source.dim]:
                    found.append(f"{op.target}: {made}, dim {dim}")
    return agreed, found


@pytest.mark.parametrize("model", [VisionTransformer, UNet, Cnn, Gpt, Detector, Sequence])
def test_both_say_the_same_of_models(model):
    with torch.no_grad():
        agreed, found = disagreements(trace(model().eval(), *inputs_of(model), device="meta"))
    assert agreed > 10
    assert found == []


@pytest.mark.parametrize("name", OPS)
def test_both_say_the_same_of_ops(name):
    class Net(nn.Module):
        def forward(self, x):
            return OPS[name](x)

    agreed, found = disagreements(trace(Net(), torch.rand(3, 5, 8), device="meta"))
    assert agreed > 2
    assert found == []


@pytest.mark.parametrize("keys", [6, 4])
def test_the_scores_of_attention_are_along_the_keys(keys):
    """Also where the values are as wide as there are keys."""

    class Net(nn.Module):
        def forward(self, q, k, v):
            return F.scaled_dot_product_attention(q, k, v)

    given = torch.rand(2, 3, 5, 4), torch.rand(2, 3, keys, 4), torch.rand(2, 3, keys, 4)
    recorded = trace(Net(), *given, device="meta")
    axes = axes_of(recorded)
    (op,) = (op for op in recorded.ops if op.target == "scaled_dot_product_attention")
    made = {port.name: recorded.values[port.value] for port in op.outputs}
    key, value = op.inputs[1].value, op.inputs[2].value
    for name, source, dim in (("out", value, 3), ("score", key, 2)):
        found = source_of(recorded, op, made[name], 3)
        assert (found.value, found.dim) == (source, dim)
        assert axes[made[name].id][3] == axes[source][dim]
