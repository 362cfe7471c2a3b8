"""Counts, attributes and flow that a text states: told where the reading is certain, else nothing is said."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import torch
from places import DOCS, ROOT
from torch import nn

import shapeflow
from shapeflow.cli import main
from shapeflow.model.trace import Trace
from shapeflow.notes.findings import findings
from shapeflow.notes.reading.note import note_from_text
from shapeflow.notes.statements.judging import judged_statements
from shapeflow.reporting.annotated.github import to_github
from shapeflow.reporting.annotated.html import annotated_page
from shapeflow.reporting.annotated.sarif import to_sarif


class Attention(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.num_heads, self.out = heads, nn.Linear(4, 4)

    def forward(self, x):
        return self.out(x)


class Block(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.attention, self.mlp = Attention(heads), nn.Linear(4, 4)

    def forward(self, x):
        return self.mlp(self.attention(x))


class Stack(nn.Module):
    def __init__(self, number, heads):
        super().__init__()
        self.scalp = 1
        self.layers = nn.ModuleList(Block(heads) for _ in range(number))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Shared(nn.Module):
    """One layer that runs three times: whether that is one layer or three, words do not say."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Block(4), Block(4)])

    def forward(self, x):
        for _ in range(3):
            x = self.layers[1](self.layers[0](x))
        return x


class Plain(nn.Module):
    """Two layers and a last one that has another name."""

    def __init__(self):
        super().__init__()
        self.layers, self.last = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)]), nn.Linear(4, 4)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.last(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder, self.adapter = Stack(3, 8), Stack(2, 4), Shared()
        self.memo, self.side, self.aux = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
        self.plain = Plain()
        self.stem = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))

    def forward(self, x):
        x = self.encoder(self.stem(x))
        return self.decoder(self.memo(x)), self.side(x), self.adapter(x), self.plain(x)


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Net(), torch.ones(1, 4))


def told(trace, text, kind="markdown"):
    return [(one.statement.text, one.verdict) for one in judged_statements(trace, note_from_text(text, kind))]


@pytest.mark.parametrize(
    "text",
    [
        "The encoder has {} layers.",
        "- encoder: {} layers",
        "A {}-layer encoder",
        "There are {} encoder layers.",
        "Der Encoder hat {} Schichten.",
        "Le `encoder` contient {} couches.",
        "El encoder tiene {} capas.",
        "`encoder` has {} blocks.",
        "`encoder.layers`: {} layers",
        "# Encoder\n\n- {} layers, residual",
        "## Encoder ({} layers)",
        "编码器共 {} 层。",
        "编码器由{}个块组成",
        "### 3.1 编码器处理(共{}层)",
        "エンコーダは {} 層からなる。",
        "인코더는 {}개의 레이어로 구성된다.",
    ],
)
def test_counts_of_layers(trace, text):
    assert [verdict for _, verdict in told(trace, text.format(3))] == ["confirmed"]
    assert [verdict for _, verdict in told(trace, text.format(5))] == ["contradicted"]


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("- encoder attention: {} heads", 8, 4),
        ("The decoder attention has {} heads.", 4, 8),
        ("编码器注意力共 {} 个头", 8, 16),
        ("- `encoder.layers.0.attention.num_heads = {}`", 8, 4),
        ("- `scalp={}`", 1, 2),
        ("- `Stack`: scalp={}", 1, 2),
        ("The encoder has {} layers and uses scalp=1.", 3, 4),
    ],
)
def test_heads_and_attributes(trace, text, right, wrong):
    assert {verdict for _, verdict in told(trace, text.format(right))} == {"confirmed"}
    assert "contradicted" in {verdict for _, verdict in told(trace, text.format(wrong))}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("`encoder` feeds `decoder`.", "confirmed"),
        ("- `memo` is used by `decoder`", "confirmed"),
        ("`side` feeds `decoder`.", "contradicted"),
        ("`side` does not reach `decoder`.", "confirmed"),
        ("`encoder` never reaches `decoder`.", "contradicted"),
        ("`side` 不进入 `decoder`。", "confirmed"),
        ("`memo` 不进入 `decoder`。", "contradicted"),
        ("`memo` は `decoder` に入らない。", "contradicted"),
        ("`side`는 `decoder`에 전달되지 않는다.", "confirmed"),
        ("`aux` is not used.", "confirmed"),
        ("`memo` is not used.", "contradicted"),
    ],
)
def test_flow(trace, text, verdict):
    assert [verdict for _, verdict in told(trace, text)] == [verdict]


@pytest.mark.parametrize(
    "text",
    [
        "The model has 3 layers.",  # which of its parts?
        "The adapter has 2 layers.",  # they run three times
        "The stem has 3 layers.",  # no transformer: what is a layer there?
        "The text encoder has 12 layers.",
        "# Text\n\nThe encoder has 12 layers.",
        "# Net XL\n\nThe encoder has 12 layers.",
        "# Net\n\n## Net-L/16\n\nThe encoder has 12 layers.",
        "Encoder 2 has 12 layers. The Net-3 encoder has 12 layers.",
        "## CIFAR\n\n- `scalp=3`",
        "Layer 5 of the encoder, the first 2 layers, every 4 layers.",
        "If the encoder has 12 layers, it is slow.",
        "The encoder has 12 layers, if deep.",
        "The encoder has 12 layers,\nif deep.",
        "编码器共 12 层，如果加深。",
        "The plain has 3 layers.",  # with the last one, or without?
        "In the paper the\nencoder has 12 layers.",
        "The encoder has 12 layers in\nthe original.",
        "It has 12 layers. The encoder has 12 linear layers, a 12-layer MLP.",
        "The encoder, which is slow, has 12 layers; up to 12 layers.",
        "编码器的第 5 层，前 5 层，训练时编码器共 12 层。",
        "- 5 heads",
        "Der Encoder hätte 12 Schichten. Der Encoder hat bei uns 12 Schichten.",
        "- attention: 4 heads",  # one has 8, the other 4
        "`num_heads=5`, `out_features = 9`",
        "`Stack(scalp=3)`, set scalp=3, default scalp=3",
        "```python\nscalp = 3\n```",
        "`mlp` is used by `encoder`. `memo` is not used in training.",
        "`encoder` does not enter `decoder`.",  # not by itself, though its data does
        "`encoder` feeds `decoder` and more.",
        "`nothing` feeds `decoder`.",
        "With masks,\n`side` feeds `decoder`.",
        "`side` feeds `decoder`\nlater.",
        "## Training\n\n`side` feeds `decoder`. `memo` is not used.",
        "- In training:\n  - `side` feeds `decoder`.",
        "## 训练\n\n- `memo` 不进入 `decoder`。",
        "The encoder has 12 layers. <!-- shapeflow: ignore -->",
    ],
)
def test_where_it_is_not_certain_nothing_is_said(trace, text):
    assert told(trace, text) == []


def test_a_text_about_another_model_is_not_called_wrong(trace):
    lines = ["The encoder has 12 layers.", "The decoder has 12 layers.", "`scalp=3`."]
    lines.append("`side` feeds `decoder`.")
    text = "\n\n".join(lines)
    assert told(trace, "\n\n".join(lines[:3])) != []
    assert told(trace, text) == []
    assert told(trace, f"{text}\n\n`memo` feeds `decoder`.") == [("`memo` feeds `decoder`", "confirmed")]


def test_a_notebook_is_read_and_its_code_is_not(trace):
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["The encoder has 4 layers."]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["# The encoder has 5 layers."]},
    ]
    text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    (mark,) = judged_statements(trace, note_from_text(text, "notebook"))
    assert (mark.statement.text, mark.statement.span.cell, mark.found) == ("4 layers", 0, "3")


@pytest.fixture
def annotation(trace, tmp_path):
    path = tmp_path / "note.md"
    lines = ["The encoder has 5 layers.", "The decoder has 2 layers.", "The encoder has 5 layers."]
    path.write_text("\n\n".join(lines))
    return shapeflow.annotate(trace, path)


def test_a_wrong_one_is_a_finding_and_is_marked(trace, annotation):
    found = findings(annotation)
    assert {(one.kind, one.fails) for one in found} == {("statement contradicted", True)}
    assert len({one.fingerprint for one in found}) == len(found)
    assert "::error" in to_github([annotation]) and "5 layers" in to_github([annotation])
    assert {one["ruleId"] for one in json.loads(to_sarif([annotation]))["runs"][0]["results"]} == {
        "statement-contradicted"
    }
    page = annotated_page(trace, [annotation])
    assert 'data-verdict="contradicted"' in page and "count encoder.layers.* = 5" in page


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    stored, note = tmp_path / "tiny.trace.json", tmp_path / "note.md"
    assert main(["trace", "--model", "examples/tiny_detector.py:build", "-q", "-o", str(stored)]) == 0
    note.write_text("There are 3 encoder layers.\n\n`mask_head` is not used.\n")
    capsys.readouterr()
    assert main(["annotate", str(note), str(stored)]) == 1
    out = capsys.readouterr().out
    assert "note.md:1:11: contradicted  3 encoder layers" in out and "count layers.* = 3" in out
    assert "2 statements: 1 confirmed, 1 contradicted" in out
    assert main(["annotate", str(note), str(stored), "--all"]) == 1
    assert "confirmed  `mask_head` is not used" in capsys.readouterr().out
    assert main(["annotate", str(note), str(stored), "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json.loads((DOCS / "annotate.schema.json").read_text()))
    assert [one["verdict"] for one in data["texts"][0]["statements"]] == ["contradicted", "confirmed"]
    known = str(tmp_path / "known.json")
    assert main(["annotate", str(note), str(stored), "--baseline", known, "--update-baseline"]) == 0
    assert main(["annotate", str(note), str(stored), "--baseline", known]) == 0
    assert Path(known).exists() and Trace.load(stored)
