"""Which file is shown for a trace: found anywhere, in any encoding, moved by blank lines, or refused."""

from __future__ import annotations

import sys

import pytest

from shapeflow.cli import main
from shapeflow.model.trace import Trace
from shapeflow.source.collect import Wanted, source_files
from shapeflow.source.places_now import places_now

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 8)

    def forward(self, x):
        y = self.fc(x)  # {}
        z = y.relu()
        # the last step

        return z + 1


def build():
    return Net(), (torch.rand(2, 4),)
"""
RECURSIVE = """\
import torch
from torch import nn


class Tree(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def walk(self, x, depth):
        if depth == 0:
            return self.fc(x)
        left = self.walk(x[:, : x.shape[1] // 2], depth - 1)
        right = self.walk(x[:, x.shape[1] // 2 :], depth - 1)
        return torch.cat([left, right], dim=1)

    def forward(self, x, depth=2):
        if depth == 0:
            return self.walk(x, 2)
        x[..., 0] += 1
        inner = self(x, depth - 1)
        return inner * 2


def build():
    return Tree(), (torch.rand(2, 8, 8),)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, capsys):
    """A folder in which a net is traced, and in which the command runs."""

    class Project:
        path = tmp_path / "net.py"

        def trace(self, content):
            self.path.write_bytes(content)
            sys.modules.pop("net", None)
            assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 0
            capsys.readouterr()

        def run(self, *words):
            code = main(["source", *map(str, words)])
            out, err = capsys.readouterr()
            return code, out, err

        def made(self):
            trace = Trace.load(tmp_path / "net.trace.json")
            [file] = source_files(trace, Wanted(("net.py",)), [str(tmp_path)])
            return {made.name: (made.types, made.times) for line in file.lines for made in line.made}

    monkeypatch.chdir(tmp_path)
    return Project()


@pytest.mark.parametrize(
    ("cookie", "encoding"), [("latin-1", "latin-1"), ("gbk", "gbk"), ("utf-8", "utf-8-sig")]
)
def test_a_file_is_read_and_written_in_the_encoding_that_it_declares(folder, cookie, encoding):
    note = "层" if encoding == "gbk" else "été"
    text = f"# -*- coding: {cookie} -*-\n" + NET.format(note)
    folder.trace(text.encode(encoding))
    code, shown, _ = folder.run("net.trace.json", "net.py")
    assert code == 0
    assert f"y = self.fc(x)  # {note}  y  f32[2, 8]" in shown
    assert folder.run("net.trace.json", "net.py", "--write")[0] == 0
    assert f"# {note}  # f32[2, 8]" in folder.path.read_bytes().decode(encoding)


def test_a_sign_that_an_encoding_does_not_have_is_not_written(folder):
    text = "# coding: latin-1\n" + NET.format("x").replace(
        "z = y.relu()", "for n in range(1, 6):\n            z = y[:, :n]"
    )
    folder.trace(text.encode("latin-1"))
    code, _, told = folder.run("net.trace.json", "net.py", "--write")
    assert code == 2
    assert "which has no '…'" in told
    assert folder.path.read_text("latin-1") == text


@pytest.mark.parametrize("deep", [False, True])
def test_a_file_is_found_from_any_folder(folder, tmp_path, monkeypatch, deep):
    folder.trace(NET.format("").encode())
    trace = tmp_path / "net.trace.json"
    if deep:
        (tmp_path / "runs" / "today").mkdir(parents=True)
        trace = trace.rename(tmp_path / "runs" / "today" / "net.trace.json")
    monkeypatch.chdir("/")
    assert "y = self.fc(x)  #  y  f32[2, 8]" in folder.run(trace, "net.py")[1]


def test_of_several_files_of_a_name_that_of_the_run_is_shown(folder, tmp_path, monkeypatch):
    folder.trace(NET.format("").encode())
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "net.py").write_text("print('another file of this name')\n" * 30)
    monkeypatch.chdir(other)
    assert "y  f32[2, 8]" in folder.run(tmp_path / "net.trace.json", "net.py")[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import torch\n", "# a head\n\nimport torch\n"),
        ("        z = y.relu()", "\n        # now\n        z = y.relu()"),
        ("        # the last step\n\n", ""),
        ("    def forward", "\n\n    def forward"),
        ("y = self.fc(x)  # \n", "y = self.fc(x)  # of the first layer\n"),
        ("y = self.fc(x)  # \n", "y = self.fc(x)\n"),
    ],
)
def test_blank_lines_and_comments_move_what_lines_made(folder, old, new):
    text = NET.format("")
    folder.trace(text.encode())
    folder.path.write_text(text.replace(old, new, 1))
    code, shown, told = folder.run("net.trace.json", "net.py", "--write")
    assert (code, shown) == (0, ""), told
    assert "z = y.relu()  # f32[2, 8]" in folder.path.read_text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("z = y.relu()", "z = y.gelu()"),
        ("        z = y.relu()\n", "        z = y.relu()\n        z = z * 2\n"),
        ("        # the last step\n", "        z = z[:1]\n"),
        ("        y = self.fc(x)  # \n", ""),
        ("import torch\n", "import torch\nimport os\n" + "x = 1\n" * 12),
    ],
)
def test_a_file_with_other_code_is_not_shown(folder, old, new):
    text = NET.format("")
    folder.trace(text.encode())
    folder.path.write_text(text.replace(old, new, 1))
    assert "not here as it was in the run" in folder.run("net.trace.json", "net.py")[1]
    code, _, told = folder.run("net.trace.json", "net.py", "--write")
    assert code == 2
    assert "changed since the run" in told


def test_code_that_calls_itself_is_told_of_each_time(folder):
    folder.trace(RECURSIVE.encode())
    made = folder.made()
    assert made["left"] == (("f32[2, 2, 8]", "f32[2, 4, 8]"), 3)
    assert made["inner"] == (("f32[2, 8, 8]",), 2)
    assert made["x"][1] == 3


def test_what_is_written_into_a_part_is_told_without_the_whole(folder):
    folder.trace(RECURSIVE.encode())
    assert folder.made()["x[..., 0]"] == (("f32[2, 8]",), 2)


def test_tabs_are_shown_as_blanks(folder):
    folder.trace(NET.format("").replace("    ", "\t").encode())
    assert "          y = self.fc(x)  #  y  f32[2, 8]" in folder.run("net.trace.json", "net.py")[1]


def test_lines_between_those_that_are_known_keep_their_room():
    known = {3: "a = 1", 6: "b = 2"}
    assert places_now(known, "x\ny\na = 1\nu\nv\nb = 2") == {3: 3, 6: 6}
    assert places_now(known, "\na = 1\n\n# u\n\n\nb = 2") == {3: 2, 6: 7}
    assert places_now(known, "a = 1\nu\nv\nw\nb = 2") is None
    assert places_now(known, "b = 2\na = 1") is None
    assert places_now({}, "anything") == {}


def test_of_lines_that_are_alike_the_one_that_has_not_moved_is_meant():
    text = "x\na = 1\nif u:\n    b = 2\nelse:\n    b = 2\nv\nd = 3"
    known = {2: "a = 1", 6: "b = 2", 8: "d = 3"}
    assert places_now(known, text) == {2: 2, 6: 6, 8: 8}
    assert places_now(known, "\n" + text) == {2: 3, 6: 7, 8: 9}
