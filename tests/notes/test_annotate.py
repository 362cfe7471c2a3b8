"""Shapes of a text placed in a trace: right, wrong, in another order, named, and in the model's own code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from places import DOCS, EXAMPLES, ROOT

from shapeflow.cli import main
from shapeflow.model.trace import Trace
from shapeflow.notes.annotate import annotate
from shapeflow.notes.placing.relations import relation
from shapeflow.notes.reading.note import note_from_text
from shapeflow.notes.words.words import name_tokens, text_tokens
from shapeflow.shapes.notation import parse_shape


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A trace of the example model: two pictures of 128 by 96, 48 patches, 64 wide, 10 queries."""
    path = tmp_path_factory.mktemp("trace") / "tiny.trace.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main(["trace", "--model", "examples/tiny_detector.py:build", "-q", "-o", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def trace(stored):
    return Trace.load(stored)


def verdicts(trace, text: str, kind="markdown", path="") -> list[tuple[str, str]]:
    marks = annotate(trace, note_from_text(text, kind, path)).marks
    return [(mark.mention.text, mark.verdict) for mark in marks]


@pytest.mark.parametrize(
    ("pattern", "shape", "expected"),
    [
        ("[1, 256, 72]", (1, 256, 72), "exact"),
        ("[256, 72]", (1, 256, 72), "nobatch"),
        ("[72, 1, 256]", (1, 72, 256), "layout"),
        ("[1, 5184, 256]", (1, 256, 72, 72), "layout"),
        ("[201, 1, 8, 32]", (8, 201, 32), "layout"),
        ("[1, 257, 72]", (1, 256, 72), "no"),
        ("[B, N, 256]", (2, 7, 256), "symbolic"),
        ("[B, N, N]", (2, 7, 8), "no"),
        ("[B*H, N]", (8, 7), "symbolic"),
        ("[B, H/2, H]", (1, 8, 16), "symbolic"),
        ("[B, H/2, H]", (1, 9, 16), "no"),
        ("[72, 72]", (1, 256, 72, 72), "part"),
        ("[6, 4]", (2, 3, 4), "layout"),
        ("[24]", (2, 3, 4), "no"),
    ],
)
def test_a_written_shape_fits_an_observed_one(pattern, shape, expected):
    assert relation(parse_shape(pattern), shape, {}, 1) == expected


def test_words_of_four_languages_are_the_names_in_code():
    for text in ("self attention", "自注意力", "自己アテンション", "셀프 어텐션"):
        assert {"self", "attention"} <= text_tokens(text)
    assert {"self", "attention", "=self_attn"} <= name_tokens("self_attn")
    assert {"layer", "#3", "=layer3"} <= name_tokens("layer3")


def test_true_shapes_are_confirmed_and_wrong_ones_contradicted(trace):
    text = """# A small detector

## Patch embedding

- projection: [2, 64, 8, 6]
- output of the embedding: [2, 48, 64]

## Encoder layers

- `layers.0` gives [2, 49, 64]
- `layers.1.expand` gives [2, 49, 512]

## Heads

- score head: [2, 10, 1]
- box head: [2, 10, 5]
"""
    assert verdicts(trace, text) == [
        ("[2, 64, 8, 6]", "confirmed"),
        ("[2, 48, 64]", "confirmed"),
        ("[2, 49, 64]", "confirmed"),
        ("[2, 49, 512]", "contradicted"),
        ("[2, 10, 1]", "confirmed"),
        ("[2, 10, 5]", "contradicted"),
    ]


def test_the_same_sizes_in_another_order_are_a_layout(trace):
    text = "# Notes\n\n## Decoder\n\nThe output of `decoder.attention` has the shape [10, 2, 64].\n"
    assert verdicts(trace, text) == [("[10, 2, 64]", "layout differs")]


@pytest.mark.parametrize(
    ("selector", "text", "expected"),
    [
        ("score_head:out", "[2, 10, 4]", "contradicted"),
        ("score_head:out", "[2, 10, 1]", "confirmed"),
        ("score_head:out", "[10, 2, 1]", "layout differs"),
        ("scorehead:out", "[2, 10, 1]", "cannot tell"),
    ],
)
def test_an_explicit_selector_wins(trace, selector, text, expected):
    note = note_from_text(f"- boxes: {text}\n")
    (mention,) = note.mentions
    named = replace(mention, frame=replace(mention.frame, selector=selector))
    (mark,) = annotate(trace, replace(note, mentions=(named,))).marks
    assert mark.verdict == expected


def test_a_text_without_shapes_has_no_marks(trace):
    assert verdicts(trace, "Nothing here.\n") == []


def own_code(edits: dict[str, str]) -> str:
    text = (EXAMPLES / "tiny_detector.py").read_text("utf-8")
    for code, comment in edits.items():
        assert text.count(code) == 1, code
        text = text.replace(code, f"{code}  # {comment}")
    return text


def test_comments_of_the_models_own_code_are_judged_by_their_line(trace):
    text = own_code(
        {
            "flatten(2).transpose(1, 2)": "[2, 48, 64]",
            "self.norm(patches)": "(B, N, C)",
            "return patches + thought": "[2, 48, 64]",
            "encoded = self.encode(images)": "[2, 64, 49]",
            '"boxes": self.box_head(found).sigmoid(),': "[2, 10, 4]",
        }
    )
    assert verdicts(trace, text, "python", "tiny_detector.py") == [
        ("[2, 48, 64]", "confirmed"),
        ("(B, N, C)", "symbolic, consistent"),
        ("[2, 48, 64]", "contradicted"),
        ("[2, 64, 49]", "layout differs"),
        ("[2, 10, 4]", "confirmed"),
    ]


def test_a_bare_comment_is_of_what_its_line_made_in_the_end(trace):
    """Not of what it took, or made on the way; a comment with words may be of those."""
    line = "thought: Tensor = self.contract(self.expand(self.norm2(patches)).relu())"
    for comment, wrong in (("[2, 49, 64]", False), ("[2, 49, 256]", True), ("[2, 49, 256] inside", False)):
        text = own_code({line: comment})
        [(_, verdict)] = verdicts(trace, text, "python", "tiny_detector.py")
        assert (verdict == "contradicted") == wrong, comment


def test_a_comment_above_a_line_names_what_the_line_makes(trace):
    line = "        encoded = self.encode(images)"
    for comment, verdict in (("encoded: [2, 49, 64]", "confirmed"), ("encoded: [2, 49, 65]", "contradicted")):
        text = own_code({}).replace(line, f"        # {comment}\n{line}")
        assert [one for _, one in verdicts(trace, text, "python", "tiny_detector.py")] == [verdict], comment


def test_lines_that_moved_since_the_run_are_found_again(trace):
    moved = '"""A longer head."""\n\n\n' + own_code({"return patches + thought": "[2, 48, 64]"})
    assert verdicts(trace, moved, "python", "tiny_detector.py") == [("[2, 48, 64]", "contradicted")]


def test_a_docstring_is_about_the_ports_of_its_method(trace):
    said = '"""Return the patches of pictures as vectors, a summary of the picture in front.'
    arguments = "Args:\n            images: pictures [2, 3, 128, 96]"
    returns = "Returns:\n            vectors of shape [2, 50, 64]"
    long = f"{said}\n\n        {arguments}\n\n        {returns}\n        "
    text = own_code({}).replace(said, long)
    assert verdicts(trace, text, "python", "tiny_detector.py") == [
        ("[2, 3, 128, 96]", "confirmed"),
        ("[2, 50, 64]", "contradicted"),
    ]


def test_the_command_prints_counts_and_what_is_wrong(stored, tmp_path, capsys):
    note = tmp_path / "note.md"
    note.write_text("## Heads\n\n- score head: [2, 10, 1]\n- box head: [2, 10, 5]\n", "utf-8")
    assert main(["annotate", str(stored), str(note)]) == 1
    shown = capsys.readouterr().out
    assert "2 shapes: 1 confirmed, 1 contradicted" in shown
    assert f"{note}:4:13: contradicted  [2, 10, 5]" in shown
    assert "f32[2, 10, 4]" in shown
    assert main(["annotate", str(stored), str(note), "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json.loads((DOCS / "annotate.schema.json").read_text()))
    assert [mark["verdict"] for mark in data["texts"][0]["marks"]] == ["confirmed", "contradicted"]


def test_every_place_can_be_looked_up(trace, stored):
    text = "## Encoder\n\n- `layers.1.expand`: [2, 49, 256]\n- attention scores: [2, 4, 49, 49]\n"
    for mark in annotate(trace, note_from_text(text)).marks:
        assert mark.place
        assert trace.select(mark.place)


def test_a_missing_note_is_an_error(stored, capsys):
    assert main(["annotate", str(stored), str(Path("no-such.md"))]) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- `embed` output: [1, 48, 64]", "confirmed"),
        ("- images into the `embed`: [2, 3, 128, 80]", "not in this run"),
        ("- `box_head` output: [2, 10, 5]", "contradicted"),
    ],
)
def test_other_inputs_are_not_called_wrong(trace, text, expected):
    assert [verdict for _, verdict in verdicts(trace, f"# Notes\n\n{text}\n")] == [expected]


def test_a_text_on_another_model_is_not_called_wrong(trace):
    names = ("embed", "layers.0", "decoder", "box_head", "score_head", "layers.0.expand")
    lines = "".join(f"- `{name}` output: [2, 77, {31 + place}]\n" for place, name in enumerate(names))
    assert {verdict for _, verdict in verdicts(trace, lines)} == {"not in this run"}


def test_code_that_did_not_run_is_not_in_this_run(trace):
    text = own_code({}) + "\n\ndef unused(x):\n    return x.sum(0)  # x has the shape [3, 14, 15]\n"
    assert verdicts(trace, text, "python", "tiny_detector.py") == [("[3, 14, 15]", "not in this run")]
