"""The report as Markdown and as text for a terminal."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from report_samples import HOSTILE_WALKTHROUGH, crashed, detector, hostile, write_walkthrough

from shapeflow.reporting.formats import markdown
from shapeflow.reporting.formats import terminal as console
from shapeflow.reporting.view.build import build
from shapeflow.walkthrough.check import check


def view(trace, folder, walkthrough=None, language="en"):
    path = write_walkthrough(folder, walkthrough) if walkthrough else write_walkthrough(folder)
    return build(trace, check(trace, path), language=language, folders=[])


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return view(detector(), tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    return view(hostile(), tmp_path_factory.mktemp("evil"), HOSTILE_WALKTHROUGH)


def test_markdown_has_sentence_claims_reasons_figures_and_numbers(good):
    text = markdown.render(good)
    assert (
        "**Every checked line below was checked against one recorded run: 11 of 13 hold; 2 differ; " in text
    )
    assert "; 1 known mistake of another text is refuted; 2 outputs are never read.**" in text
    assert "| ✅ holds | `mask_head/einsum  " not in text, "one space is enough in a cell"
    assert '| ✅ holds | `mask_head/einsum "bqc,bchw->bqhw"` |' in text
    assert "<details open><summary>walkthrough.md:" in text
    assert "- expected: `" in text
    assert "```mermaid\nflowchart TB" in text
    assert "## Known mistakes of another text, refuted" in text
    assert "| part | parameters | multiply-adds | FLOPs | share |" in text


def test_folds_are_balanced(good, evil):
    for text in (markdown.render(good), markdown.render(evil)):
        assert text.count("<details") == text.count("</details>")


def test_markdown_renders_to_tables_and_no_foreign_markup(evil):
    text = markdown.render(evil)
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    allowed = rendered.replace("<!-- made with shapeflow -->", "")
    assert "<table>" in allowed
    assert "<script" not in allowed.lower()
    assert "<img src=x" not in allowed.lower()
    assert "<svg" not in allowed.lower()


@pytest.mark.parametrize(
    ("words", "expected"),
    [("a|b", "`a\\|b`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a\nb", "`a b`"), ("", "")],
)
def test_code_cannot_be_left(words, expected):
    assert markdown.code(words) == expected


def test_text_is_escaped():
    assert markdown.text("*a* <b> [c](d) |") == r"\*a\* &lt;b&gt; \[c\]\(d\) \|"


def test_a_crash_comes_first():
    text = markdown.render(build(crashed(), folders=[]))
    assert "> **The run failed here**: `RuntimeError: mat1" in text
    assert "> - op: `decoder/linear@0`" in text


def test_chinese(tmp_path):
    text = markdown.render(view(detector(), tmp_path, language="zh"))
    assert "13 条中 11 条成立" in text
    assert "## 别处文字的已知错误及驳正" in text


def test_the_terminal_shows_what_differs_and_why(good):
    lines = console.render(good).splitlines()
    wrong = next(number for number, line in enumerate(lines) if "decoder:out[0]" in line)
    assert lines[wrong] == "    ✗ decoder:out[0]  [B, 12, C]  f32[1, 10, 16]   dim 2 differs"
    assert "contradicted: 'decoder:out[0]' has 10 in dim 2, not 12" in lines[wrong + 1]
    assert max(map(len, lines[:12])) <= 80


def test_the_terminal_obeys_nobody(evil):
    text = console.render(evil)
    assert not [c for c in text if ord(c) < 32 and c != "\n"]
    assert "\u202e" not in text


def test_the_terminal_in_colour(good, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert "\x1b[" in console.coloured(good, True)
    assert "\x1b[" not in console.coloured(good, False)
