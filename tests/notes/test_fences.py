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
    "python\nInput:\n  - x: [4, 96, 256]\n┌──────┐\n│   Output: [4, 96, 128]  │\n└──────┘\n  ↓": [
        "[4, 96, 256]",
        "[4, 96, 128]",
    ],
    "python\nA = softmax(Q @ K)   : (4, 8, 96, 96)\nz = f(s)    → (4, 96, 128)   # (4, 96, 256) before": [
        "[4, 8, 96, 96]",
        "[4, 96, 128]",
        "[4, 96, 256]",
    ],
    "python\ndecoder(x).shape\n\n>> (torch.Size([1, 64, 388, 388])": ["[1, 64, 388, 388]"],
    "python\nperiods: [17 58]\nself.conv(out) out.shape: torch.Size([16, 32, 5, 437])": ["[16, 32, 5, 437]"],
    "output\ntensor([0., 0., 1.])\ntorch.Size([2708, 1433])": ["[2708, 1433]"],
    "python\nstate = {\n    'conv.weight': [16, 24, 3],\n    'sizes': [16, 24, 3],\n}": ["[16, 24, 3]"],
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
