"""One line read into a claim of the right kind, with the columns of its parts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapeflow.common.text import Span
from shapeflow.walkthrough.claims import KINDS, body_type
from shapeflow.walkthrough.grammar import read_claim
from shapeflow.walkthrough.parts import ClaimError, Part, around, first_word, part


def claim(text, indent=0):
    line = " " * indent + text
    return read_claim(Span("w.md", 1, line, indent, len(line)), 0, 0)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a.b:out  [B, 2]", "shape"),
        ("a.b:out [B, 2]", "shape"),
        ("a.b:out\tf32[B, 2]", "shape"),
        ("count:out [B]", "shape"),
        ("value:out [B]", "shape"),
        ("a:out None", "none"),
        ("count a.* = 6", "count"),
        ("count calls a = 6", "count"),
        ("attr a.b = 1", "attribute"),
        ("attr .b = 1", "attribute"),
        ("class a = Linear", "class"),
        ("a reaches b", "flow"),
        ("a   never  reaches   b", "flow"),
        ("a:out[1] unused", "flow"),
        ('a/einsum "ab->a"', "op"),
        ("a/einsum 'ab reaches ->a'", "op"),
        ("value a:out ~= b:out", "value"),
    ],
)
def test_kinds(text, kind):
    read = claim(text)
    assert (read.kind, read.said, read.real) == (kind, "", False)


@pytest.mark.parametrize(
    ("text", "said", "real"),
    [
        ('said "6.1": a:out [1]', "6.1", False),
        ('said  "6.1 one score: per channel" : count a = 1', "6.1 one score: per channel", False),
        ("real a:out [1]", "", True),
        ('said "6.1": real a:out [1]', "6.1", True),
        ('real said "6.1": a:out [1]', "6.1", True),
        ('said "第 6.1 节": a:out None', "第 6.1 节", False),
    ],
)
def test_words_before_a_claim(text, said, real):
    read = claim(text)
    assert read.kind != "invalid"
    assert (read.said, read.real) == (said, real)


@pytest.mark.parametrize("indent", [0, 7])
def test_columns_are_those_of_the_line(indent):
    line = " " * indent + 'said "x": a.b:out  [B, 25]'
    body = read_claim(Span("w.md", 1, line, indent, len(line)), 0, 0).body
    assert line[body.selector.start : body.selector.end] == "a.b:out"
    assert [line[dim.start : dim.end] for dim in body.pattern.dims] == ["B", "25"]
    body = claim("attr encoder.layers.0.depth = 6", indent).body
    assert (body.path.start, body.name.start) == (indent + 5, indent + 22)


@pytest.mark.parametrize(
    ("text", "under", "hint"),
    [
        ("a:out [B x 2]", "x", "a:out  [B, 2]"),
        ("a:out (B, 2)", "(B, 2)", "a:out  [B, 2]"),
        ("a:out 1x2", "1x2", "a:out  [1, 2]"),
        ("a:out [B,, 2]", ",", ""),
        ("coutn a.* = 2", "coutn", "count"),
        ("a reachs b", "reachs", "reaches"),
        ("a is wide", "is wide", ""),
        ("count a", "count a", ""),
        ("value a:out ~= sigmod(b:out)", "sigmod", "sigmoid"),
        ("value a:out ~= b:out (tolerance x)", "value a:out ~= b:out (tolerance x)", ""),
        ("count layer a.* = 2", "layer", ""),
        ("count a.* = 2 3", "3", ""),
        ("attr a.b = ", None, ""),
    ],
)
def test_what_cannot_be_read(text, under, hint):
    read = claim(text)
    assert read.kind == "invalid"
    error = read.body
    assert isinstance(error, ClaimError)
    assert error.code == "claim-syntax"
    if under and error.columns is not None:
        assert text[slice(*error.columns)] == under or under == text
    assert error.hint == hint


def test_a_line_too_long():
    read = claim("a:out [" + "1, " * 2_000 + "1]")
    assert read.kind == "invalid"
    assert len(read.span.text) < 100


def test_text_that_tries_to_execute_is_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in (
        "a:out [__import__('pathlib').Path('x').touch()]",
        "count a = __import__('pathlib').Path('x').touch()",
        "attr a.b = __import__('pathlib').Path('x').touch()",
        "value a:out ~= __import__('pathlib').Path('x').touch()",
        'value a:out ~= exec(\'open("x", "w")\')',
        "{{ 7 * 7 }}:out [1]",
    ):
        claim(text)
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=120).filter(lambda text: text.strip() and "\n" not in text))
def test_any_line_is_a_claim_or_invalid(text):
    text = text.strip()
    read = claim(text)
    if read.kind == "invalid" and read.body.columns is not None:
        assert 0 <= read.body.columns[0] < read.body.columns[1]


@pytest.mark.parametrize(
    "unit", ["(", "[", "{", '"', "a ", "a.", "- ", "reaches ", "said ", "real ", "1+", "a:out["]
)
@pytest.mark.parametrize(
    "start", ["", "value a:out ~= ", "attr a.b = ", "count a = ", "a:out ", 'said "x": ']
)
def test_hostile_lines_cost_little(start, unit):
    started = time.perf_counter()
    claim((start + unit * 2_000)[:2_000].strip())
    assert time.perf_counter() - started < 0.5


def test_every_kind_has_its_class():
    for kind in KINDS:
        assert hasattr(body_type(kind), "parse")
        assert hasattr(body_type(kind), "judge")


class TestParts:
    def test_part(self):
        assert part("  ab  ", 0, 6) == Part("ab", 2)
        assert part("ab    ", 2, 6).text == ""

    def test_first_word(self):
        assert first_word("  a{b, c}.d[0]  rest of it") == (Part("a{b, c}.d[0]", 2), Part("rest of it", 16))
        assert first_word("out['a b'] x")[0].text == "out['a b']"
        assert first_word(r"a\ b c")[0].text == r"a\ b"
        assert first_word("   ")[0].text == ""

    def test_around(self):
        left, right = around("  a = b ", "=")
        assert (left, right) == (Part("a", 2), Part("b", 6))
        assert around("a b", "=") is None
