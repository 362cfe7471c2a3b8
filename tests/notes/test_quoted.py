"""The model's own source as a note quotes it: its comments are known by their lines."""

from __future__ import annotations

import json
import textwrap

import pytest
import torch

import shapeflow
from shapeflow.notes.own_source.quoted import constants
from shapeflow.notes.reading.note import note_from_text

SOURCE = """
import torch
from torch import nn


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(12, 12)
        self.last = nn.Linear(12, 7)

    def forward(self, pictures):
        batch = pictures.shape[0]
        tokens = pictures.flatten(2).transpose(1, 2)
        heads = self.mix(tokens).view(batch, -1, 3, 4).transpose(1, 2)
        merged = heads.transpose(1, 2).flatten(2)
        return self.last(merged)
"""


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    path = tmp_path_factory.mktemp("quoted") / "mixer_model.py"
    path.write_text(SOURCE)
    scope = {"__name__": "mixer_model", "__file__": str(path)}
    exec(compile(SOURCE, str(path), "exec"), scope)
    return shapeflow.trace(scope["Mixer"]().eval(), torch.zeros(2, 12, 4, 5))


def said(trace, tmp_path, text, name="note.md"):
    path = tmp_path / name
    path.write_text(text)
    return [(mark.mention.text, mark.verdict) for mark in shapeflow.annotate(trace, path).marks]


def fence(code):
    return "# Reading\n\nSo it goes on:\n\n```python\n" + textwrap.dedent(code).strip("\n") + "\n```\n"


def test_comments_beside_quoted_statements_are_of_what_these_made(trace, tmp_path):
    text = fence("""
        tokens = pictures.flatten(2).transpose(1, 2)  # [2, 20, 12]
        heads = self.mix(tokens).view(batch, -1, 3, 4).transpose(1, 2)  # [2, 20, 3, 4]
        merged = heads.transpose(1, 2).flatten(2)  # (B, N, C)
    """)
    assert said(trace, tmp_path, text) == [
        ("[2, 20, 12]", "confirmed"),
        ("[2, 20, 3, 4]", "layout differs"),
        ("(B, N, C)", "symbolic, consistent"),
    ]


def test_a_comment_below_that_names_a_variable_is_of_the_statement_above(trace, tmp_path):
    text = fence("""
        heads = self.mix(tokens).view(batch, -1, 3, 4).transpose(1, 2)
        # heads.shape: (2, 3, 20, 4)
        merged = heads.transpose(1, 2).flatten(2)
        # merged.shape: (2, 20, 16)
    """)
    assert [verdict for _, verdict in said(trace, tmp_path, text)] == ["confirmed", "contradicted"]


def test_an_operand_of_a_statement_that_the_file_has_on_one_line_is_not_called_wrong(trace, tmp_path):
    text = fence("""
        tokens = pictures.flatten(2).transpose(1, 2)  # [2, 20, 12]
        heads = self.mix(
            tokens,  # [2, 20, 12]
        ).view(batch, -1, 3, 4).transpose(1, 2)
        merged = heads.transpose(1, 2).flatten(2)  # (2, 20, 12)
        return self.last(merged)
    """)
    verdicts = [verdict for _, verdict in said(trace, tmp_path, text)]
    assert "contradicted" not in verdicts
    assert "layout differs" not in verdicts


def test_a_comment_names_what_a_changed_statement_above_gave(tmp_path):
    path = tmp_path / "tower_model.py"
    source = """
        from torch import nn


        class Tower(nn.Module):
            def __init__(self):
                super().__init__()
                self.vision = nn.Linear(12, 24)
                self.proj = nn.Linear(24, 40)

            def forward(self, x):
                feats = self.vision(x)
                feats = self.proj(feats)
                return feats.relu()
    """
    path.write_text(textwrap.dedent(source))
    scope = {"__name__": "tower_model", "__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    trace = shapeflow.trace(scope["Tower"]().eval(), torch.zeros(2, 20, 12))
    text = fence("""
        def forward(self, x):
            feats = self.vision(x, return_all_features=True)
            # feats: [2, 20, 24] (all of them)
            feats = self.proj(feats)  # [2, 20, 40]
            return feats.relu()
    """)
    assert said(trace, tmp_path, text) == [("[2, 20, 24]", "confirmed"), ("[2, 20, 40]", "confirmed")]


def test_what_stands_between_two_arrows_is_made_on_the_way(trace, tmp_path):
    text = fence("""
        # (2,20,12) => (2,20,3,4) => (2,3,20,4)
        heads = self.mix(tokens).view(batch, -1, 3, 4).transpose(1, 2)
        merged = heads.transpose(1, 2).flatten(2)
    """)
    assert [verdict for _, verdict in said(trace, tmp_path, text)] == ["confirmed"] * 3


def test_a_cell_of_a_notebook_that_holds_the_model_is_read_as_its_file(trace, tmp_path):
    lines = SOURCE.replace("(1, 2)\n        heads", "(1, 2)  # [2, 12, 20]\n        heads").splitlines(
        keepends=True
    )
    printed = {"output_type": "stream", "text": ["Mixer(\n", "  (mix): Linear\n", ")\n"]}
    cell = {"cell_type": "code", "source": lines, "outputs": [printed]}
    text = json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5, "metadata": {}})
    assert said(trace, tmp_path, text, "reading.ipynb") == [("[2, 12, 20]", "layout differs")]


def test_other_code_is_no_quotation(trace, tmp_path):
    text = fence("""
        x = net.other(x)  # [2, 99, 12]
        y = net.further(x)  # [2, 99, 7]
    """)
    assert {verdict for _, verdict in said(trace, tmp_path, text)}.isdisjoint(
        {"contradicted", "layout differs"}
    )


def test_a_fence_that_is_not_closed_quotes_nothing(trace, tmp_path):
    text = "```python\ntokens = pictures.flatten(2).transpose(1, 2)  # [2, 20, 12]\n"
    assert len(said(trace, tmp_path, text)) == 1


def test_sizes_that_code_in_a_note_gives_names():
    text = "```python\nn_embd = 32\nmodel = Net(n_head=4, n_layer=2)\nn_layer = 3\nrate = 0.5\n```\n"
    assert constants(note_from_text(text)) == {"n_embd": 32, "n_head": 4}


def test_what_a_quoted_class_did_not_run_is_not_in_this_run(trace, tmp_path):
    idle = (
        "    def sample(self, pictures):",
        "        few = pictures[:, :2]  # [2, 2, 4, 5]",
        "        return few",
    )
    code = "\n".join((SOURCE, *idle))
    text = fence(code)
    assert said(trace, tmp_path, text) == [("[2, 2, 4, 5]", "not in this run")]


def test_a_trailing_comment_has_what_is_made_on_the_way_between_its_arrows(trace, tmp_path):
    line = "heads = self.mix(tokens).view(batch, -1, 3, 4).transpose(1, 2)"
    code = f"{line}  # (2,20,12) => (2,20,3,4) => (2,3,20,4)\nmerged = heads.transpose(1, 2).flatten(2)"
    assert [verdict for _, verdict in said(trace, tmp_path, fence(code))] == ["confirmed"] * 3


TWICE = """
import torch
from torch import nn


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(12, 12)

    def short(self, tokens):
        tokens = self.mix(tokens)
        return tokens[:, :4]

    def forward(self, pictures):
        tokens = pictures.flatten(2).transpose(1, 2)
        tokens = self.mix(tokens)
        return self.short(tokens[:, :9])
"""


def test_a_line_that_stands_twice_in_the_source_decides_nothing(tmp_path):
    path = tmp_path / "twice_model.py"
    path.write_text(TWICE)
    scope = {"__name__": "twice_model", "__file__": str(path)}
    exec(compile(TWICE, str(path), "exec"), scope)
    trace = shapeflow.trace(scope["Twice"]().eval(), torch.zeros(2, 12, 4, 5))
    text = fence("""
        return tokens[:, :4]
        tokens = self.mix(tokens)  # [2, 55, 12]
        tokens = pictures.flatten(2).transpose(1, 2)
    """)
    assert all(verdict != "contradicted" for _, verdict in said(trace, tmp_path, text))


def test_a_shape_of_the_run_in_a_function_that_did_not_run_is_not_confirmed(trace, tmp_path):
    idle = ("    def sample(self, pictures):", "        return pictures.double()  # [2, 12, 4, 5]")
    text = fence("\n".join((SOURCE, *idle)))
    assert said(trace, tmp_path, text) == [("[2, 12, 4, 5]", "not in this run")]
