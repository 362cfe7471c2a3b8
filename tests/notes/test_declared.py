"""The types of parameters tell shapes of tensors from sizes that are given as numbers."""

from __future__ import annotations

from shapeflow.notes.reading.note import note_from_text

DECLARED = '''\
def split(x: Tensor, size: tuple[int, int], parts, feats: list[Tensor]):
    """Split.

    Args:
        x: tokens of shape (B, H, W, C).
        size: spatial size of x with (rows, columns),
            or of a window (height, width).
        parts (List[int]): how it is cut (T, H, W)
        feats: maps of shape (B, C, H, W)
        shift (Tensor): moves (B, H, W)

    Returns:
        (pad_height, pad_width): what was added.
    """
'''


def test_what_is_declared_as_numbers_is_no_tensor() -> None:
    found = note_from_text(DECLARED, "python").mentions
    assert [str(one.pattern) for one in found] == ["[B, H, W, C]", "[B, C, H, W]", "[B, H, W]"]
    assert [one.frame.declared for one in found] == ["Tensor", "list[Tensor]", "Tensor"]
