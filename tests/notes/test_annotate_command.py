"""``shapeflow annotate``: its formats, files and refusals, on places that the text itself names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from places import DOCS
from two_layers import NET

import shapeflow
from shapeflow.cli import main

NOTE = """# How it works

## Steps

The first layer's output has shape [2, 5] <!-- shapeflow: first:out -->.
Its input has shape [2, 8] <!-- shapeflow: first:in[0] -->.
The second one's output has shape `(6, 2)` <!-- shapeflow: second:out -->.

## Sums

There are 3 × 4 = 13 of them.
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET)
    Path("note.md").write_text(NOTE)
    sys.modules.pop("net", None)
    assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 0
    return tmp_path


@pytest.fixture
def annotate(folder, capsys):
    capsys.readouterr()

    def run(*words, text="note.md", code=1):
        assert main(["annotate", text, "net.trace.json", *words]) == code
        printed = capsys.readouterr()
        return printed.err if code == 2 else printed.out

    return run


def test_what_is_wrong_is_told_and_fails(annotate):
    told = annotate()
    assert "note.md:5:36: contradicted  [2, 5]\n   = found:    f32[2, 4] at first:out\n" in told
    assert "note.md:7:36: layout differs" in told
    assert "note.md:11:11: self-contradiction\n   = because:  3 × 4 is 12, not 13" in told
    assert told.endswith(
        "note.md: 3 shapes: 1 confirmed, 1 layout differs, 1 contradicted; contradicts itself once\n"
    )


def test_all_of_them(annotate):
    assert "note.md:6:21: confirmed  [2, 8]  f32[2, 8] at first:in[0]\n" in annotate("--all")


def test_a_text_without_a_mistake_passes(annotate):
    Path("fine.md").write_text("The output has shape [2, 4] <!-- shapeflow: first:out -->.\n")
    assert annotate(text="fine.md", code=0) == "fine.md: 1 shape: 1 confirmed\n"


def test_json_has_its_schema(annotate):
    data = json.loads(annotate("--json"))
    jsonschema.validate(data, json.loads((DOCS / "annotate.schema.json").read_text("utf-8")))
    [text] = data["texts"]
    assert text["counts"] == {"contradicted": 1, "confirmed": 1, "layout differs": 1}
    marks = {mark["text"]: mark for mark in text["marks"]}
    line = NOTE.split("\n")[4]
    assert line[marks["[2, 5]"]["column"] - 1 : marks["[2, 5]"]["end"] - 1] == "[2, 5]"


def test_github(annotate):
    lines = annotate("--format", "github").splitlines()
    assert lines[0].startswith(
        "::error file=note.md,line=5,col=36,endColumn=41,title=contradicted::'[2, 5]' is"
    )
    assert lines[1].startswith("::error file=note.md,line=11,")
    assert lines[2].startswith("::warning file=note.md,line=7,")


def test_sarif(annotate):
    data = json.loads(annotate("--format", "sarif"))
    results = data["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == [
        "shape-contradicted",
        "shape-layout",
        "text-contradicts-itself",
    ]
    place = results[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "note.md"
    assert place["region"] == {"startLine": 5, "startColumn": 36, "endColumn": 42}
    assert len({one["partialFingerprints"]["shapeflow/1"] for one in results}) == 3


def test_only_what_is_new_fails_with_a_baseline(annotate):
    annotate("--baseline", "known.json", "--update-baseline", code=0)
    annotate("--baseline", "known.json", code=0)
    Path("note.md").write_text("A line in front.\n\n" + NOTE)
    annotate("--baseline", "known.json", code=0)
    Path("note.md").write_text(NOTE + "\nAnd its output has shape [2, 7] <!-- shapeflow: first:out -->.\n")
    annotate("--baseline", "known.json", code=1)
    states = [
        one["baselineState"]
        for one in json.loads(annotate("--baseline", "known.json", "--format", "sarif"))["runs"][0]["results"]
    ]
    assert states == ["unchanged"] * 3 + ["new"]


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"schema": "other"}', '{"schema": "shapeflow.baseline/1", "texts": 3}']
)
def test_a_baseline_that_is_none(annotate, content):
    Path("known.json").write_text(content)
    assert "is no baseline" in annotate("--baseline", "known.json", code=2)


def test_fix_shows_and_writes_the_true_sizes(annotate):
    shown = annotate("--fix")
    assert "-The first layer's output has shape [2, 5]" in shown
    assert "+The first layer's output has shape [2, 4]" in shown
    assert Path("note.md").read_text() == NOTE
    annotate("--fix", "--write")
    assert Path("note.md").read_text() == NOTE.replace("[2, 5]", "[2, 4]")


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("2 × 5", "2 × 4"),
        ("2x5", "2x4"),
        ("`torch.Size([2, 5])`", "`torch.Size([2, 4])`"),
        ("$\\mathbb{R}^{2 \\times 5}$", "$\\mathbb{R}^{2 \\times 4}$"),
        ("(B, 5)", "(B, 4)"),
        ("［2，5］", "［2，4］"),
    ],
)
def test_fix_keeps_the_authors_notation(annotate, written, right):
    text = f"The shape of the output is {written} <!-- shapeflow: first:out -->.\r\n"
    Path("note.md").write_bytes(text.encode())
    annotate("--fix", "--write")
    assert Path("note.md").read_bytes().decode() == text.replace(written, right)


def test_fix_in_a_notebook(annotate):
    cell = {"cell_type": "markdown", "metadata": {}, "source": ["# Net\n", NOTE.split("\n")[4]]}
    book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    Path("tour.ipynb").write_text(json.dumps(book, indent=1) + "\n")
    annotate("--fix", "--write", text="tour.ipynb")
    cell["source"][1] = cell["source"][1].replace("[2, 5]", "[2, 4]")
    assert Path("tour.ipynb").read_text() == json.dumps(book, indent=1) + "\n"
    cell["source"][1] = cell["source"][1].replace("[2, 4]", "[2, 5]")
    Path("tour.ipynb").write_text(json.dumps(book, indent=7))
    assert "not written as Jupyter does" in annotate("--fix", "--write", text="tour.ipynb", code=2)


def test_what_is_confirmed_becomes_claims_that_hold(annotate):
    Path("note.md").write_text(
        NOTE + "\n## Steps\n\nThe output again: shape [B, 6] <!-- shapeflow: second:out -->.\n"
    )
    annotate("--to-walkthrough", "guarded.md")
    text = Path("guarded.md").read_text()
    assert "first:in[0]  [2, 8]" in text
    assert "second:out  [B, 6]" in text
    assert "first:out" not in text
    assert main(["check", "net.trace.json", "guarded.md"]) == 0


def test_the_page(annotate):
    annotate("-o", "note.html", "--report", "report.html")
    page = Path("note.html").read_text()
    assert '<a class="mark bad" href="#m0-0" data-verdict="contradicted"' in page
    assert 'href="report.html#at=first:out"' in page
    assert "3 × 4 is 12, not 13" in page
    assert page.count("<script>") == 1


def test_a_shape_whose_place_is_named_needs_no_words(annotate):
    Path("note.md").write_text("It gives [2, 4] <!-- shapeflow: first:out -->, see [3, 4].\n")
    assert "note.md:1:10: confirmed  [2, 4]" in annotate("--all", code=0)


def test_a_comment_that_names_nothing_is_told(annotate, capsys):
    Path("note.md").write_text("The output has shape [2, 4] <!-- shapeflow: frist:out -->.\n")
    assert main(["annotate", "note.md", "net.trace.json"]) == 0
    assert "note.md:1: 'frist:out' names nothing" in capsys.readouterr().err


def test_known_findings_are_not_told_again(annotate):
    annotate("--baseline", "known.json", "--update-baseline", code=0)
    assert annotate("--baseline", "known.json", code=0).count("\n") == 1


def test_all_has_what_a_text_says_against_itself(annotate):
    assert "note.md:11:11: self-contradiction  3 × 4 is 12, not 13\n" in annotate("--all")


def test_signs_that_look_like_digits_are_none(annotate):
    Path("note.md").write_text("见图 [①, ②]，形状 [①, 48] 与 shape [²,  ₃]\n", encoding="utf-8")
    annotate(code=0)


def test_fix_takes_away_no_axis_but_a_batch_of_one(folder):
    Path("note.md").write_text("The output has shape [5] <!-- shapeflow: first:out -->.\n")
    before = Path("note.md").read_text()
    assert main(["annotate", "note.md", "net.trace.json", "--fix", "--write"]) in (0, 1)
    assert Path("note.md").read_text() == before


def test_from_python(folder):
    annotation = shapeflow.annotate(shapeflow.load("net.trace.json"), "note.md")
    assert [mark.verdict for mark in annotation.marks] == ["contradicted", "confirmed", "layout differs"]


def test_hostile_text_stays_text(annotate):
    Path("note.md").write_text("<script>alert(1)</script> gives [2, 4] <img src=x onerror=alert(1)>\n")
    annotate("-o", "note.html", code=0)
    page = Path("note.html").read_text()
    assert page.count("<script>") == 1
    assert "<img" not in page


def test_a_program_chooses_and_the_trace_judges(annotate):
    script = """import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], "choice": 0}))
"""
    Path("choose.py").write_text(script)
    Path("open.md").write_text("Somewhere there is [2, 6], they say, or [9, 9, 9].\n")
    before = json.loads(annotate("--json", text="open.md", code=0))["texts"][0]["marks"]
    after = json.loads(annotate("--json", "--propose", f"{sys.executable} choose.py", text="open.md", code=0))
    for old, new in zip(before, after["texts"][0]["marks"], strict=True):
        asked = old["verdict"] in ("cannot tell", "seen elsewhere", "not in this run") and old["place"]
        assert (new["evidence"] == [f"placed by '{sys.executable} choose.py'"]) == bool(asked)


def test_a_program_that_never_stops_printing_is_ended(annotate):
    Path("choose.py").write_text('while True:\n    print(\'{"id": 0, "choice": 0}\' * 100)\n')
    Path("open.md").write_text("Some tensor has shape [6, 2].\n")
    marks = json.loads(annotate("--json", text="open.md", code=0))["texts"][0]["marks"]
    assert any(mark["place"] and mark["verdict"] not in ("confirmed", "contradicted") for mark in marks)
    said = annotate("--propose", f"{sys.executable} choose.py", text="open.md", code=2)
    assert "printed more than 4,000,000 bytes" in said


@pytest.mark.parametrize(
    "body", ["raise SystemExit(3)", "print('x')", "print('{}')", 'print(\'{"id": "a", "choice": 1}\')']
)
def test_a_program_that_fails(annotate, body):
    Path("choose.py").write_text(f"{body}\n")
    Path("open.md").write_text("Somewhere there is a tensor of shape [2, 6], they say.\n")
    words = ["--propose", f"{sys.executable} choose.py"]
    code = main(["annotate", "open.md", "net.trace.json", *words])
    assert code in (0, 2)


def test_a_trace_is_made_of_the_model_that_the_text_names(folder, capsys):
    Path("about.md").write_text(
        "---\nmodel: net.py:build\n---\nThe output has shape [2, 5] <!-- shapeflow: first:out -->.\n"
    )
    Path(".git").mkdir()
    assert main(["annotate", "about.md"]) == 1
    assert "= found:    f32[2, 4] at first:out" in capsys.readouterr().out
    assert main(["annotate", "note.md", "--model", "net.py:build"]) == 1
    assert main(["annotate", "note.md"]) == 2
    assert "which model it is about" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["annotate", "net.trace.json"], "a text is missing"),
        (["annotate", "note.md", "net.trace.json", "net.trace.json"], "one trace is needed, and 2 are given"),
        (["annotate", "note.md", "net.trace.json", "--write"], "--write only means something with --fix"),
        (["annotate", "note.md", "net.trace.json", "-o", "note.txt"], "does not end in .html"),
        (["annotate", "note.md", "net.trace.json", "--fix", "--json"], "exclude each other"),
        (
            ["annotate", "note.md", "net.trace.json", "--input", "x=1"],
            "--input only means something with --model",
        ),
        (["annotate", "note.md", "net.trace.json", "--json", "--format", "github"], "exclude each other"),
        (["annotate", "missing.md", "net.trace.json"], "no note 'missing.md'"),
        (["annotate", "binary.md", "net.trace.json"], "binary.md"),
        (["annotate", "note.md", "net.trace.json", "-o", "note.md"], "does not end in .html"),
    ],
)
def test_refusals(folder, capsys, words, said):
    Path("binary.md").write_bytes(bytes(range(256)))
    capsys.readouterr()
    assert main(words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_the_page_in_a_browser(annotate, browser):
    annotate("-o", "note.html")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(Path("note.html").resolve().as_uri())
    evidence = page.locator("#m0-0")
    assert not evidence.is_visible()
    page.locator("a.mark.bad").click()
    assert evidence.is_visible()
    assert "f32[2, 4]" in evidence.inner_text()
    page.keyboard.press("Escape")
    assert not evidence.is_visible()
    page.locator("#wrong").check()
    shown = page.locator(".row:visible")
    assert [row.get_attribute("id") for row in shown.all()] == ["l0-5", "l0-7"]
    page.locator("#wrong").uncheck()
    page.keyboard.press("n")
    assert page.locator(".mark.here").inner_text() == "[2, 5]"
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert errors == []


def test_the_same_is_said_whatever_the_seed_of_hashes_is(folder):
    """Sums over sets, and what is alike, must not depend on their order."""
    Path("words.md").write_text(
        "# Two layers\n\nThe first linear layer turns the input `[2, 8]` into `[2, 4]`,"
        " the second one its output into `[2, 6]`; its weight is 6 x 4, the other weight `[4, 8]`.\n"
    )
    told = set()
    for seed in ("0", "1", "2", "3"):
        command = [sys.executable, "-m", "shapeflow", "annotate", "words.md", "net.trace.json", "--json"]
        done = subprocess.run(command, capture_output=True, env=os.environ | {"PYTHONHASHSEED": seed})
        told.add(done.stdout)
    assert len(told) == 1
