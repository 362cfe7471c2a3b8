"""Layers, settings, activations, numbers and flow of modules that a text names in code."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.notes.annotate import annotate
from shapeflow.notes.fix import fixed, fixes
from shapeflow.notes.reading.note import note_from_text
from shapeflow.notes.statements.judging import judged_statements
from shapeflow.notes.statements.values import compared


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class EncoderBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.mlp, self.drop = nn.LayerNorm(8, eps=1e-6), Mlp(), nn.Dropout(0.1)

    def forward(self, x):
        return x + self.drop(self.mlp(self.norm(x)))


class Window(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.window_size, self.proj = size, nn.Linear(8, 8)

    def forward(self, x):
        return self.proj(x)


class Windows(nn.Module):
    """Six layers of which two look at everything."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(Window(0 if number in (2, 5) else 7) for number in range(6))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Stage(nn.Module):
    def __init__(self, number):
        super().__init__()
        self.blocks = nn.Sequential(*(EncoderBlock() for _ in range(number)))

    def forward(self, x):
        return self.blocks(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 5, stride=2, padding=2, bias=False)
        self.pool = nn.MaxPool2d(3, stride=2)
        self.stage1, self.stage2, self.stage3 = Stage(2), Stage(3), Stage(2)
        self.trunk, self.window_extent = Windows(), 9
        self.side, self.head = nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x):
        x = self.pool(self.stem(x)).flatten(2).transpose(1, 2)
        x = self.trunk(self.stage3(self.stage2(self.stage1(x))))
        alike = torch.einsum("bnc,bmc->bnm", x, x)
        return torch.relu(self.head(x)), torch.relu(self.side(x)), alike


@pytest.fixture(scope="module")
def trace():
    with torch.no_grad():
        return shapeflow.trace(Net().eval(), torch.ones(1, 3, 16, 16))


ABOUT = "\n\nIt has `stem`, `stage1` and `head`."
"""Names enough to know that the text is about this model."""


def told(trace, text):
    return [
        (one.statement.text, one.verdict) for one in judged_statements(trace, note_from_text(text + ABOUT))
    ]


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("- `stem`: Conv2d(3, 8, kernel_size={}, stride=2, padding=2)", 5, 7),
        ("- `stem`: nn.Conv2d(3, 8, {}, padding=(2, 2), bias=False)", 5, 7),
        ("- `stem`: Conv2d(3, 8, 5, bias={})", False, True),
        ("- `head`: Linear(8, 4, bias={})", True, False),
        ("- `stage1.blocks.0.norm`: LayerNorm(8, eps={})", "1e-6", "1e-5"),
        ("- `stage1.blocks.0.drop`: Dropout({})", 0.1, 0.2),
        ("- `drop` : Dropout(p={})", 0.1, 0.2),
        ("`pool` ist ein {}.", "MaxPool2d", "AvgPool2d"),
        ("`stem` is a {0}×{0} convolution.", 5, 3),
        ("`stem` est une convolution {0}×{0} avec un pas de 2.", 5, 3),
        ("`stem` 的卷积核为 {0}×{0}。", 5, 3),
        ("`stem` — свёртка {0}×{0}.", 5, 3),
        ("`stem` has stride {}.", 2, 1),
        ("`stem`: kernel size 5, stride {} and padding 2", 2, 1),
        ("`pool` uses a {0}x{0} window with stride 2.", 3, 2),
        ("`stage2.blocks.1.norm`: eps={}", "1e-6", "1e-12"),
        ("`stage1.blocks.0.mlp` uses {}.", "GELU", "ReLU"),
        ("`stage1.blocks.0.mlp.act`: {}", "GELU", "SiLU"),
        ("`mlp` 的激活函数是 {}。", "GELU", "ReLU"),
        ("- `stage2`: {} × EncoderBlock", 3, 4),
        ("- {} x `EncoderBlock` in total", 7, 9),
        ("`stage2` stacks {} EncoderBlock modules.", 3, 6),
        ("`stage2` 有 {} 个 EncoderBlock", 3, 6),
        ("`stage2` tiene {} bloques `EncoderBlock`.", 3, 6),
        ("- window_extent: {}", 9, 12),
        ("The model has {} parameters.", "3,212", "9,999"),
        ("Das Modell hat {}K Parameter.", 3.2, 5.5),
        ("参数量：{}K", 3.21, 7.1),
        ("パラメータ数は {}K です。", 3.2, 7.1),
        ("`stage2` has {} parameters.", 888, 1888),
        ("Layers 2 and {} use global attention.", 5, 4),
        ("Die Schichten 2 und {} haben globale Aufmerksamkeit.", 5, 3),
        ("第 2、{} 层使用全局注意力。", 5, 4),
        ("- `layers` 0-{}: window_size=7", 1, 2),
        ("- layers 3, 4: window_size={}", 7, 14),
        ("| part | params |\n|---|---|\n| `head` | {} |", "0.04K", "0.09K"),
        ("| part | # parameters (K) |\n|---|---|\n| `stage2` | {} |", 0.89, 1.89),
    ],
)
def test_what_is_named_is_judged(trace, text, right, wrong):
    assert {verdict for _, verdict in told(trace, text.format(right))} == {"confirmed"}
    assert "contradicted" in {verdict for _, verdict in told(trace, text.format(wrong))}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("`stem` -> `pool` -> `stage1` -> `stage2`", "confirmed"),
        ("stem → stage1 → stage2 → stage3 → head", "confirmed"),
        ("`stage1.blocks.0.norm` → `stage1.blocks.0.mlp`", "confirmed"),
        ("`stage1.blocks.0.mlp`: `fc1` → GELU → `fc2`", "confirmed"),
        ("`fc1` → GELU → `fc2`", "confirmed"),
        ("`fc2` → `fc1`", "contradicted"),
        ("`stage2` → `stage1`", "contradicted"),
        ("`stem` → `pool` → `head` → `stage3`", "contradicted"),
        ("`side` -> `head`", "contradicted"),
        ("The output of `stem` goes into `pool`.", "confirmed"),
        ("Die Ausgabe von `stem` geht in `pool`.", "confirmed"),
        ("La sortie de `pool` entre dans `stem`.", "contradicted"),
        ("`head` recibe la salida de `trunk`.", "confirmed"),
        ("`stage1` takes the output of `stage2`.", "contradicted"),
        ("Выход `head` подаётся в `stem`.", "contradicted"),
        ("`stem` の出力は `pool` に入る。", "confirmed"),
        ("`stage1` 的输出送入 `stage2`。", "confirmed"),
    ],
)
def test_flow_over_arrows_and_of_outputs(trace, text, verdict):
    assert [one for _, one in told(trace, text)] == [verdict]


@pytest.mark.parametrize(
    "text",
    [
        "`stage1` -> `stage3`",  # what stage2 makes of it does
        "`head` takes the output of `stage1`.",
        "`stage3` gets `stem` and more.",
        "`stem` <- `pool`, `head` -> `nothing`",
        "The gradient goes `head` -> `stage3`.",
        "`stem` is followed by a pool with stride 4.",
        "`stem` gives 4×4, `stage1`: 7×7",
        "`stem` → 7×7 convolution",
        "`stem` is not a 7×7 convolution.",
        "`stem` ist keine 7×7-Faltung, `stem` n'a pas un pas de 3.",
        "`stem`: Conv2d(3, channels, 7)",
        "`mlp` and `stem` use ReLU. `mlp` is followed by ReLU. `head` uses ReLU.",
        "`mlp` uses GELU, not ReLU.",
        "2 × 3 × EncoderBlock, 2 EncoderBlock",  # so many are in one of the stages
        "- `stage1`, `stage2`: 9 EncoderBlock",
        "Stage 9 `EncoderBlock`, 64 EncoderBlock channels; 9 EncoderBlock per GPU",
        "## Student\n\nwindow_extent = 12",
        "- To save memory:\n  - window_extent: 12",
        "The model has 9,999 trainable parameters. It has 9,999 fewer parameters.",
        "ResNet-50 has 25.6M parameters. Mistral has 7B parameters.",
        "# Net\n\n## DETR\n\nParameters: 41M",
        "The model has 3.4K parameters.",  # nearly: counted otherwise, perhaps
        "The model has 888 parameters.",  # as many as one of its parts
        "`stem` and `head` have 9,999 parameters.",
        "The blocks of `stage2` have 9,999 parameters.",
        "## Training\n\n`stem`: Conv2d(3, 8, 7)",
        "Layers 3 and 6 use global attention.",  # counted from one
        "Layers 1 and 3 of ViT-B use global attention. Features of layers 1 and 3 are returned.",
        "# Net\n\n## ResNet-101\n\n`stem`: Conv2d(3, 8, 7)",
        "In ResNet-101 the `stem` has stride 4. ResNet-101 is deeper. `stem` has stride 4.",
        "- ResNet-101\n  - `stem`: 7×7 convolution",
        "Replace `head` with Linear(8, 10). `head`: Linear(8, 10) for our data. `head` -> Linear(8, 10)",
        "`head` könnte ein Linear(8, 10) sein. `stem` avec stride 4 serait mieux. 把 `drop` 改成 p=0.2。",
        "Nous remplaçons l'activation de `mlp` par ReLU. 将 `mlp` 的激活函数换成 ReLU。",
        "Here is what I changed: `stem` 3×3; `pool` Identity.",
        "`stem`/`pool`: MaxPool2d(3), Conv2d(3, 8, 5)",
        "`fc1` and `fc2`: Linear(16, 8)",
        "`stem` has stride 4? `stage2` → `stage1`?",
        "From output to input: `head` → `stage2`. Size: `stage2` → `stage1`",
        "从输出到输入：`head` → `stage2`。",
        "`stem`: conv, 7×7",
        "# Net\n\n## Our changes\n\n- `head`: Linear(8, 10)",
        "# Net\n\n## 我们的修改\n\n- `head`: Linear(8, 10)",
        "Rename `stage2` → `stage1`. See `stage2` → `stage1`. `stage2` feeds `stage1`, if looped.",
        "| model | img_size |\n|---|---|\n| net_small_16 | 16 |",
        "`stage1` has 1K parameters.",
        "# Net large\n\n`stem`: Conv2d(3, 8, 7)",
    ],
)
def test_where_it_is_not_certain_nothing_is_said(trace, text):
    assert told(trace, text) == []


def test_a_text_whose_paths_lead_nowhere_is_about_another_model(trace):
    others = "`encoder.layers.0`, `encoder.layers.1` and `decoder.norm`"
    assert told(trace, "`stem` has stride 4.") == [("stride 4", "contradicted")]
    assert told(trace, f"`stem` has stride 4.\n\n{others}") == []
    assert told(trace, f"`stem` has stride 2.\n\n{others}") == [("stride 2", "confirmed")]


def test_numbers_of_named_things_are_put_right(trace):
    lines = [
        "- `stage1.blocks.0.drop`: Dropout(0.2)",
        "- `stage2`: 4 × EncoderBlock",
        "- `pool` uses a 2×2 window.",
    ]
    text = "\n".join(lines)
    changes, left = fixes(annotate(trace, note_from_text(text)))
    assert fixed(text, changes) == text.replace("0.2", "0.1").replace("4 ×", "3 ×")
    assert [span.line for span in left] == [3]


def test_equations_are_confirmed_where_the_run_has_them(trace):
    assert told(trace, 'Scores are "bnc, bmc -> bnm" of all.') == [("bnc, bmc -> bnm", "confirmed")]
    assert told(trace, "使用 einsum：`bnc,bmc→bnm`") == [("bnc,bmc→bnm", "confirmed")]
    assert told(trace, "`bnc,bnd->bcd`, not `bnc,bmc->bnm`") == []


def test_a_title_names_the_model_and_other_headings_may_name_another(trace):
    wrong = [("stride 4", "contradicted")]
    assert told(trace, "# DeepNet-50 in use\n\n`stem` has stride 4.") == wrong
    assert told(trace, "# DeepNet-50 in use\n\n## Stem\n\n`stem` has stride 4.") == wrong
    assert told(trace, "# DeepNet-50 in use\n\n## DeepNet-101\n\n`stem` has stride 4.") == []
    assert told(trace, "# Models\n\n# DeepNet-101\n\n`stem` has stride 4.") == []


def test_the_number_of_a_model_is_wrong_only_in_a_text_that_names_its_modules(trace):
    text = "The model has 9,999 parameters."
    assert judged_statements(trace, note_from_text(text)) == ()
    assert [one.verdict for one in judged_statements(trace, note_from_text(text + ABOUT))] == ["contradicted"]


@pytest.mark.parametrize(
    ("value", "text", "said"),
    [
        ([7, 7], "7", (True, "[7, 7]")),
        ([7, 7], "(7, 3)", (False, "[7, 3]")),
        (3, "(3, 3)", (True, "3")),
        (3, "(3, 2)", (False, "[3, 2]")),
        (0.10000000149011612, "0.1", (True, "0.1")),
        (True, "False", (False, "False")),
        (None, "None", (True, "None")),
        (True, "1", None),
        ("zeros", "1", None),
        ([1, 2, 3], "(1, 2)", None),
    ],
)
def test_values_as_they_are_written(value, text, said):
    assert compared(value, text) == said
