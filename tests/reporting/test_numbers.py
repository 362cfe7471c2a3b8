"""The numbers of a report: they add up, nothing is in two rows, and what they mean is said beside them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch
from places import EXAMPLES
from tiny import tiny_trace
from torch import nn

from shapeflow import recording
from shapeflow.model.costs import total_flops, total_parameters
from shapeflow.model.trace import Trace
from shapeflow.reporting.formats import markdown, terminal
from shapeflow.reporting.view.build import build
from shapeflow.reporting.view.docstrings import LONGEST, plain
from shapeflow.reporting.view.memory_curve import MOST_LABELS, _scale
from shapeflow.walkthrough.check import check


@cache
def resnet() -> Trace:
    torchvision = pytest.importorskip("torchvision")
    return recording.trace(torchvision.models.resnet50().eval(), torch.zeros(1, 3, 64, 64), device="meta")


@cache
def gpt2() -> Trace:
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(n_layer=4, n_embd=32, n_head=4, vocab_size=100, n_positions=64)
    model = transformers.GPT2LMHeadModel(config).eval()
    return recording.trace(model, torch.zeros(1, 8, dtype=torch.long), device="meta")


def documented():
    return build(tiny_trace(), check(tiny_trace(), EXAMPLES / "tiny_detector.md"))


VIEWS = {
    "document": documented,
    "detector": lambda: build(tiny_trace()),
    "resnet": lambda: build(resnet()),
    "gpt2": lambda: build(gpt2()),
}


@pytest.mark.parametrize("name", VIEWS)
def test_the_rows_add_up_to_the_totals(name):
    numbers = VIEWS[name]().numbers
    plain = [row for row in numbers.rows if not row.is_sum]
    assert sum(row.flops for row in plain) == numbers.flops
    assert sum(row.parameters for row in plain) == numbers.parameters
    assert sum(row.share for row in plain) == pytest.approx(1)


@pytest.mark.parametrize("name", VIEWS)
def test_a_sum_is_what_stands_below_it(name):
    rows = VIEWS[name]().numbers.rows
    for number, row in enumerate(rows):
        if row.is_sum:
            below = []
            for other in rows[number + 1 :]:
                if other.level <= row.level:
                    break
                if not other.is_sum:
                    below.append(other)
            assert sum(other.flops for other in below) == row.flops
            assert sum(other.parameters for other in below) == row.parameters


@pytest.mark.parametrize("name", VIEWS)
def test_no_row_is_all_zeros(name):
    assert all(row.flops or row.parameters for row in VIEWS[name]().numbers.rows)


def test_the_rows_of_a_document_are_its_sections():
    view = documented()
    titles = {section.id: section.title for section in view.sections}
    rows = view.numbers.rows
    assert [row.title for row in rows] == [titles[row.section] for row in rows]
    encoder = next(row for row in rows if "Encoder" in row.title)
    layers = [call for call in tiny_trace().calls if call.class_name == "EncoderLayer"]
    assert encoder.flops == sum(call.flops for call in layers)


def test_what_no_section_names_is_in_a_last_row(tmp_path):
    document = tmp_path / "w.md"
    document.write_text("# A\n\n## Decoder\n\n```shapes\ndecoder:out[0]  [2, 10, 64]\n```\n")
    view = build(tiny_trace(), check(tiny_trace(), document))
    decoder, rest = view.numbers.rows
    assert (decoder.title, rest.title) == ("Decoder", "In no section")
    assert decoder.flops + rest.flops == total_flops(tiny_trace())
    assert decoder.parameters + rest.parameters == total_parameters(tiny_trace())


def test_a_section_inside_another_is_more_exact_and_an_appendix_takes_nothing(tmp_path):
    document = tmp_path / "w.md"
    document.write_text(
        "# A\n\n## Whole\n\n```shapes\n.:out.boxes  [2, 10, 4]\n```\n\n"
        "## Layers\n\n```shapes\nlayers.*:out  [2, 49, 64]\nlayers.*:in.patches  [2, 49, 64]\n```\n\n"
        "### Thinking\n\n```shapes\nlayers.*.expand:out  [2, 49, 256]\n```\n\n"
        "## More steps\n\n```shapes\nlayers.*.contract:out  [2, 49, 64]\nlayers.*.norm1:out  [2, 49, 64]\n"
        "layers.*:out  [2, 49, 64]\n```\n"
    )
    view = build(tiny_trace(), check(tiny_trace(), document))
    rows = {row.title: row for row in view.numbers.rows}
    trace = tiny_trace()
    expand = sum(call.flops for call in trace.calls if call.path.endswith(".expand"))
    layers = sum(call.flops for call in trace.calls if call.class_name == "EncoderLayer")
    assert rows["Thinking"].flops == expand
    assert rows["Layers"].is_sum
    assert rows["Layers"].flops == layers
    assert "More steps" not in rows


def test_alike_layers_are_one_row():
    rows = {row.title: row for row in build(gpt2()).numbers.rows}
    assert rows["h.0-3"].calls == 4
    assert rows["h.0-3"].is_sum
    assert {"attn", "mlp"} <= rows.keys()
    tied = rows["lm_head"]
    assert (tied.parameters, tied.flops > 0) == (0, True)


def test_that_a_multiply_add_is_two_is_said_and_shown():
    view = build(tiny_trace())
    for text in (terminal.render(view), markdown.render(view)):
        assert "A multiply-add is two FLOPs" in " ".join(text.split())
        assert "multiply-adds" in text
    assert all(row.multiply_adds == row.flops // 2 for row in view.numbers.rows)


def test_gradients_mode_and_inputs_stand_among_the_facts():
    for language, words in (
        ("en", ("gradients on: activations are kept", "evaluation mode", "images f32[2, 3, 128, 96]")),
        ("zh", ("已启用梯度", "评估模式", "images f32[2, 3, 128, 96]")),
    ):
        facts = " ".join(fact.text for fact in build(tiny_trace(), language=language).facts)
        assert all(word in facts for word in words)
        assert "seed" not in facts
    real = replace(tiny_trace(), run=replace(tiny_trace().run, device="cpu"))
    assert "seed: 0" in " ".join(fact.text for fact in build(real).facts)


def test_the_curve_names_at_most_five_stages_and_has_round_marks():
    for trace in (tiny_trace(), gpt2(), resnet()):
        curve = build(trace).numbers.memory
        assert 1 <= sum(1 for stage in curve.stages if stage.title) <= MOST_LABELS
        assert len(curve.points) == len(curve.places) == len(curve.names) == len(curve.alive)
        assert 3 <= len(curve.ticks) <= 7
        assert max(size for _, size in curve.points) <= curve.peak


@pytest.mark.parametrize(
    "peak", [1, 7, 1023, 1025, 5_000, 862_000, 10**6, 3 * 10**7, 10**9, 3 * 10**10, 10**13]
)
def test_the_scale_reaches_the_peak_in_round_steps(peak):
    ticks, top = _scale(peak)
    assert top >= peak
    assert 2 <= len(ticks) <= 12
    assert len({tick.text for tick in ticks}) == len(ticks)
    assert ticks[0].y == 100
    assert ticks[-1].y == 0


def test_the_largest_tensors_at_a_point_are_named_with_their_size():
    curve = build(tiny_trace()).numbers.memory
    at = max(range(len(curve.points)), key=lambda number: curve.points[number][1])
    names = [curve.tensors[number] for number in curve.alive[at]]
    assert len(names) == 3
    assert all("KiB" in text and text.startswith("f32[") for _, text in names)


def test_an_older_trace_has_a_curve_without_tensors():
    trace = tiny_trace()
    old = replace(trace, run=replace(trace.run, gradients={}, training={}))
    view = build(old)
    assert view.numbers.memory.alive == ()
    assert "not recorded" in view.numbers.gradients


def test_a_model_without_a_walkthrough_has_a_section_a_child():
    sections = build(tiny_trace()).sections
    assert [section.title for section in sections] == [
        "The model",
        "`.encode()` · TinyDetector",
        "`embed` · PatchEmbedding",
        "`layers.0-1` · EncoderLayer × 2",
        "`decoder` · Decoder",
        "`box_head` · Sequential",
        "`score_head` · Linear",
    ]
    whole = sections[0]
    assert [(port.name, port.gives) for port in whole.ports] == [
        ("images", False),
        ("out.boxes", True),
        ("out.scores", True),
        ("out.summary", True),
    ]
    assert [(part.name, part.calls) for part in sections[3].parts] == [
        ("norm1", 2),
        ("attention", 2),
        ("norm2", 2),
        ("expand", 2),
        ("contract", 2),
    ]
    assert sections[3].docs[0].text.startswith("Lets each patch look at all others")


def test_letters_stand_for_the_dims_of_inputs_and_nowhere_else():
    view = build(tiny_trace())
    assert [symbol.text for symbol in view.symbols][:3] == ["B = 2", "H = 128", "W = 96"]
    assert not any(symbol.telling for symbol in view.symbols[:3])
    (port,) = [port for port in view.sections[0].ports if not port.gives]
    assert [piece.symbol for piece in port.shape if piece.symbol] == ["B", "H", "W"]
    others = [port for section in view.sections[1:] for port in section.ports]
    assert {piece.symbol for port in others for piece in port.shape} & {"B", "H", "W"} == set()


def test_hostile_names_are_text():
    evil = type("A`<b>|x", (nn.Module,), {"forward": lambda self, x: self.inner(x) + 1, "__doc__": "x"})
    model = evil()
    model.add_module("inner", nn.Sequential(nn.Linear(2, 2)))
    model.add_module("inner", nn.Sequential())
    model.inner.add_module("we`ird <img src=x>", nn.Sequential(nn.Linear(2, 2)))
    trace = recording.trace(model, torch.zeros(1, 2))
    from shapeflow.reporting.formats import html

    page = html.render(build(trace))
    assert "<img src=x" not in page
    assert "<b>|x" not in page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A stack of [`DetrEncoderLayer`] modules.", "A stack of DetrEncoderLayer modules."),
        ("See :class:`~torch.nn.Linear` and ``x``.", "See torch.nn.Linear and x."),
        ("Has *config.layers* layers, **all** alike.", "Has config.layers layers, all alike."),
        ("Gives a * b * c.", "Gives a * b * c."),
        ("Read [the paper](https://x.org/y).", "Read the paper."),
        ("Turns \x1b[31mred.", "Turns \\x1b[31mred."),
    ],
)
def test_docstrings_are_plain_text(text, expected):
    assert plain(text) == expected


def test_a_long_docstring_ends_with_a_sentence():
    assert plain("This is said. " * 60).endswith("said.")
    assert len(plain("This is said. " * 60)) <= LONGEST
    assert len(plain("x" * 5000)) == LONGEST
