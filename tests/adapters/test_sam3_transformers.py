"""The adapter of the SAM3 of transformers."""

from __future__ import annotations

import pytest


def test_a_run_finds_no_positions_of_the_run_before():
    torch = pytest.importorskip("torch")
    adapter = pytest.importorskip("shapeflow.adapters.sam3_transformers")
    positions = adapter.Sam3SinePositionEmbedding(num_position_features=4, normalize=True)
    arguments = (torch.Size([1, 8, 2, 3]), torch.device("cpu"), torch.float32)
    first = positions(*arguments)
    assert positions(*arguments) is first, "transformers remembers them"
    adapter.forget_positions()
    assert positions(*arguments) is not first
