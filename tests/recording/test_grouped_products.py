"""Products of groups of rows, as mixtures of experts use them."""

from __future__ import annotations

import pytest

import shapeflow

torch = pytest.importorskip("torch")


class Experts(torch.nn.Module):
    """Two experts with a bias that is added in place."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.rand(2, 16, 32))

    def forward(self, rows: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
        """Return what each expert makes of its rows."""
        return torch._grouped_mm(rows, self.weights, offs=ends).add_(1.0)


def test_what_a_grouped_product_gives_may_be_written_to() -> None:
    if not hasattr(torch, "_grouped_mm"):
        pytest.skip("this torch has no grouped product")
    trace = shapeflow.trace(
        Experts(), torch.rand(8, 16), torch.tensor([3, 8], dtype=torch.int32), device="meta"
    )
    assert trace.run.failure is None
    assert any("add_" in op.target for op in trace.ops)
