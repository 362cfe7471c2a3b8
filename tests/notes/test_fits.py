"""How the shapes of a text fit what is at a place: as a view of it, as one of many, with channels last."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.notes.placing.relations import relation
from shapeflow.shapes.notation import parse_shape


@pytest.mark.parametrize(
    ("pattern", "shape", "expected"),
    [
        ("[256, 7, 7]", (509, 256, 7, 7), "part"),
        ("[49, 96]", (128, 49, 96), "no"),
        ("[48, 48, 80]", (2, 24, 48, 80), "no"),
        ("[24, 48, 80]", (2, 24, 48, 80), "nobatch"),
        ("[48, 80, 24]", (2, 24, 48, 80), "layout"),
    ],
)
def test_a_shape_without_its_leading_axis(pattern, shape, expected):
    assert relation(parse_shape(pattern), shape, {}, 2) == expected


class Pictures(nn.Module):
    """A stem, attention with heads over its pixels, two heads for results, and a second branch."""

    def __init__(self):
        super().__init__()
        self.hidden_size = 12
        self.num_heads = 3
        self.stem = nn.Conv2d(3, 12, 4, stride=4)
        self.wide = nn.Conv2d(12, 18, 3, stride=2, padding=1)
        self.query = nn.Linear(12, 12)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.permute = nn.Identity()

    def forward(self, x):
        maps = self.stem(x)
        tokens = maps.flatten(2).transpose(1, 2)
        heads = self.query(tokens).unflatten(2, (self.num_heads, 4)).transpose(1, 2)
        tokens = tokens + heads.transpose(1, 2).flatten(2)
        deep = self.wide(maps)
        return self.permute(tokens), self.pool(deep).flatten(1)


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Pictures().eval(), torch.zeros(2, 3, 32, 48))


@pytest.fixture
def said(trace, tmp_path):
    """Return what is said of each shape of a text: verdict and place."""

    def annotated(text, name="note.md"):
        path = Path(tmp_path) / name
        path.write_text(text)
        return [(mark.verdict, mark.place) for mark in shapeflow.annotate(trace, path).marks]

    return annotated


def test_the_heads_of_a_projection_are_a_view_of_what_it_gives(said):
    ((verdict, place),) = said("The query per head: shape [2, 3, 96, 4].")
    assert verdict == "confirmed"
    assert "transpose" in place or "unflatten" in place


def test_the_pooled_map_flattened_is_a_view_of_it(said):
    ((verdict, place),) = said("After the pool the shape is [2, 18].")
    assert verdict == "confirmed"
    assert "flatten" in place or "out[1]" in place


def test_an_author_who_puts_channels_last_has_another_layout_throughout(said):
    text = "| part | output |\n|---|---|\n| stem | 8×12×12 |\n| wide | 4×6×18 |\n| picture | 32×48×3 |\n"
    assert {verdict for verdict, _ in said(text)} == {"layout differs"}


def test_a_shape_that_occurs_in_another_order_only_is_not_in_this_run(said):
    ((verdict, _),) = said("Some time later we have (96, 3, 2, 4) there.")
    assert verdict in ("not in this run", "layout differs")


def test_the_batch_of_another_run_makes_nothing_wrong(said):
    text = (
        "Training uses B=64.\n\n| part | output |\n|---|---|\n| input | (B, 3, 32, 48) |\n"
        "| stem | (B, 12, 8, 12) |\n| query | (B, 96, 12) |\n| wide | (B, 18, 4, 6) |\n"
        "| pool | (B, 40, 1, 1) |\n"
    )
    verdicts = [verdict for verdict, _ in said(text)]
    assert verdicts[:4] == ["confirmed"] * 4
    assert verdicts[4] not in ("confirmed", "symbolic, consistent")


def test_a_batch_that_is_a_size_of_something_else_makes_nothing_wrong(said):
    text = "With B=96.\n\n| part | output |\n|---|---|\n| input | (B, 3, 32, 48) |\n| query | (2, B, 12) |\n"
    assert {verdict for verdict, _ in said(text)} == {"confirmed"}


def test_a_size_of_another_model_makes_no_letters_wrong(said):
    text = (
        "In the paper width = 512.\n\n- `query` takes (2, tokens, width)\n- `query` gives (2, tokens, width)"
    )
    assert {verdict for verdict, _ in said(text)} == {"confirmed"}


def test_a_wrong_size_of_a_letter_is_not_made_right_by_the_shapes_with_it(said):
    text = "There are M = 97 tokens.\n\n- `query` takes (2, M, 12)\n- `query` gives (2, M, 12)\n"
    assert not {verdict for verdict, _ in said(text)} & {"confirmed", "symbolic, consistent"}


def test_the_number_of_rows_is_no_batch_because_it_is_called_n(said):
    assert said("There are N = 5 rows, and after the pool the shape is (N, 18).")[0][0] != "confirmed"


def test_a_size_with_which_one_of_the_shapes_fits_is_that_of_the_text(said):
    text = "With N = 96 tokens.\n\n- `query` gives (2, N, 12)\n- `wide` gives (2, N, 4, 6)\n"
    assert [verdict for verdict, _ in said(text)] == ["confirmed", "contradicted"]


def test_a_size_of_another_letter_is_still_wrong(said):
    text = "There are N=128 tokens.\n\n- `query` takes (2, N, 12)\n"
    assert said(text)[0][0] not in ("confirmed", "symbolic, consistent")


def test_letters_have_the_sizes_that_the_code_gives_them(said):
    assert said("`query` gives (2, 96, hidden_size).")[0][0] in ("confirmed", "symbolic, consistent")
    assert said("`query` gives (2, 96, num_heads).")[0][0] == "contradicted"


def test_a_module_that_is_called_as_an_operation_does_not_decide_alone(said):
    ((verdict, place),) = said("`permute` -> shape [2, 3, 96, 4]")
    assert (verdict, place) != ("contradicted", "permute:out")


def test_a_shape_that_only_a_weight_has_is_of_the_weight(said):
    assert said("The stem holds one tensor, (12, 3, 4, 4).") == [("confirmed", "stem.weight")]
