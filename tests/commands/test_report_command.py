"""``shapeflow report``: where it writes, what it refuses, what it says."""

from __future__ import annotations

import json

import pytest
from report_samples import crashed, detector, hostile, write_walkthrough

from shapeflow.cli import main


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    detector().save(tmp_path / "bus.trace.json.gz")
    write_walkthrough(tmp_path)
    return tmp_path


def run(*words: str) -> int:
    return main(["report", "bus.trace.json.gz", *words])


def test_by_default_a_page_named_like_the_trace(here, capsys):
    assert run("walkthrough.md") == 0
    assert (here / "bus.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("bus.html  0.")


def test_quiet_says_nothing_on_stderr(here, capsys):
    assert run("walkthrough.md", "-q") == 0
    assert capsys.readouterr() == ("", "")


def test_without_a_walkthrough_of_the_model_the_trace_alone(here):
    assert run("-o", "alone.html") == 0
    assert "decoder.attn" in (here / "alone.html").read_text(encoding="utf-8")
    assert run("--no-walkthrough", "-o", "too.html") == 0


@pytest.mark.parametrize(
    ("form", "beginning"),
    [
        ("markdown", "<!-- made with shapeflow -->"),
        (
            "terminal",
            "A small detector\nEvery checked line below was checked against one recorded run: 11 of 13",
        ),
        ("json", '{\n "schema"'),
    ],
)
def test_other_formats_go_to_standard_output(here, capsys, form, beginning):
    assert run("walkthrough.md", "--format", form) == 0
    assert capsys.readouterr().out.startswith(beginning)


@pytest.mark.parametrize(
    ("name", "beginning"), [("r.md", "<!--"), ("r.json", "{"), ("r.txt", "A small"), ("r.x", "<!do")]
)
def test_the_ending_chooses_the_format(here, name, beginning):
    assert run("walkthrough.md", "-o", name) == 0
    assert (here / name).read_text(encoding="utf-8").startswith(beginning)


def test_the_language_is_asked_for_or_that_of_the_document(here, capsys):
    assert run("walkthrough.md", "--format", "terminal", "--lang", "zh") == 0
    assert "13 条中 11 条成立" in capsys.readouterr().out
    chinese = (
        "# 探测器\n\n"
        + "图像如何变成掩码，一步一步地说明。" * 20
        + "\n\n```shapes\nmask_head:out  [1, 10, 32, 32]\n```\n"
    )
    (here / "zh.md").write_text(chinese, encoding="utf-8")
    assert run("zh.md", "--format", "terminal") == 0
    assert "1 条中 1 条成立" in capsys.readouterr().out


CHINESE = """\
# 探测器

图像怎样变成掩码，*一步一步*地说明。

## 1 主干

```shapes
mask_head:out  [1, 10, 32, 32]
```
"""


def test_both_languages_are_two_files_that_name_each_other(here, capsys):
    (here / "model.md").write_text(CHINESE.replace("探测器", "Detector"), encoding="utf-8")
    (here / "model.zh.md").write_text(CHINESE, encoding="utf-8")
    assert run("model.md", "--lang", "both", "-o", "out & about.html") == 0
    english = (here / "out & about.html").read_text(encoding="utf-8")
    chinese = (here / "out & about.zh.html").read_text(encoding="utf-8")
    assert "<h1>Detector</h1>" in english and "<h1>探测器</h1>" in chinese
    assert '<html lang="en">' in english and '<html lang="zh-CN">' in chinese
    assert 'href="out%20%26%20about.zh.html" rel="alternate" hreflang="zh-CN" lang="zh-CN">中文<' in english
    assert 'href="out%20%26%20about.html" rel="alternate" hreflang="en" lang="en">English<' in chinese
    assert [line.split("  ")[0] for line in capsys.readouterr().err.splitlines()] == [
        "out & about.html",
        "out & about.zh.html",
    ]


def test_a_text_in_one_language_stays_and_the_interface_changes(here):
    assert run("walkthrough.md", "--lang", "both") == 0
    assert "目录" in (here / "bus.zh.html").read_text(encoding="utf-8")
    assert "The trunk keeps its shape" in (here / "bus.zh.html").read_text(encoding="utf-8")
    assert run("walkthrough.md", "-o", "alone.html") == 0
    assert "hreflang" not in (here / "alone.html").read_text(encoding="utf-8"), (
        "a single page has no dead link"
    )


def test_two_languages_need_two_files(here, capsys):
    assert run("walkthrough.md", "--lang", "both", "--format", "markdown") == 2
    assert "try:      -o bus.md" in capsys.readouterr().err
    assert run("walkthrough.md", "--lang", "both", "-o", "bus.md") == 0
    assert (here / "bus.zh.md").read_text(encoding="utf-8").startswith("<!-- made with")


def test_a_translation_that_is_read_is_not_written_over(here, capsys):
    (here / "model.zh.md").write_text(CHINESE, encoding="utf-8")
    (here / "model.md").write_text(CHINESE, encoding="utf-8")
    assert run("model.md", "--lang", "both", "-o", "model.md", "--force") == 2
    assert "error[output-is-input]" in capsys.readouterr().err
    assert (here / "model.zh.md").read_text(encoding="utf-8") == CHINESE


def test_an_output_of_ours_is_replaced_and_others_only_by_force(here, capsys):
    assert run("-o", "r.html") == 0
    assert run("-o", "r.html") == 0
    (here / "notes.md").write_text("my notes")
    assert run("-o", "notes.md") == 2
    assert "error[output-exists]" in capsys.readouterr().err
    assert (here / "notes.md").read_text() == "my notes"
    assert run("-o", "notes.md", "--force") == 0


@pytest.mark.parametrize(
    "words", [("-o", "bus.trace.json.gz"), ("walkthrough.md", "-o", "walkthrough.md", "--force")]
)
def test_what_is_read_is_never_written_over(here, capsys, words):
    before = (here / words[-2] if words[-1] == "--force" else here / words[-1]).read_bytes()
    assert run(*words) == 2
    assert "output-is-input" in capsys.readouterr().err
    assert (here / words[-2] if words[-1] == "--force" else here / words[-1]).read_bytes() == before


def test_a_missing_folder_and_a_folder_as_output(here, capsys):
    assert run("-o", "nowhere/r.html") == 2
    assert "not-writable" in capsys.readouterr().err
    (here / "folder.html").mkdir()
    assert run("-o", "folder.html") == 2
    assert not list(here.glob("*.tmp*"))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--format", "htlm"), "unknown-format"),
        (("missing.md",), "missing"),
        (("walkthrough.md", "--no-walkthrough"), "usage"),
        (("--lang", "fr"), "usage"),
    ],
)
def test_wrong_input_is_one_error_and_no_file(here, capsys, words, code):
    assert run(*words) == 2
    assert code in capsys.readouterr().err


def test_a_crashed_and_a_hostile_trace(here, capsys):
    crashed().save(here / "bus.trace.json.gz")
    assert run() == 0
    assert 'id="failure"' in (here / "bus.html").read_text(encoding="utf-8")
    hostile().save(here / "bus.trace.json.gz")
    for form in ("html", "markdown", "terminal", "json"):
        assert run("--format", form, "-o", f"evil.{form}") == 0
    assert json.loads((here / "evil.json").read_text(encoding="utf-8"))["schema"] == "shapeflow.report/1"
