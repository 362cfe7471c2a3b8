"""A fence of Markdown is read as what it holds: code, a comparison, printed lines, text."""

from __future__ import annotations

import pytest

from shapeflow.notes.reading.note import note_from_text

FENCES = {
    # Lines of a comparison have a sign in front; code in one is code.
    "diff\n- layer1   1x256x56x56\n+ stage 0  1x96x56x56": ["[1, 256, 56, 56]", "[1, 96, 56, 56]"],
    "diff\n- x = x.view(1, 256)\n+ x = x.view(1, 512)": [],
    'diff\n- "shape": [1, 256],\n+ "shape": [1, 512, 7, 7],': [],
    # What was printed is marked as Python as often as not.
    "python\ninput shape: torch.Size([1, 3, 256, 256])\nconv1 shape: torch.Size([1, 64, 128, 128])": [
        "[1, 3, 256, 256]",
        "[1, 64, 128, 128]",
    ],
    "\nlogits: torch.Size([1, 4, 50257])  # per word": ["[1, 4, 50257]"],
    "python\nX.shape = (32, 784)   # input\ny = x.reshape(32, 28, 28)": ["[32, 784]"],
    "python\nassert x.shape == (32, 784)\ny: Shape = Size((1, 2, 256))": [],
}


@pytest.mark.parametrize("inside", FENCES)
def test_a_fence_is_read_as_what_it_holds(inside: str) -> None:
    found = note_from_text(f"```{inside}\n```").mentions
    assert [str(one.pattern) for one in found] == FENCES[inside]


def test_lists_in_a_column_of_a_listing_are_shapes_and_no_calls():
    rows = ("query(x)        (3, 40, 96)", "view            (3, 40, 8, 12)", "scores          (3, 8, 40, 40)")
    note = note_from_text("\n".join(("```", *rows, "```", "")))
    assert [mention.text for mention in note.mentions] == ["(3, 40, 96)", "(3, 40, 8, 12)", "(3, 8, 40, 40)"]


def test_calls_in_a_fence_are_no_listing():
    rows = ("x = view(3, 40, 96)", "y = f(x)", "print(y.view(3, 40, 96))")
    assert not note_from_text("\n".join(("```", *rows, "```", ""))).mentions
