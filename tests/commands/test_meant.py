"""What is typed in the place of a command or a trace leads to the command that was meant."""

from __future__ import annotations

import pytest
import torch

from shapeflow.cli import COMMANDS, main
from shapeflow.commands.meant import WORDS, meant_command
from shapeflow.recording import trace

MODEL = """
import torch

def build():
    return torch.nn.Linear(3, 2), (torch.rand(4, 3),)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MODEL)
    (tmp_path / "note.md").write_text("# A note\n")
    trace(torch.nn.Linear(3, 2), torch.rand(4, 3), device="meta").save(tmp_path / "mine.trace.json")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("summary mine.trace.json", "shapeflow show mine.trace.json"),
        ("record --model mine.py:build", "shapeflow trace --model mine.py:build"),
        ("Search resnet", "shapeflow models resnet"),
        ("list", "shapeflow models"),
        ("help", "shapeflow --help"),
        ("help lint", "shapeflow lint --help"),
        ("help me", "shapeflow --help"),
        ("version", "shapeflow --version"),
        ("mine.trace.json --unused", "shapeflow show mine.trace.json --unused"),
        ("mine.py", "shapeflow trace --model mine.py:build"),
        ("mine.py:build --train", "shapeflow trace --model mine.py:build --train"),
        ("torchvision:resnet18", "shapeflow trace --model torchvision:resnet18"),
        ("torchvision/resnet18", "shapeflow trace --model torchvision:resnet18"),
        ("vit_b_16", "shapeflow trace --model torchvision:vit_b_16"),
        ("weights.safetensors", "shapeflow trace --model weights.safetensors"),
        ("note.md", "shapeflow check NAME.trace.json note.md"),
        ("'a bus.jpg'", "shapeflow trace 'a bus.jpg'"),
        ("trase", "shapeflow trace"),
        ("xyzzy", "shapeflow --help"),
    ],
)
def test_a_word_that_is_no_command(words, meant, folder, capsys):
    from shlex import split

    assert main(split(words)) == 2
    error = capsys.readouterr().err
    assert "error[unknown-command]" in error
    assert error.splitlines()[-1].split(":", 1)[1].strip() == meant


def test_the_words_are_of_commands_and_of_one_each():
    assert set(WORDS) <= set(COMMANDS)
    words = [word for row in WORDS.values() for word in row.split()]
    assert len(words) == len(set(words))
    assert not set(words) & set(COMMANDS)
    assert meant_command("bugs", [], list(COMMANDS)) == "shapeflow lint"


@pytest.mark.parametrize(
    "command", ["show", "lint", "report", "coverage", "source", "init", "graph", "check"]
)
@pytest.mark.parametrize(
    ("given", "because", "hint"),
    [
        ("note.md", "it is a document: the trace comes before it", "NAME.trace.json note.md"),
        ("mine.py", "it is a Python file", "shapeflow trace --model mine.py:build -o NAME.trace.json"),
        ("mine.py:build", "the name of a model", "shapeflow trace --model mine.py:build -o NAME.trace.json"),
        ("torchvision:alexnet", "the name of a model", "shapeflow trace --model torchvision:alexnet"),
    ],
)
def test_no_trace_where_one_belongs(command, given, because, hint, folder, capsys):
    assert main([command, given, *(["-o", "x.svg"] if command == "graph" else [])]) == 2
    error = capsys.readouterr().err
    assert because in error
    assert hint in error


def test_what_is_a_trace_or_nothing_known_is_told_as_before(folder, capsys):
    (folder / "half.trace.json").write_text('{"schema": ')
    (folder / "bytes.bin").write_bytes(b"\xff\xfe\x00")
    for given in ("half.trace.json", "gone.trace.json", "gone.md", "nothing"):
        assert main(["show", given]) == 2
        assert "traced first" not in capsys.readouterr().err
    assert main(["show", "mine"]) == 2
    assert "try:      mine.trace.json" in capsys.readouterr().err
