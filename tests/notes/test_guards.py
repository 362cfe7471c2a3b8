"""What keeps a likely place from being called sure, and what leads to a better one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.notes.places.sites import Sites
from shapeflow.notes.placing.chain import Placed, State
from shapeflow.notes.placing.symbols import voted
from shapeflow.notes.reading.note import note_from_text
from shapeflow.notes.verdicts.guards import is_rivalled
from shapeflow.notes.verdicts.mark import Mark
from shapeflow.notes.verdicts.other_models import _names_variant
from shapeflow.notes.verdicts.other_runs import of_this_run
from shapeflow.notes.words.clauses import Clause


class Small(nn.Module):
    """Embedding, projection into heads, and two layers."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(10, 8)
        self.q_proj = nn.Linear(8, 8, bias=False)
        self.wide = nn.Linear(8, 6, bias=False)
        self.narrow = nn.Linear(6, 3, bias=False)

    def forward(self, ids):
        x = self.emb(ids)
        heads = self.q_proj(x).view(2, 5, 2, 4).transpose(1, 2)
        x = x + heads.transpose(1, 2).flatten(2)
        return self.narrow(self.wide(x))


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Small().eval(), torch.zeros(2, 5, dtype=torch.long))


@pytest.fixture
def said(trace, tmp_path):
    """Return what is said of each shape of a text: verdict and place."""

    def annotated(text, name="note.md"):
        (tmp_path / name).write_text(text)
        marks = shapeflow.annotate(trace, Path(tmp_path / name)).marks
        return [(mark.verdict, mark.place) for mark in marks]

    return annotated


def test_a_place_that_is_named_is_not_confirmed_by_another(said):
    ((verdict, place),) = said("Luego `narrow` tenemos torch.Size([2, 5, 6]).")
    assert verdict not in ("confirmed", "layout differs"), place


def test_the_heads_of_a_projection_are_the_view_of_it(said):
    first, second = said("`q_proj` gives (2, 5, 8), and split into heads it is (2, 2, 5, 4).")
    assert first == ("confirmed", "q_proj:out")
    assert second[0] == "confirmed"
    assert "transpose" in second[1]


def test_a_view_of_a_named_result_is_no_other_layout(said):
    ((verdict, place),) = said("`q_proj`: torch.Size([2, 5, 2, 4])")
    assert verdict == "confirmed"
    assert "view" in place


def test_a_table_is_the_weight_of_the_module_that_is_named(said):
    assert said("The table `emb` has shape (10, 8).") == [("confirmed", "emb.weight")]


def test_a_weight_that_is_told_twice_is_another_one(said):
    first, second = said("The weight of `wide` has shape [6, 8], and that of the second layer shape [6, 8].")
    assert first[0] == "confirmed"
    assert second[0] != "confirmed"


def test_a_text_that_gives_the_batch_does_not_mean_one_input(said):
    rows = ("emb", "[2, 5, 8]"), ("q_proj", "[2, 5, 8]"), ("wide", "[2, 5, 6]"), ("wide", "[2, 5, 6]")
    text = "".join(f"- `{name}`: shape {shape}\n" for name, shape in (*rows, ("narrow", "{}")))
    assert said(text.format("[2, 5, 3]"))[-1][0] == "confirmed"
    assert said(text.format("[1, 5, 3]"))[-1][0] != "confirmed"


def test_a_shape_unlike_that_of_its_place_is_not_called_wrong(said):
    ((verdict, _),) = said("Inside of the wide layer the scores have shape (7, 9, 11).")
    assert verdict not in ("contradicted", "layout differs", "confirmed")


@pytest.mark.parametrize(
    ("relation", "mass", "words", "rivalled"),
    [
        ("layout", 0.4, "the heads", True),
        ("layout", 0.4, "then transposed", False),
        ("layout", 0.1, "the heads", False),
        ("no", 0.4, "the heads", False),
    ],
)
def test_another_order_at_a_likely_place_leaves_a_shape_open(trace, relation, mass, words, rivalled):
    sites = Sites(trace)
    viewed = next(site for site in sites.all if site.shape == (2, 5, 2, 4) and "view" in site.selector)
    turned = next(site for site in sites.all if site.shape == (2, 2, 5, 4) and "transpose" in site.selector)
    fit, other = State(turned.id, "exact", 1.0, 1.0), State(viewed.id, relation, 1.0, 1.0)
    fit.mass, other.mass = 1 - mass, mass
    clause = Clause(words, "", False, True, False)
    assert is_rivalled(Placed(None, [fit, other]), turned, clause, sites) is rivalled


def test_what_is_said_below_the_name_of_another_model_is_not_of_this_run(said):
    text = "## Small\n\n- `emb`: shape [2, 5, 8]\n\n## SwinTransformer\n\n- `emb`: shape [2, 5, 8]\n"
    assert [verdict for verdict, _ in said(text)] == ["confirmed", "not in this run"]
    alone = "## SwinTransformer\n\n- `emb`: shape [2, 5, 8]\n"
    assert [verdict for verdict, _ in said(alone)] == ["confirmed"]


def test_a_column_of_another_model_is_not_of_this_run(said):
    text = (
        "| part | shape in `Small` | shape in `Large` |\n|---|---|---|\n| `emb` | [2, 5, 8] | [2, 5, 16] |\n"
    )
    assert [verdict for verdict, _ in said(text)] == ["confirmed", "not in this run"]


def test_a_variant_of_the_model_in_the_sentence_is_another_model(said):
    ((verdict, _),) = said("With `SmallForClassification` the output of `emb` has shape [2, 5, 8].")
    assert verdict == "not in this run"


def test_the_end_of_a_stressed_sentence_is_no_wildcard_in_a_name(said):
    assert said("**emb.** It gives shape [2, 5, 8].")[0][0] == "confirmed"
    assert said("*Solution.* The output of `emb` has shape [2, 5, 8].")[0][0] == "confirmed"


def test_one_of_several_shapes_is_not_called_wrong(said):
    verdicts = [verdict for verdict, _ in said("`wide` gives [2, 5, 7] or [2, 5, 6].")]
    assert "contradicted" not in verdicts


def contradicted(text: str, there: str) -> Mark:
    """Return the mark of the shape of a text that is called wrong."""
    (mention,) = note_from_text(text).mentions
    return Mark(mention, "contradicted", "emb:out", there)


@pytest.mark.parametrize(
    ("shape", "there", "verdict"),
    [
        ("[16, 5, 8]", "f32[2, 5, 8]", "not in this run"),
        ("[16, 5, 9]", "f32[2, 5, 8]", "contradicted"),
        ("[16, 5, 8]", "f32[3, 5, 8]", "contradicted"),
    ],
)
def test_what_differs_in_the_batch_alone_is_of_another_run(trace, shape, there, verdict):
    (mark,) = of_this_run(trace, [contradicted(f"a tensor of shape {shape}", there)])
    assert mark.verdict == verdict


def test_what_is_wrong_of_another_model_is_not_in_this_run(said):
    assert said("`emb` gives shape [2, 5, 9].")[0][0] == "contradicted"
    assert said("For BERT-large `emb` gives shape [2, 5, 9].")[0][0] == "not in this run"


def test_a_shape_that_is_written_twice_counts_once_for_its_letters(trace):
    sites = Sites(trace)
    site = next(one.id for one in sites.all if one.shape == (2, 5, 8))

    def votes(*shapes: str) -> float:
        mentions = note_from_text("".join(f"- a tensor of shape {shape}\n" for shape in shapes)).mentions
        chain = [Placed(mention, [State(site, "symbolic", 1.0, 1.0)]) for mention in mentions]
        for placed in chain:
            placed.states[0].mass = 1.0
        return voted(sites, chain)["S"][5]

    assert votes("(B, S, 8)", "(B, S, 8)") == 1.0
    assert votes("(B, S, 8)", "(B, S, D)") == 2.0


def test_the_end_of_words_in_italics_is_no_name(said):
    ((verdict, place),) = said("*The wide layer.* Its output has shape [2, 5, 6].")
    assert (verdict, place) == ("confirmed", "wide:out")


def test_a_name_of_a_call_tells_the_side_that_a_comment_speaks_of(said):
    text = "```python\nnet = Small()\ny = net(ids)  # ids: [2, 5] -> y: [2, 5, 3]\n```\n"
    assert said(text) == [("confirmed", ".:in[0]"), ("confirmed", ".:out")]


class Pair(nn.Module):
    """Two parts with layers of the same names."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleDict({"expand": nn.Linear(4, 16), "shrink": nn.Linear(16, 4)})
        self.decoder = nn.ModuleDict({"expand": nn.Linear(4, 16), "shrink": nn.Linear(16, 4)})

    def forward(self, source, target):
        for name in ("expand", "shrink"):
            source, target = self.encoder[name](source), self.decoder[name](target)
        return source.sum(1, keepdim=True) + target


def test_words_for_the_like_in_another_part_leave_a_shape_open(tmp_path):
    pair = shapeflow.trace(Pair().eval(), torch.zeros(2, 7, 4), torch.zeros(2, 5, 4))
    path = tmp_path / "note.md"
    path.write_text("What the encoder's expand gives: [2, 7, 16]. The decoder's: [2, 7, 16].\n")
    first, second = shapeflow.annotate(pair, path).marks
    assert (first.verdict, first.place) == ("confirmed", "encoder.expand:out")
    assert second.verdict != "confirmed"


def test_a_heading_of_one_part_leaves_open_what_only_the_other_one_has(tmp_path):
    pair = shapeflow.trace(Pair().eval(), torch.zeros(2, 7, 4), torch.zeros(2, 5, 4))
    path = tmp_path / "note.md"
    path.write_text("# Notes\n\n## Encoder\n\n- expand: [2, 7, 16]\n\n## Decoder\n\n- expand: [2, 7, 16]\n")
    first, second = shapeflow.annotate(pair, path).marks
    assert first.verdict == "confirmed"
    assert second.verdict != "confirmed"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`wide` 6×8", ("confirmed", "wide.weight")),
        ("`wide`: 8×6", ("layout differs", "wide.weight")),
        ("`wide.weight` [6, 8] → [2, 5, 6]", ("confirmed", "wide.weight")),
    ],
)
def test_a_module_named_with_its_weight_alone(said, text, expected):
    assert said(text)[0] == expected


def test_what_comes_of_a_weight_is_not_the_weight(said):
    assert said("times `wide.weight` [6, 8] → [2, 5, 6]")[1][0] != "contradicted"


def test_a_weight_inside_of_a_named_part_is_meant_by_its_shape(tmp_path):
    part = nn.Sequential(nn.Sequential(nn.Conv2d(3, 8, 5), nn.ReLU()), nn.Flatten())
    trace = shapeflow.trace(part.eval(), torch.zeros(2, 3, 9, 9))
    path = tmp_path / "note.md"
    path.write_text("* `0` layer\n\n`0` 8×3×5×5\n")
    marks = shapeflow.annotate(trace, path).marks
    assert [mark.verdict for mark in marks] != ["contradicted"]


def test_a_variant_of_the_model_by_its_name_is_another_model():
    assert _names_variant("`levit_256` ends in [2, 16, 512]", "timm:levit_128s")
    assert _names_variant("ResNet-18 has (2, 512, 7, 7)", "torchvision:resnet50")
    assert not _names_variant("levit_128s ends in [2, 16, 384]", "timm:levit_128s")
    assert not _names_variant("unlike levit_256, levit_128s ends in [2, 16, 384]", "timm:levit_128s")
    assert not _names_variant("LeViT ends in [2, 16, 384]", "timm:levit_128s")
    assert not _names_variant("the attention of the network", "timm:levit_128s")


@pytest.mark.parametrize("heading", ["CLS token", "Head — `parts/head.py`", "MLP and FPN"])
def test_an_abbreviation_or_a_file_in_a_heading_is_no_other_model(said, heading):
    text = f"## Small\n\n- `emb`: shape [2, 5, 8]\n\n## {heading}\n\n- `emb`: shape [2, 5, 8]\n"
    assert [verdict for verdict, _ in said(text)] == ["confirmed", "confirmed"]


def test_the_name_of_an_argument_of_many_modules_does_not_call_a_shape_wrong(tmp_path):
    class Part(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.project = nn.Linear(width, width)

        def forward(self, *, hidden_states):
            return self.project(hidden_states)

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.text, self.more = Part(8), Part(8)
            self.picture = nn.Linear(6, 6)

        def forward(self, words, pixels):
            first = self.text(hidden_states=words)
            return self.more(hidden_states=first), self.picture(pixels)

    trace = shapeflow.trace(Whole().eval(), torch.zeros(2, 5, 8), torch.zeros(40, 6))
    path = tmp_path / "note.md"
    path.write_text("The picture gets its hidden_states [40, 6].\n")
    (mark,) = shapeflow.annotate(trace, path).marks
    assert mark.verdict not in ("contradicted", "layout differs")
