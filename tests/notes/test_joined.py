"""Shapes of which a text says that one holds are marked as alternatives."""

from __future__ import annotations

import pytest

from shapeflow.notes.reading.note import note_from_text

ALTERNATIVES = {
    "hidden states of shape `(B, N, C)` or `(N, C)`, then (B, C)": [True, True, False],
    "masks (B, N), (B, 1, N) or of shape (B, N, N)": [True, True, True],
    "Input: :math:`(N, C, L)` or :math:`(C, L)`, out (N, C, 1)": [True, True, False],
    "形状为 (B, N, C) 或 (N, C)": [True, True],
    "(B, N, C) goes in, or so; (B, C) comes out": [False, False],
    "| in (B, N, C) or | (B, C) |\n|---|---|": [False, False],
}


@pytest.mark.parametrize("text", ALTERNATIVES)
def test_shapes_that_a_text_leaves_open_are_alternatives(text: str) -> None:
    assert [one.alternative for one in note_from_text(text).mentions] == ALTERNATIVES[text]
