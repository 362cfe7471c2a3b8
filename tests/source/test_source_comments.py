"""Comments with shapes in a file of one's own: what is written, kept, put right, and left alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from shapeflow.cli import main
from shapeflow.source.comments import same_code

NET = '''import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 4), nn.Linear(4, 4)

    def forward(self, x, flag=False):
        text = """two
        lines"""
        a = self.first(x)
        b = self.second(a) + \\
            torch.ones(4)
        c, _ = a.max(dim=1)
        q, k = a.chunk(2, dim=1)
        d = torch.cat(
            [a, b],
            dim=1,
        )
        if flag:
            e = self.second(a)
        for size in (1, 2):
            f = torch.ones(size, 3)
        for size in (1, 2, 3, 4, 5):
            g = torch.zeros(size)
        return a  # the result


def build():
    return Net(), (torch.ones(2, 8),)
'''


@pytest.fixture
def net(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    class File:
        path = tmp_path / "net.py"

        def run(self, *words, code=0):
            assert main(["source", "net.trace.json", "net.py", *words]) == code
            printed = capsys.readouterr()
            return printed.err if code else printed.out

        def trace(self, text=NET):
            self.path.write_bytes(text.encode())
            sys.modules.pop("net", None)
            assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 0
            capsys.readouterr()

        def line(self, start):
            return next(line for line in self.path.read_text().splitlines() if line.strip().startswith(start))

    return File()


def test_each_name_gets_what_it_was(net):
    net.trace()
    net.run("--write")
    assert net.line("def forward").endswith("flag=False):  # x f32[2, 8]")
    assert net.line("a =") == "        a = self.first(x)  # f32[2, 4]"
    assert net.line("c, _").endswith("# f32[2]")
    assert net.line("q, k").endswith("# q f32[2, 2], k f32[2, 2]")
    assert net.line("d =") == "        d = torch.cat(  # f32[2, 8]"
    assert net.line("f =").endswith("# f32[1, 3] | f32[2, 3]")
    assert net.line("g =").endswith("# f32[1] | f32[2] | … | f32[5]")


def test_nothing_is_written_where_no_comment_may_stand_or_nothing_is_known(net):
    net.trace()
    net.run("--write")
    assert net.line("b =").endswith("+ \\")
    assert net.line("e =") == "            e = self.second(a)"
    assert net.line("text =") == '        text = """two'


def test_a_second_time_changes_nothing_with_the_same_trace_or_a_new_one(net):
    net.trace()
    net.run("--write")
    once = net.path.read_text()
    assert net.run("--diff") == ""
    net.run("--write")
    assert net.path.read_text() == once
    net.trace(once)
    net.run("--write")
    assert net.path.read_text() == once


def test_a_change_is_shown_and_not_made(net):
    net.trace()
    shown = net.run("--diff")
    assert "+        a = self.first(x)  # f32[2, 4]" in shown
    assert net.path.read_text() == NET


@pytest.mark.parametrize(
    ("there", "then"),
    [
        ("# f32[2, 5]", "# f32[2, 4]"),
        ("# f32[B, N]", "# f32[B, N]"),
        ("#f32[B,4]", "#f32[B,4]"),
        ("# f32[B, 5]", "# f32[B, 4]"),
        ("# f32[4, 2]", "# f32[2, 4]"),
        ("# i64[B, 4]", "# f32[B, 4]"),
        ("# f32[1, 2, 4]", "# f32[2, 4]"),
        ("# the hidden state", "# the hidden state  # f32[2, 4]"),
        ("# noqa: E501", "# noqa: E501  # f32[2, 4]"),
        ("# noqa: E501  # f32[2, 9]", "# noqa: E501  # f32[2, 4]"),
        ("# see f32[2, 9] in the paper", "# see f32[2, 9] in the paper  # f32[2, 4]"),
        ("# [B, 9]", "# [B, 9]  # f32[2, 4]"),
    ],
)
def test_comments_that_are_there(net, there, then):
    net.trace(NET.replace("a = self.first(x)\n", f"a = self.first(x)  {there}\n"))
    net.run("--write")
    assert net.line("a =") == f"        a = self.first(x)  {then}"


def test_a_symbol_has_one_size_in_a_function(net):
    text = NET.replace("a = self.first(x)\n", "a = self.first(x)  # f32[B, N]\n")
    net.trace(
        text.replace("q, k = a.chunk(2, dim=1)\n", "q, k = a.chunk(2, dim=1)  # q f32[N, N], k f32[B, B]\n")
    )
    net.run("--write")
    assert net.line("a =").endswith("# f32[B, N]")
    assert net.line("q, k").endswith("# q f32[2, 2], k f32[B, B]")


def test_a_comment_on_a_line_that_did_not_run_stays(net):
    net.trace(NET.replace("e = self.second(a)\n", "e = self.second(a)  # f32[7, 7]\n"))
    net.run("--write")
    assert net.line("e =").endswith("# f32[7, 7]")


def test_line_ends_and_the_mark_of_utf8_stay(net):
    net.trace("\ufeff" + NET.replace("\n", "\r\n"))
    net.run("--write")
    written = net.path.read_bytes().decode()
    assert written.startswith("\ufeffimport torch\r\n")
    assert "        a = self.first(x)  # f32[2, 4]\r\n" in written
    assert "\n" not in written.replace("\r\n", "")


def test_a_file_that_changed_since_is_left_alone(net):
    net.trace()
    changed = NET.replace("self.first(x)", "self.first(x * 2)")
    net.path.write_text(changed)
    assert "has changed since the run" in net.run("--write", code=2)
    assert net.path.read_text() == changed


def test_a_package_is_left_alone(net, capsys):
    net.trace()
    pytest.importorskip("torchvision")
    assert main(["trace", "--model", "torchvision:alexnet", "-o", "alex.trace.json", "-q"]) == 0
    capsys.readouterr()
    before = Path(sys.modules["torchvision.models.alexnet"].__file__).read_bytes()
    assert main(["source", "alex.trace.json", "alexnet.py", "--write"]) == 2
    assert "belongs to an installed package" in capsys.readouterr().err
    assert Path(sys.modules["torchvision.models.alexnet"].__file__).read_bytes() == before


def test_several_files_are_refused(net, capsys):
    net.path.with_name("parts.py").write_text("def double(x):\n    return x * 2\n")
    text = NET.replace("import torch\n", "import torch\nimport parts\n", 1)
    sys.path.insert(0, str(net.path.parent))
    try:
        net.trace(text.replace("return a ", "return parts.double(a) "))
    finally:
        sys.path.pop(0)
        sys.modules.pop("parts", None)
    assert main(["source", "net.trace.json", "--write"]) == 2
    assert "one file at a time, and this names 2" in capsys.readouterr().err


def test_lines_are_alike_but_for_our_comments():
    assert same_code("    a = b  # f32[2, 4]", "a = b")
    assert same_code("a = b  # note  # f32[2]", "a = b  # note")
    assert not same_code("a = b  # note", "a = b")
    assert not same_code("a = c  # f32[2]", "a = b")
    assert not same_code('a = "# f32[2]"', 'a = ""')


@pytest.mark.parametrize(
    "there",
    [
        "# pooled f32[2, 9]",
        "# 池化 f32[2, 4]",
        "# see f32[2, 4], also i64[3]",
        "# noqa f32[9, 9]",
        "# shape: f32[2, 9]",
    ],
)
def test_words_before_a_shape_are_never_taken_away(net, there):
    net.trace(NET.replace("a = self.first(x)\n", f"a = self.first(x)  {there}\n"))
    net.run("--write")
    assert net.line("a =") == f"        a = self.first(x)  {there}  # f32[2, 4]"


@pytest.mark.parametrize(
    "line",
    [
        "a = self.first(x); b = self.first(x[:1])",
        "t = x.sum(0); u = x.sum(1)",
        "n = str(x.sum(0).shape); v = x.sum(1)",
        "with torch.no_grad(): w = x.sum(0); y = x.sum(1)",
        "z = torch.empty(0); torch.add(x, 1, out=z)",
    ],
)
def test_no_name_is_given_where_statements_share_a_line(net, line):
    net.trace(NET.replace("        a = self.first(x)\n", f"        {line}\n        a = self.first(x)\n"))
    net.run("--write")
    assert net.line(line) == f"        {line}"
