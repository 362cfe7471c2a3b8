"""A trace holds the lines of the user's own files that a report shows, and says nowhere where they lie."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from places import ROOT

from shapeflow.common.docstrings import docstring_end, first_paragraph
from shapeflow.model.trace import Trace
from shapeflow.reporting.formats import html, json_data, markdown, terminal
from shapeflow.reporting.view.build import build
from shapeflow.reporting.view.sources import Sources

MODEL = '''\
import torch
from torch import nn

SECRET = "not named by any line of the run"


class Mixer(nn.Module):
    """Mixes *vectors* <b>well</b>.

    A second paragraph.
    """

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.second = nn.Linear(8 + CRASH, 2)

    def forward(self, x):
        y = self.first(x)
        return self.second(y)


def build():
    return Mixer(), torch.zeros(2, 4)
'''


def run(folder, target: str, output: str, here=None) -> subprocess.CompletedProcess[str]:
    """Trace a model in a process of its own, as a person does."""
    command = [sys.executable, "-m", "shapeflow", "trace", "--model", target, "-o", output]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=here or folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module", params=["inside", "outside", "module"])
def made(tmp_path_factory, request):
    """A trace of a model of the user's, named in three ways."""
    folder, other = tmp_path_factory.mktemp("mine"), tmp_path_factory.mktemp("other")
    (folder / "mixer.py").write_text(MODEL.replace("CRASH", "0"))
    targets = {
        "inside": ("mixer.py:build", folder),
        "outside": (f"{folder}/mixer.py:build", other),
        "module": ("mixer:build", folder),
    }
    target, here = targets[request.param]
    done = run(folder, target, str(folder / "m.trace.json"), here)
    assert done.returncode == 0, done.stderr
    return folder, Trace.load(folder / "m.trace.json"), (folder / "m.trace.json").read_text()


@pytest.mark.slow
def test_the_lines_around_those_that_ran_are_in_the_trace_and_no_others(made):
    _, trace, text = made
    assert {excerpt.file for excerpt in trace.excerpts} == {"mixer.py"}
    lines = [line for excerpt in trace.excerpts for line in excerpt.lines]
    assert "        y = self.first(x)" in lines
    assert "SECRET" not in text


def test_no_absolute_path_is_anywhere(made):
    folder, trace, text = made
    view = build(trace)
    for one in (
        text,
        html.render(view),
        markdown.render(view),
        terminal.render(view),
        json_data.render(view),
    ):
        assert str(folder) not in one
        assert not re.search(r'["\s]/(?:tmp|home|root)/', one)
    assert view.title == "Mixer"


def test_a_page_made_elsewhere_shows_the_lines_as_they_ran(made, tmp_path, monkeypatch):
    folder, trace, _ = made
    (folder / "mixer.py").write_text("# another file by now\n" * 40)
    monkeypatch.chdir(tmp_path)
    position = next(i for i, source in enumerate(trace.sources) if "self.first(x)" in source.text)
    shown = Sources(trace, [str(folder)]).view(position)
    assert shown.installed
    text = ["".join(part for _, part in line.tokens) for line in shown.lines]
    assert text[1:4] == [
        "    def forward(self, x):",
        "        y = self.first(x)",
        "        return self.second(y)",
    ]
    assert [line.number for line in shown.lines if line.meant] == [trace.sources[position].line]


def test_the_docstring_is_text(made):
    _, trace, _ = made
    view = build(trace, folders=[])
    (doc,) = view.sections[0].docs
    assert doc.text == "Mixes vectors <b>well</b>."
    assert "<b>well</b>" not in html.render(view)
    assert "&lt;b&gt;well" in html.render(view)


@pytest.mark.slow
def test_a_crash_names_its_files_without_folders(tmp_path):
    (tmp_path / "mixer.py").write_text(MODEL.replace("CRASH", "1"))
    done = run(tmp_path, f"{tmp_path}/mixer.py:build", "m.trace.json")
    assert 'File "mixer.py", line' in done.stderr
    assert str(tmp_path) not in done.stderr
    trace = Trace.load(tmp_path / "m.trace.json")
    assert str(tmp_path) not in trace.run.failure.traceback
    assert "return self.second(y)" in trace.run.failure.traceback


@pytest.mark.slow
def test_a_message_about_a_file_of_the_users_is_relative(tmp_path):
    (tmp_path / "opens.py").write_text(f"def build():\n    open(r'{tmp_path}/weights.bin')\n")
    done = run(tmp_path, "opens.py:build", "m.trace.json")
    assert "No such file or directory: 'weights.bin'" in done.stderr


@pytest.mark.slow
def test_lines_of_installed_packages_are_not_stored(tmp_path):
    (tmp_path / "net.py").write_text(
        "import torch, torchvision\n"
        "def build():\n"
        "    return torchvision.models.resnet18().eval(), torch.zeros(1, 3, 32, 32)\n"
    )
    done = run(tmp_path, "net.py:build", "m.trace.json")
    assert done.returncode == 0, done.stderr
    trace = Trace.load(tmp_path / "m.trace.json")
    assert trace.excerpts == ()
    assert any(source.file == "torchvision/models/resnet.py" for source in trace.sources)


def test_an_excerpt_cannot_name_a_file_to_read_or_more_lines_than_it_has(made, tmp_path):
    from dataclasses import replace

    from shapeflow.model.records import Excerpt, Source

    (tmp_path / "secret.py").write_text("password = 1\n")
    _, trace, _ = made
    evil = replace(
        trace,
        sources=(Source("../secret.py", 1, "f", "password = 1"), Source("a.py", 3, "f", "two")),
        excerpts=(Excerpt("a.py", 2, ("one\r\nx = 1", "two", "\x1b[31m")),),
    )
    sources = Sources(evil, [str(tmp_path / "below")])
    assert not sources.view(0).installed
    assert [line.number for line in sources.view(1).lines] == [2, 3, 4]


@pytest.mark.parametrize(
    ("text", "expected", "end"),
    [
        ('class A:\n    """One line."""\n', "One line.", 2),
        (
            'class A(B,\n        C):\n    # why\n\n    """Two\n    lines.\n\n    More.\n    """',
            "Two lines.",
            6,
        ),
        ("class A: \n    r'''Raw \\alpha.'''\n", "Raw \\alpha.", 2),
        ('class A:\n    """\n    Begins below.\n    """\n', "Begins below.", 4),
        ('class A:\n    """Cut off', "", None),
        ('class A:\n    """Cut off\n\n', "Cut off", 2),
        ("class A:\n    x = 1\n", "", None),
        ("class A:\n    'Short.'\n", "Short.", 2),
        ("x = 1\n", "", None),
        ('def f(x: dict = {"a": 1}) -> None:\n    """Says."""\n', "Says.", 2),
    ],
)
def test_the_first_paragraph_of_a_docstring(text, expected, end):
    lines = text.split("\n")
    assert first_paragraph(lines, 1) == expected
    assert docstring_end(lines, 1) == end
