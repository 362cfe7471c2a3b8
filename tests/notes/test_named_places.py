"""Which side of which module a sentence means, and where nothing is committed to."""

from __future__ import annotations

import pytest
from places import ROOT

from shapeflow.cli import main
from shapeflow.model.trace import Trace
from shapeflow.notes.annotate import annotate
from shapeflow.notes.reading.note import note_from_text

OPEN = {"cannot tell", "seen elsewhere", "not in this run"}
YES, NO = {"confirmed"}, {"contradicted"}


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    """A trace of the example model: two pictures of 128 by 96, 48 patches, 64 wide, 10 queries."""
    path = tmp_path_factory.mktemp("trace") / "tiny.trace.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main(["trace", "--model", "examples/tiny_detector.py:build", "-q", "-o", str(path)]) == 0
    return Trace.load(path)


def marks(trace, text: str):
    return annotate(trace, note_from_text(text, "markdown", "")).marks


def check(trace, text: str, *expected: set[str]):
    found = [mark.verdict for mark in marks(trace, text)]
    assert len(found) == len(expected), found
    assert all(verdict in wanted for verdict, wanted in zip(found, expected, strict=True)), found


@pytest.mark.parametrize(
    "words",
    [
        "The output of layers.0.contract is {}.",
        "After layers.0.contract we get {}.",
        "layers.0.contract gives {}",
        "layers.0.contract -> {}",
        "layers.0.contract: {}",
        "`layers.0.contract` has the shape {}.",
        "layers.0.contract 的输出是 {}。",
        "Die Ausgabe von `layers.0.contract` ist {}.",
        "Nach `layers.0.contract`: {}",
        "La sortie de `layers.0.contract` : {}",
        "`layers.0.contract` の出力は {}",
        "| module | output |\n|---|---|\n| layers.0.contract | {} |",
        "| step | module | shape |\n|---|---|---|\n| back | `layers.0.contract` | {} |",
        "```python\nx = self.layers[0].contract(x)  # {}\n```",
    ],
)
def test_what_goes_into_a_module_is_not_confirmed_as_what_it_gives(trace, words):
    check(trace, words.format("[2, 49, 64]"), YES)
    check(trace, words.format("[2, 49, 256]"), OPEN | NO)


@pytest.mark.parametrize(
    "words",
    [
        "The input of layers.0.contract is {}.",
        "layers.0.contract takes {}",
        "Before layers.0.contract we have {}",
        "layers.0.contract 的输入是 {}。",
        "Die Eingabe von `layers.0.contract` ist {}.",
        "| module | input |\n|---|---|\n| layers.0.contract | {} |",
        "layers.0.contract: {} -> [2, 49, 64]",
    ],
)
def test_what_a_module_gives_is_not_confirmed_as_what_goes_in(trace, words):
    right, wrong = (marks(trace, words.format(shape))[0] for shape in ("[2, 49, 256]", "[2, 49, 64]"))
    assert right.verdict == "confirmed"
    assert right.place == "layers.0.contract:in[0]"
    assert wrong.verdict in OPEN | NO


def test_a_module_that_is_named_gives_the_evidence_for_its_own_output(trace):
    (mark,) = marks(trace, "`layers.0.expand`: [2, 49, 512]")
    assert (mark.verdict, mark.place) == ("contradicted", "layers.0.expand:out")
    (mark,) = marks(trace, "expand: [2, 49, 512]")
    assert mark.verdict != "contradicted" or mark.place.endswith(":out")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`box_head.2.weight` is [4, 64]", YES),
        ("`box_head.0.weight` is [4, 64]", OPEN | NO),
        ("`box_head.0` gives [2, 10, 4]", OPEN | NO),
        ("`decoder.queries` has shape [10, 64]", YES),
        ("`embed.projection.weight`: [64, 3, 8, 8]", NO),
        ("weight of `layers.0.expand`: [64, 256]", {"layout differs"}),
        ("`layers[1].expand` gives [2, 49, 256]", YES),
        ("`decoder:out[1]`: [2, 10, 49]", YES),
        ("`decoder:out[0]`: [2, 10, 49]", NO),
        ("`layers.*.contract:in[0]` is [2, 49, 256]", YES),
        ("| what | shape |\n|---|---|\n| `decoder:out[1]` | (2, 10, 48) |", NO),
        ("`.encode():out` is [2, 49, 64]", YES),
        ("`layers.4:out` is [2, 49, 64]", OPEN),
        ("`layers.*.expand` gives [2, 49, 256]", YES),
        ("`model.layers.1.expand` gives [2, 49, 256]", YES),
    ],
)
def test_a_name_as_the_code_has_it_decides_alone(trace, text, expected):
    check(trace, text, expected)


@pytest.mark.parametrize(
    "text",
    [
        "`layers.7.expand` gives [2, 49, 256]",
        "`layers.7.contract` gives [2, 49, 512]",
        "`layers.0.norm3` gives [2, 49, 64]",
        "`box_head.5`: [2, 10, 4]",
        "`cross_attn.k_proj` is [2, 49, 64]",
        "`encoder_hidden_states` is [2, 49, 64]",
        "`decoder.expand` gives [2, 49, 256]",
    ],
)
def test_a_name_that_the_model_does_not_have_is_confirmed_nowhere(trace, text):
    check(trace, text, OPEN)


def test_a_part_of_what_is_named_is_not_all_of_it(trace):
    check(trace, "`layers.0.expand[:, 1:]` gives [2, 48, 256]", OPEN)
    check(trace, "`layers.0.expand` gives [2, 48, 256]", NO)


def test_the_name_nearest_before_a_shape_is_its_own(trace):
    text = (
        "embed.projection.weight [64, 3, 16, 16], embed.projection output [2, 64, 8, 6], box_head [2, 10, 4]"
    )
    check(trace, text, YES, YES, YES)
    check(trace, "`decoder.queries` is [10, 64]; `layers.0.expand` gives [2, 49, 256].", YES, YES)
    check(trace, "`layers.0`: weight of `expand` is [256, 64], `embed` gives [2, 48, 64]", YES | OPEN, YES)


@pytest.mark.parametrize(
    "text",
    [
        "After adding the summary token: (2, 49, 64)",
        "With the summary put in front: (2, 49, 64)",
        "加上 summary 之后：[2, 49, 64]",
    ],
)
def test_a_parameter_that_is_added_is_not_what_comes_of_it(trace, text):
    check(trace, text, OPEN | YES)


@pytest.mark.parametrize(
    "words",
    [
        "`layers.0.expand` does not give [2, 49, 256], is not {}",
        "The output of `layers.0.expand` is not {}.",
        "`layers.0.expand` 的输出不是 {}",
        "Die Ausgabe von `layers.0.expand` ist nicht {}.",
        "Before the refactoring `layers.0.expand` gave {}.",
        "`layers.0.expand` was {} in v1",
        "`layers.0.expand`: ~~{}~~",
        "With batch size 4 `layers.0.expand` gives {}.",
        "If the width were doubled, `layers.0.expand` would give {}.",
        "如果宽度加倍，`layers.0.expand` 的输出是 {}",
        "In training `layers.0.expand` gives {}.",
        "In Detector-Large `layers.0.expand` gives {}.",
        "ResNet-50: the output of `layers.0.expand` is {}",
        "`layers.0.expand` gives {} without the summary",
    ],
)
def test_what_is_denied_or_said_of_another_run_is_not_called_wrong(trace, words):
    assert marks(trace, words.format("[2, 49, 512]"))[-1].verdict in OPEN


def test_a_shape_that_is_denied_is_not_confirmed(trace):
    check(trace, "The output of `layers.0.expand` is not [2, 49, 256].", OPEN)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("```python\ny = model(images)  # (2, 49, 64)\n```", OPEN | NO),
        ("We use `embed` here.\n\n```python\ny = self.decoder(x)  # (2, 48, 64)\n```", OPEN | NO),
        ("```python\nx = model.encode(images)  # (2, 49, 64)\n```", YES),
        ("```python\ny = model(images)  # (2, 10, 4)\n```", YES),
    ],
)
def test_a_comment_in_a_block_is_on_its_own_statement(trace, words, expected):
    check(trace, words, expected)


def test_what_is_reshaped_afterwards_is_no_other_layout_of_what_was_made(trace):
    check(trace, "`embed.projection` gives (2, 64, 8, 6), flattened to (2, 64, 48)", YES, OPEN | YES)
    check(trace, "`embed.projection` 输出 (2, 64, 8, 6)，展平为 (2, 64, 48)", YES, OPEN | YES)


@pytest.mark.parametrize("shape", ["[2, 50, 64]", "[64, 2]", "[6, 2]", "[2, 64, 10]"])
def test_nothing_is_called_wrong_that_no_words_name(trace, shape):
    check(trace, f"Some tensor has the shape {shape}.", OPEN | YES)


def test_words_that_are_no_names_can_say_what_is_wrong(trace):
    """Also where the module is called otherwise in the code, and only headings and order lead there."""
    text = "# Encoder layers\n\n- 1st norm: [2, 49, 64]\n- attention: [2, 49, 64]\n- 2nd norm: [2, 49, 64]\n"
    check(
        trace,
        f"{text}- expansion: [2, 49, 512]\n- contracting: [2, 49, 64]\n",
        *[YES] * 3,
        NO,
        YES,
    )


def test_a_type_that_is_stated_has_to_fit(trace):
    check(trace, "`layers.0.expand` gives f32[2, 49, 256]", YES)
    check(trace, "`layers.0.expand` gives f16[2, 49, 256]", OPEN)


def test_a_parameter_has_no_batch(trace):
    check(trace, "`decoder.queries` is [2, 10, 64]", OPEN | NO)
    check(trace, "`decoder.queries` is [1, 10, 64]", OPEN | {"layout differs"})


def test_an_annotation_of_other_code_is_not_called_wrong(trace):
    code = 'def head(expand: Float[Tensor, "2 49 512"]):\n    return expand\n'
    found = annotate(trace, note_from_text(code, "python", "other.py")).marks
    assert found
    assert all(mark.verdict in OPEN for mark in found)


def test_two_sizes_behind_a_name_of_code_are_a_shape(trace):
    check(trace, "`score_head.weight` (1, 64)", YES)
    check(trace, "`mask_head.weight`: [64, 32]", NO)
