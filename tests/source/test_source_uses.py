"""What functions that no trace has calls of were given and gave, told by what reads it before it changes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from places import ROOT
from torch import nn

import shapeflow
from shapeflow.model.input_letters import Letters
from shapeflow.source.collect import source_files, wanted

FOLDERS = [*sys.path, str(ROOT), str(Path(__file__).parent)]


def windows(x, size):
    b, h, w, c = x.shape
    x = x.view(b, h // size, size, w // size, size, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, size, size, c), (h, w)


def scaled(tensor, by=2.0):
    return torch.mul(tensor, by)


def shut(tensor):
    made = [torch.relu(tensor) for tensor in (tensor,)]
    return made[0]


def joined(one, other):
    return one + other


def turn(tensor):
    tensor.unsqueeze_(0)


def rebound(given):
    def again():
        nonlocal held
        held = given[:1]

    held = scaled(given)
    again()
    return torch.tanh(held)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.first, self.second = nn.LayerNorm(8), nn.Linear(8, 6), nn.Linear(6, 4)

    def forward(self, x, mask=None):
        parts, (height, _) = windows(x, 2)
        doubled = scaled(self.norm(parts))
        named = scaled(by=3.0, tensor=self.first(doubled))
        with torch.no_grad():
            small = self.second(input=named)
        early = scaled(small)
        if early.shape[0] > 1000 * height:
            return early
        late = early.flatten(1)
        grown = scaled(late)
        turn(grown)
        ended = grown.sum(0)
        other = scaled(ended)
        other = scaled(other[:1])
        both = torch.relu(scaled(other)) + torch.relu(other)
        twice = scaled(both)
        last = torch.relu(twice) + torch.relu(both)
        filled = torch.empty(0)
        torch.add(last, 1, out=filled)
        rebound(last)
        closed = joined(shut(scaled(filled)), other)
        return closed - mask if mask is not None else closed * 2


@pytest.fixture(scope="module")
def file():
    trace = shapeflow.trace(Net().eval(), torch.ones(2, 4, 4, 8))
    (found,) = source_files(trace, wanted(trace, "test_source_uses.py"), FOLDERS)
    return found


def told(file, text, name):
    """Return what is said of a name on the first line that begins with some text."""
    line = next(line for line in file.lines if line.text.strip().startswith(text))
    return [made.types for made in line.made if made.name == name]


@pytest.mark.parametrize(
    ("text", "name", "shapes"),
    [
        ("def windows", "x", ("f32[2, 4, 4, 8]",)),
        ("parts, (height", "parts", ("f32[8, 2, 2, 8]",)),
        ("doubled =", "doubled", ("f32[8, 2, 2, 8]",)),
        ("named =", "named", ("f32[8, 2, 2, 6]",)),
        ("closed =", "closed", ("f32[1, 16]",)),
    ],
)
def test_what_a_plain_function_is_given_and_gives(file, text, name, shapes):
    assert told(file, text, name) == [shapes]


def test_letters_stand_in_what_reads_tell(file):
    trace = shapeflow.trace(Net().eval(), torch.ones(2, 4, 4, 8))
    text_of = Letters(trace).text
    (found,) = source_files(trace, wanted(trace, "test_source_uses.py"), FOLDERS, text_of=text_of)
    assert told(file, "def windows", "x") == [("f32[2, 4, 4, 8]",)]
    assert told(found, "def windows", "x") == [("f32[B, 4, H, W]",)]


def test_parameters_stand_in_their_order(file):
    line = next(line for line in file.lines if line.text.startswith("def joined"))
    assert [made.name for made in line.made] == ["one", "other"]


def test_all_the_times_that_a_function_ran_count(file):
    (shapes,) = told(file, "def scaled", "tensor")
    assert shapes == ("f32[8, 2, 2, 8]", "f32[8, 2, 2, 6]", "f32[8, 2, 2, 4]", "f32[8, 16]", "f32[1, 16]")


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("early =", "early", "the run may have left before it was read"),
        ("grown =", "grown", "what it is handed to may change its shape in place"),
        ("twice =", "twice", "two steps of the line that reads it are called alike"),
        ("other = scaled(other", "other", "two steps of the line that reads it are called alike"),
        ("held = scaled", "held", "an inner function that is called may have changed it"),
        ("def shut", "tensor", "a comprehension has a variable of the same name"),
        ("parts, (height", "height", "it is no tensor"),
    ],
)
def test_what_is_not_certain_is_not_told(file, text, name, why):
    assert told(file, text, name) == [], why
