"""Counts, settings and widths in prose, tables, lists and fences: told by the names that the code has."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.cli import main
from shapeflow.notes.annotate import annotate
from shapeflow.notes.as_walkthrough import as_walkthrough
from shapeflow.notes.fix import fixed, fixes
from shapeflow.notes.reading.note import note_from_text
from shapeflow.notes.statements.judging import judged_statements


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.num_heads, self.hidden_size, self.head_dim = heads, width, width // heads
        self.q_proj = nn.Linear(width, width)

    def forward(self, x):
        return self.q_proj(x)


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(self.fc1(self.attention(x)))


class Stack(nn.Module):
    def __init__(self, number, width, heads):
        super().__init__()
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(number))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 4, stride=4)
        self.encoder, self.decoder = Stack(3, 32, 8), Stack(2, 32, 4)
        self.num_queries, self.scale_factors, self.return_all = 20, [4.0, 2.0, 1.0], False
        self.query_embed = nn.Embedding(20, 32)

    def forward(self, x):
        x = self.encoder(self.stem(x).flatten(2).transpose(1, 2))
        return self.decoder(x[:, :20] + self.query_embed.weight)


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Detector(), torch.ones(1, 3, 32, 32))


def told(trace, text):
    return [(one.statement.text, one.verdict) for one in judged_statements(trace, note_from_text(text))]


RIGHT = [
    "- `scale_factors=(4.0, 2.0, 1.0)`",
    "scale_factors = [4.0, 2.0, 1.0]",
    "With num_queries=20 it is fast.",
    "当num_queries=20时很快。",
    "[num_queries](src/net.py#L3-L9)=20 is set here.",
    "- Hidden size: 32",
    "The hidden size is 32.",
    "Die hidden_size beträgt 32.",
    "`hidden_size` は 32。",
    "`hidden_size`는 32.",
    "hidden dimension aside, **head dim** of 8 in the decoder: head_dim = 8",
    "## Encoder\n\nnum_heads = 8",
    "## Decoder\n\n| setting | value |\n|---|---|\n| num_heads | 4 |",
    "| part | num_heads |\n|---|---|\n| `encoder` | 8 |",
    "| part | num_heads |\n|---|---|\n| decoder | 4 |",
    "- 20 queries",
    "- 20 learned object queries",
    "- number of queries: 20",
    "- 初始化20个可学习对象查询",
    "- 对象查询数量：20个",
    "クエリ数: 20",
    "쿼리 수: 20",
    "```\ninput -> encoder\nDecoder (20 queries)\n```",
    "```text\nIt has num_queries = 20 of them\n```",
    "## Encoder\n\n- 8 heads",
    "`fc1` widens 32 to 128.",
    "`fc1`: 32 → 128",
    "[fc1](net.py#L3)将维度从32扩展到128",
    "- `stem`: Conv2d(3, 32, kernel_size=4, stride=4)",
    "- `stem`: kernel_size = 4",
    "- `query_embed`: Embedding(20, 32)",
    "- `encoder.layers.0.attention.q_proj`: Linear(32, 32)",
    "return_all = False",
    "`encoder.layers.0.attention.num_heads` ist 8.",
    "In config.hidden_size = 32 the width is set.",
    "self.num_queries = 20 of them",
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_so_is_confirmed(trace, text):
    verdicts = [verdict for _, verdict in told(trace, text)]
    assert verdicts and set(verdicts) == {"confirmed"}


@pytest.mark.parametrize(
    "text",
    [
        "## Encoder\n\nnum_heads = 16",
        "| part | num_heads |\n|---|---|\n| `encoder` | 16 |",
        "`fc1`: 32 → 64",
        "`fc2` narrows 128 to 64.",
        "- `stem`: Conv2d(3, 64, kernel_size=4)",
        "- `query_embed`: Embedding(30, 32)",
        "- `stem`: ConvTranspose2d(3, 64)",
        "In the decoder num_heads = 8.",
        "encoder (num_heads=4)",
        "`encoder.layers.0.attention.num_heads` ist 4.",
        "encoder.layers.1.attention.head_dim は 5。",
    ],
)
def test_what_is_not_so_is_contradicted_where_it_is_plain_what_is_meant(trace, text):
    assert [verdict for _, verdict in told(trace, text)] == ["contradicted"]


@pytest.mark.parametrize(
    "text",
    [
        "num_heads = 8",  # of the encoder or the decoder?
        "Hidden size: 64",  # perhaps of something that has no such attribute
        "num_queries is not 20.",
        "DETR has num_queries=100 instead of 20 queries.",
        "The paper has 20 queries.",
        "20 queries or more; about 20 queries; 10-20 queries; 20 × 20 queries",
        "2.20 queries, 1,20 queries, 20 % queries",
        "hidden size 32 × 4, hidden_size = 32 * 4, hidden_size = 32-64, hidden_size=32.5",
        "num_queries = 20 000; num_queries=20倍",
        "## Decoder\n\nnum_heads = 8 in the encoder of another net",
        "### Head\n\n- `mask_fc1`: 32 → 128",
        "`fc1` and `fc2`, 32 to 128",
        "`fc1` takes 7 tokens, 32 to 128 of them",
        "- `stem`: Conv2d(3, 32) is not used",
        "```python\nnum_queries = 20\n```",
        "```\nnum_heads = 99\nfc1: 32 -> 64\n`fc1`: 32 -> 64\n```",
        "## Training\n\nnum_queries = 20",
        "# Net\n\n## Large\n\nnum_queries = 20",
        "config.hidden_size = 64, other.num_heads = 99",
        "bias = 3, out_features: 9, weight 7",
        "<!-- shapeflow: ignore -->num_queries = 20",
    ],
)
def test_where_it_is_not_certain_nothing_is_said(trace, text):
    assert told(trace, text) == []


def test_a_title_of_another_size_makes_nothing_wrong(trace):
    assert told(trace, "# Net base\n\n`fc1`: 32 → 128") == [("32 → 128", "confirmed")]
    assert told(trace, "# Net base\n\n`fc1`: 32 → 64") == []


def test_a_sentence_before_a_list_does_not_say_what_the_list_is_about(trace):
    assert told(trace, "The encoder comes first, if it is there.\n\n- 20 queries\n") == [
        ("20 queries", "confirmed")
    ]


NOTE = """# Net

## Encoder

- 5 layers in all, `fc1`: 32 → 64
- num_heads = 16

## Decoder

The decoder has 2 layers and num_queries=20.
"""


def test_numbers_are_put_right_and_the_rest_is_left(trace):
    text = NOTE.replace("- 5 layers in all, ", "- The encoder has 5 layers.\n- ")
    annotation = annotate(trace, note_from_text(text))
    changes, left = fixes(annotation)
    after = fixed(text, changes)
    assert "The encoder has 3 layers." in after
    assert "num_heads = 8" in after
    assert [span.line for span in left] == [6]
    assert fixed(after, fixes(annotate(trace, note_from_text(after)))[0]) == after


def test_what_is_confirmed_becomes_claims(trace):
    text, claims = as_walkthrough(trace, annotate(trace, note_from_text(NOTE)))
    assert "## Decoder\n\n```shapes\ncount decoder.layers.* = 2\nattr .num_queries = 20\n```" in text
    assert claims == 2


def test_the_command_puts_statements_right(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shapeflow.trace(Detector(), torch.ones(1, 3, 32, 32)).save("net.trace.json")
    Path("note.md").write_text("## Encoder\n\nnum_heads = 16\n")
    assert main(["annotate", "note.md", "net.trace.json", "--fix"]) == 1
    assert "+num_heads = 8" in capsys.readouterr().out
    assert main(["annotate", "note.md", "net.trace.json", "--fix", "--write"]) == 1
    assert Path("note.md").read_text() == "## Encoder\n\nnum_heads = 8\n"
    assert main(["annotate", "note.md", "net.trace.json", "--to-walkthrough", "guarded.md"]) == 0
    assert main(["check", "net.trace.json", "guarded.md"]) == 0
