"""``shapeflow trace --model mlp:8x16x4``: a perceptron whose layers have these widths."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from shapeflow.adapters.base import Prepared
from shapeflow.adapters.request import Request
from shapeflow.adapters.specs import AdapterSpec
from shapeflow.errors import InputError

SPEC = AdapterSpec("mlp", "shapeflow_example.adapter:prepare", prefix=True)
"""The name, the function, and what a user can give it: nothing, here. This much is known without torch."""


def prepare(request: Request) -> Prepared:
    """Build the model and lay out its run. In a shapes-only run no weight is allocated."""
    import torch
    from torch import nn

    widths = [int(width) for width in request.target.partition(":")[2].split("x") if width.isdecimal()]
    if len(widths) < 2:
        raise InputError(
            "widths",
            f"'{request.target}' does not name the widths of layers",
            where="option --model",
            expected="two widths or more",
            hint="--model mlp:8x16x4",
        )
    device = "cuda" if request.device == "cuda" else "cpu"  # shapes-only runs look like the CPU
    torch.manual_seed(request.seed)
    model = nn.Sequential(*(nn.Linear(*pair) for pair in pairwise(widths))).to(device)
    given = torch.rand(1, widths[0], device=device)
    return Prepared(model, partial(model, given), {"seed": request.seed}, {"torch": str(torch.__version__)})
