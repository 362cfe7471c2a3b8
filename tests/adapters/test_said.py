"""Shapes that docstrings give."""

from __future__ import annotations

import pytest

from shapeflow.adapters.inputs.said import dims_said, value_of

DOC = """Run it.

    Args:
        hidden_states (`torch.Tensor` of shape `(batch size, 2 * in_dim + 1, height, width)`):
            Latents.
        text: ``(B, 1, L, D_caption)`` text embeddings.
        sound (`torch.Tensor`): Noisy sound `(batch, channels, T)`.
        boxes (`torch.Tensor`):
            Boxes, of shape `(batch_size,
            num_boxes, 4)`, in pixels.
        video (`torch.Tensor` of shape `(B, 2C + 4, T + 1, H, W)`): A video.
        layers (`torch.Tensor` of shape `(batch_size, 1 + len(injected), self.config.dim)`): Features.
        step (`torch.Tensor` of shape `(batch_size,)`): The step.
        range (`torch.Tensor`): A number in `[0, 1)`.
        tags (`torch.Tensor`, *optional*): One of `left` and `right` (see above).

    Returns:
        `torch.Tensor` of shape `(batch, other)`.
    """


@pytest.mark.parametrize(
    ("name", "dims"),
    [
        ("hidden_states", ["batch_size", "2 * in_dim + 1", "height", "width"]),
        ("text", ["B", "1", "L", "D_caption"]),
        ("sound", ["batch", "channels", "T"]),
        ("boxes", ["batch_size", "num_boxes", "4"]),
        ("video", ["B", "2*C + 4", "T + 1", "H", "W"]),
        ("layers", ["batch_size", "1 + len(injected)", "dim"]),
        ("step", ["batch_size"]),
        ("range", []),
        ("tags", []),
        ("absent", []),
    ],
)
def test_dims_of_an_argument(name: str, dims: list[str]) -> None:
    assert dims_said(DOC, name) == dims


@pytest.mark.parametrize(
    ("dim", "size"),
    [("7", 7), ("2 * a + 1", 9), ("1 + len(many)", 4), ("prod(many)", 24), ("a // 3", 1), ("b", None)],
)
def test_size_of_a_dim(dim: str, size: int | None) -> None:
    assert value_of(dim, {"a": 4, "many": (2, 3, 4)}.get) == size
    assert value_of("a * missing", {"a": 4}.get) is None
