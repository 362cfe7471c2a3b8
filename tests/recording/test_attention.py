"""Which kernel attention takes: torch is asked once for all that its answer depends on."""

from __future__ import annotations

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

import shapeflow
from shapeflow.recording.attention import takes_fused_kernel

QUERY = torch.ones(2, 4, 6, 8)


def test_what_the_user_allows_is_asked_each_time():
    assert takes_fused_kernel(QUERY, QUERY, QUERY, None)
    with sdpa_kernel(SDPBackend.MATH):
        assert not takes_fused_kernel(QUERY, QUERY, QUERY, None)
    assert takes_fused_kernel(QUERY, QUERY, QUERY, None)


@pytest.mark.parametrize(
    ("query", "key", "value", "mask"),
    [
        (QUERY[0], QUERY[0], QUERY[0], None),
        (QUERY, QUERY, QUERY[..., :5], None),
        (QUERY, QUERY[:, :2], QUERY[:, :2], None),
        (QUERY, QUERY.transpose(2, 3).contiguous().transpose(2, 3), QUERY, None),
    ],
)
def test_others_are_told_apart(query, key, value, mask):
    assert takes_fused_kernel(QUERY, QUERY, QUERY, None)
    assert not takes_fused_kernel(query, key, value, mask)


def test_a_call_that_the_formula_of_flops_refuses_runs_as_it_does_without_us():
    class Fewer(torch.nn.Module):
        def forward(self, query, key, value):
            return torch.nn.functional.scaled_dot_product_attention(query, key, value)

    given = [torch.empty(1, 8, length, 64) for length in (512, 600, 512)]
    trace = shapeflow.trace(Fewer(), *given, device="meta")
    assert str(trace.values[trace.calls[0].outputs[0].value]) == "f32[1, 8, 512, 64]"
