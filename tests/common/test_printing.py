"""What is printed can neither steer a terminal nor be obeyed by a CI system."""

from __future__ import annotations

import ast
import io
import json
import sys
from pathlib import Path

import pytest
from places import PACKAGE

from shapeflow.common.control_characters import HIDDEN, json_text, printed, visible, visible_line
from shapeflow.common.printing import put, put_commands, say


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("::error::owned", r"\x3a:error::owned"),
        ("fine\n \t ::stop-commands::x", "fine\n \t \\x3a:stop-commands::x"),
        ("a ##[error]b", r"a \x23#[error]b"),
        ("##vso[task.complete]", r"\x23#vso[task.complete]"),
        ("a ::error:: later", "a ::error:: later"),
        (":::note\n## heading\n.:in", ":::note\n## heading\n.:in"),
        ("\x1b[31mred\r\x07", r"\x1b[31mred\x0d\x07"),
        ("\u202eevil\u2066\u2028", r"\u202eevil\u2066\u2028"),
        ("tag\U000e0041 \ud800", r"tag\U000e0041 \ud800"),
        ("plain ünï 中文 👩‍💻\n\ttext", "plain ünï 中文 👩‍💻\n\ttext"),
    ],
)
def test_text_is_made_harmless_and_nothing_else_is_changed(text: str, wanted: str) -> None:
    assert printed(text) == wanted
    assert printed(printed(text)) == wanted


def test_a_line_stays_a_line() -> None:
    assert visible_line("a\nb\tc\x85d") == r"a\nb\tc\x85d"


def test_json_stays_json() -> None:
    data = {"name": "a\n::error::\x1b\x7f\x9b\u202e##[error]\ud800\U000e0041", "中": [1.5, None]}
    for indent in (None, 1):
        text = json_text(data, indent=indent)
        assert json.loads(text) == data
        assert printed(text) == text
        assert "中" in text


def test_blank_lines_by_the_thousand_take_no_time() -> None:
    text = "\n" * 200_000 + " " * 200_000
    assert printed(text) == text


def test_results_and_talk_go_through_it(capsys: pytest.CaptureFixture[str]) -> None:
    put("::error::\x1b")
    put_commands("::error file=a::\x1b")
    say("::error::\x1b")
    said = capsys.readouterr()
    assert said.out == "\\x3a:error::\\x1b\n::error file=a::\\x1b\n"
    assert said.err == "\\x3a:error::\\x1b\n"


def test_that_nobody_listens_to_talk_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Closed())
    say("hello")


PRINTERS = {"common/printing.py", "graph/embedded.py"}
"""The second is a program of its own, which hands a drawing on."""


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_nothing_is_printed_anywhere_else(file: Path) -> None:
    if file.relative_to(PACKAGE).as_posix() in PRINTERS:
        return
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called != "print", f"line {node.lineno}: use common.printing"
            assert called not in ("sys.stdout.write", "sys.stderr.write"), f"line {node.lineno}"


def test_every_hidden_character_is_shown() -> None:
    for code in range(0x110000):
        if HIDDEN.fullmatch(chr(code)):
            assert visible(chr(code)).isascii()
