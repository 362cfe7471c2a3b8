"""Texts that are too much, or no texts: nothing is left out silently, and one bad file spoils no other."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from two_layers import NET

from shapeflow.cli import main
from shapeflow.model.trace import Trace
from shapeflow.notes.annotate import annotate
from shapeflow.notes.reading.note import MAX_MENTIONS, note_from_text, read_note
from shapeflow.reporting.annotated.view import Fold, text_view

WRONG = "The output of `first` has shape [2, 5].\n"
RIGHT = "The output of `first` has shape [2, 4].\n"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET)
    Path("fine.md").write_text(RIGHT)
    Path("wrong.md").write_text(WRONG)
    Path("bad.md").write_bytes(b"a \xff\xfa b")
    sys.modules.pop("net", None)
    assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 0
    capsys.readouterr()

    def run(*words):
        code = main(["annotate", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.mark.parametrize("broken", ["bad.md", "missing.md"])
@pytest.mark.parametrize("first", [True, False])
def test_a_text_that_cannot_be_read_spoils_no_other(run, broken, first):
    texts = [broken, "wrong.md"] if first else ["wrong.md", broken]
    code, out, err = run(*texts, "net.trace.json")
    assert code == 2
    assert "wrong.md: 1 shape: 1 contradicted" in out
    assert broken in err
    assert err.startswith("error[")


def test_several_texts_that_cannot_be_read_are_all_told(run):
    code, out, err = run("bad.md", "missing.md", "net.trace.json")
    assert (code, out) == (2, "")
    assert err.count("error[") == 2


def test_json_of_several_has_those_that_can_be_read(run):
    code, out, err = run("bad.md", "fine.md", "net.trace.json", "--json")
    assert code == 2
    assert [text["path"] for text in json.loads(out)["texts"]] == ["fine.md"]
    assert json.loads(err)["code"] == "not-text"


def test_a_baseline_is_not_written_without_a_text(run):
    code, _, err = run("bad.md", "wrong.md", "net.trace.json", "--baseline", "b.json", "--update-baseline")
    assert code == 2
    assert "bad.md" in err
    assert not Path("b.json").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--lang", "zh"], "--lang only means something with -o"),
        (["--lang", "en"], "--lang only means something with -o"),
        (["--report", "r.html"], "--report only means something with -o"),
        (["--force"], "--force only means something with -o or --to-walkthrough or --update-baseline"),
        (["--write"], "--write only means something with --fix"),
        (["--all", "--fix"], "--all and --fix exclude each other"),
        (["--all", "--format", "sarif"], "--all and --format sarif exclude each other"),
    ],
)
def test_options_that_would_be_ignored_are_refused(run, words, told):
    code, _, err = run("fine.md", "net.trace.json", *words)
    assert code == 2
    assert told in err


def test_a_long_line_is_cut_and_that_is_said(run):
    Path("long.md").write_text("# x\n\n" + "[2, 4], " * 20_000 + "\n")
    code, _, err = run("long.md", "net.trace.json")
    assert code == 0
    assert "long.md: line 3 is read up to its character 5,000 of 160,000" in err
    data = json.loads(run("long.md", "net.trace.json", "--json")[1])
    assert len(data["texts"][0]["unread"]) == 1
    assert run("long.md", "net.trace.json", "-o", "long.html")[0] == 0
    assert "Not all of it was read:" in Path("long.html").read_text()


def test_too_many_shapes_are_cut_and_that_is_said():
    note = note_from_text("- x: [2, 16, 64]\n" * (MAX_MENTIONS + 3))
    assert len(note.mentions) == MAX_MENTIONS
    [said] = note.unread
    assert said == "3 shapes from line 5,001 on are not judged: at most 5,000 are"
    assert note_from_text("- x: [2, 16, 64]\n" * 3).unread == ()


def test_a_text_without_end_is_refused(run):
    Path("huge.md").write_text("words and words\n" * 300_000)
    code, _, err = run("huge.md", "net.trace.json")
    assert code == 2
    assert "too large for a note" in err
    assert "give the part of it that is about the model" in err


def test_a_long_text_is_folded_where_it_has_no_mark(run):
    lines = ["nothing here"] * 3_000
    lines[1_500] = RIGHT.strip()
    lines[2_000] = "3 × 4 = 13"
    view = text_view(annotate(Trace.load(Path("net.trace.json")), note_from_text("\n".join(lines))), 0)
    folds = [row.count for row in view.rows if isinstance(row, Fold)]
    shown = {row.number for row in view.rows if not isinstance(row, Fold)}
    assert {1_501, 2_001, 1_497, 1_505} <= shown
    assert sum(folds) + len(shown) == 3_000
    assert len(shown) < 30
    whole = text_view(annotate(Trace.load(Path("net.trace.json")), note_from_text("\n".join(lines[:100]))), 0)
    assert len(whole.rows) == 100


def test_python_is_read_in_the_encoding_that_it_declares(tmp_path):
    path = tmp_path / "net.py"
    path.write_bytes("# coding: latin-1\nx = 1  # été [2, 16, 64]\n".encode("latin-1"))
    assert [mention.text for mention in read_note(path).mentions] == ["[2, 16, 64]"]


def test_code_without_shapes_is_told_where_they_come_from(run):
    code, out, err = run("net.py", "net.trace.json")
    assert (code, out) == (0, "net.py: 0 shapes\n")
    assert "shapeflow source TRACE FILE --write puts them there" in err
