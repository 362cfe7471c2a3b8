"""Flex attention without numbers: its functions may read tensors that only they know."""

import warnings

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

from shapeflow.errors import NeedsValues
from shapeflow.recording import trace

warnings.filterwarnings("ignore", module="torch")
LENGTH = 64
X = torch.rand(2, LENGTH, 16)
PLACES = torch.arange(float(LENGTH)) // 8


class Attends(nn.Module):
    """Two heads of eight numbers, with keys and values of any kind, and a bias that is learnt."""

    def __init__(self, attend) -> None:
        super().__init__()
        self.attend = attend
        self.linear = nn.Linear(16, 16)
        self.bias = nn.Parameter(torch.zeros(2, LENGTH))

    def forward(self, x: Tensor) -> Tensor:
        heads = self.linear(x).view(2, LENGTH, 2, 8).transpose(1, 2)
        return self.attend(heads, self.bias)


def in_blocks(query, bias):
    mask = create_block_mask(
        lambda batch, head, row, column: PLACES[row] >= PLACES[column], None, None, LENGTH, LENGTH, "cpu"
    )
    return flex_attention(query, query, query, block_mask=mask)


def with_a_table(query, bias):
    return flex_attention(query, query, query, lambda score, b, h, i, j: score + PLACES[i] * bias[h, j])


def fewer_heads(query, bias):
    few = query[:, :1]
    return flex_attention(
        query, few, few[..., :4], lambda score, b, h, i, j: score + PLACES[j], enable_gqa=True
    )


@pytest.mark.parametrize("attend", [in_blocks, with_a_table, fewer_heads])
def test_shapes_are_those_of_a_real_run(attend):
    model = Attends(attend).eval()
    with torch.no_grad():
        real, shapes, plain = trace(model, X), trace(model, X, device="meta"), model(X)
    assert shapes.run.complete
    assert shapes["linear:out"].shape == real["linear:out"].shape
    assert shapes[".:out"].shape == real[".:out"].shape == tuple(plain.shape)


def test_a_function_that_does_not_fit_is_not_passed_over():
    short = PLACES[: LENGTH // 2]
    model = Attends(
        lambda query, bias: flex_attention(query, query, query, lambda score, b, h, i, j: score + short[i])
    )
    with torch.no_grad(), pytest.raises(IndexError):
        model(X)
    with torch.no_grad(), pytest.raises(NeedsValues):
        trace(model, X, device="meta")


def test_keys_of_another_width_are_refused_as_by_torch():
    model = Attends(
        lambda query, bias: flex_attention(query, query[..., :4], query, lambda s, b, h, i, j: s + PLACES[i])
    )
    with torch.no_grad(), pytest.raises(ValueError, match="same embedding dimension"):
        trace(model, X, device="meta")
