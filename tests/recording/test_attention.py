"""Which kernel attention takes: torch is asked once for all that its answer depends on."""

from __future__ import annotations

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

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
