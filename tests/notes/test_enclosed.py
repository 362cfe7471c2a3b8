"""A shape that the run does not have is wrong between two that are right and follow each other in the run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import shapeflow

WRONG = ("contradicted", "layout differs")


class Tower(nn.Module):
    """Four convolutions and a head, with names that a text in words hardly has."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 24, 3, stride=2, padding=1)
        self.second = nn.Conv2d(24, 40, 3, stride=2, padding=1)
        self.third = nn.Conv2d(40, 56, 3, stride=2, padding=1)
        self.head = nn.Linear(56, 11)

    def forward(self, pictures):
        maps = self.third(self.second(self.first(pictures)))
        return self.head(maps.mean((2, 3)))


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Tower().eval(), torch.zeros(2, 3, 64, 64))


@pytest.fixture
def said(trace, tmp_path):
    """Return the verdicts on the shapes of a text."""

    def annotated(text):
        path = Path(tmp_path / "note.md")
        path.write_text(text)
        return [mark.verdict for mark in shapeflow.annotate(trace, path).marks]

    return annotated


def steps(*shapes: str) -> str:
    """Return a text that goes through the model without its names, a line for each shape."""
    return "# The tower\n\n```\n" + "\n".join(f"conv → {shape}" for shape in shapes) + "\n```\n"


def test_a_size_that_occurs_nowhere_is_wrong_between_two_right_ones(said):
    first, second, third = said(steps("(2, 24, 32, 32)", "(2, 48, 16, 16)", "(2, 56, 8, 8)"))
    assert (first, third) == ("confirmed", "confirmed")
    assert second in WRONG


@pytest.mark.parametrize("words", ["conv", "the conv block", "feature map after conv"])
def test_words_that_could_be_of_any_step_are_enough_there(said, words):
    text = f"# Notes\n\n- {words}: (2, 24, 32, 32)\n- {words}: (B, 48, 16, 16)\n- {words}: (2, 56, 8, 8)\n"
    assert said(text) == ["confirmed", "contradicted", "confirmed"]


def test_a_shape_of_the_run_is_not_wrong_there(said):
    assert said(steps("(2, 24, 32, 32)", "(2, 40, 16, 16)", "(2, 56, 8, 8)")) == ["confirmed"] * 3


def test_nothing_is_called_wrong_before_the_first_and_behind_the_last_right_one(said):
    text = steps("(2, 9, 71, 71)", "(2, 24, 32, 32)", "(2, 40, 16, 16)", "(2, 99, 5, 5)")
    first, *_, last = said(text)
    assert not {first, last} & set(WRONG)


def test_the_order_of_the_run_has_to_be_that_of_the_text(said):
    _, second, _ = said(steps("(2, 56, 8, 8)", "(2, 48, 16, 16)", "(2, 24, 32, 32)"))
    assert second not in WRONG


def test_letters_alone_may_stand_for_anything(said):
    _, second, _ = said(steps("(2, 24, 32, 32)", "(B, S, E, L, N)", "(2, 56, 8, 8)"))
    assert second not in WRONG


def test_what_is_said_of_another_variant_is_left_open(said):
    text = steps("(2, 24, 32, 32)", "(2, 48, 16, 16) in the larger variant instead", "(2, 56, 8, 8)")
    assert said(text)[1] not in WRONG


def test_a_part_of_something_is_left_open(said):
    text = steps("(2, 24, 32, 32)", "maps[:, :5] → (2, 5, 16, 16)", "(2, 56, 8, 8)")
    assert said(text)[1] not in WRONG


def test_a_table_on_another_variant_is_not_called_wrong(said):
    rows = (
        ("Input", "first", "second", "third"),
        ("(B, 3, 64, 64)", "({}, 32, 32)", "({}, 16, 16)", "({}, 8, 8)"),
    )

    def table(head, *widths):
        shapes = [shape.format(f"B, {width}") for shape, width in zip(rows[1], ("", *widths), strict=True)]
        lines = "".join(f"| `{name}` | {shape} |\n" for name, shape in zip(rows[0], shapes, strict=True))
        return f"## {head}\n\n| layer | output |\n|---|---|\n{lines}| `third` again | {shapes[-1]} |\n\n"

    verdicts = said(table("Small", 24, 40, 56) + table("Large", 48, 80, 112))
    assert verdicts[:5] == ["confirmed"] * 5
    assert not set(verdicts[5:]) & set(WRONG)
    verdicts = said(table("Small", 24, 40, 112))
    assert verdicts[:3] == ["confirmed"] * 3
    assert verdicts[3] in WRONG


class Fused(nn.Module):
    """Attention inside of one function."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(32, 96)
        self.out = nn.Linear(32, 32)

    def forward(self, tokens):
        q, k, v = self.qkv(tokens).reshape(2, 50, 3, 4, 8).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        return self.out(mixed.transpose(1, 2).flatten(2))


def test_what_a_fused_attention_holds_is_not_called_wrong(tmp_path):
    trace = shapeflow.trace(Fused().eval(), torch.zeros(2, 50, 32))
    path = tmp_path / "note.md"
    path.write_text("# Notes\n\n- scores: (2, 50, 96)\n- scores: (B, 4, 50, 9)\n- scores: (2, 50, 32)\n")
    verdicts = [mark.verdict for mark in shapeflow.annotate(trace, path).marks]
    assert verdicts[1] not in WRONG
