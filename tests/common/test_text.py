"""Places, carets under the user's text, nearest names and counted words."""

from __future__ import annotations

import pytest

from shapeflow.common.text import Location, Span, counted, display_width, listing, nearest, printable


def test_a_frame_has_carets_under_the_span():
    span = Span("w.md", 12, "a:out  [B, 256]", 11, 14)
    assert span.frame() == "   |\n12 | a:out  [B, 256]\n   |            ^^^"
    assert span.location == Location("w.md", 12, 12)
    assert str(span.location) == "w.md:12:12"
    assert span.narrow(8, 9).frame().splitlines()[2] == "   |         ^"


def test_an_empty_span_has_one_caret():
    assert Span("w.md", 1, "ab", 2, 2).frame().endswith("|   ^")


def test_carets_stand_under_wide_characters():
    line = 'said "第6节": a:out [1]'
    start = line.index("a:out")
    frame = Span("w.md", 1, line, start, start + 5).frame().splitlines()
    assert display_width(frame[2][: frame[2].index("^")]) == display_width(
        frame[1][: frame[1].index("a:out")]
    )
    wide = Span("w.md", 1, "中文", 1, 2).frame().splitlines()[2]
    assert wide == "  |   ^^"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb", "a b"),
        ("a\x1b[31mb", "a\ufffd[31mb"),
        ("a\u202eb", "a\ufffdb"),
        ("中 é", "中 é"),
        ("a\x00\r\x07", "a" + 3 * "\ufffd"),
    ],
)
def test_what_steers_a_terminal_is_not_shown(text, shown):
    assert printable(text) == shown
    assert len(printable(text)) == len(text)


def test_display_width():
    assert [display_width(text) for text in ("abc", "中文", "é", "e\u0301", "ａ", "")] == [3, 4, 1, 1, 2, 0]


def test_lists_and_counts_in_words():
    assert listing(["a", "b", "c"]) == "a, b, c"
    assert listing(["a", "b", "c", "d"]) == "a, b, c and 1 more"
    assert listing([str(n) for n in range(2000)], 1) == "0 and 1,999 more"
    assert (counted(1, "claim"), counted(1200, "claim"), counted(2, "copy", "copies")) == (
        "1 claim",
        "1,200 claims",
        "2 copies",
    )
    assert nearest("encodr", ["encoder", "decoder", "neck"], 1) == ["encoder"]
    assert nearest("xyz", ["encoder"]) == []
