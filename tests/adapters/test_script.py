"""A user's file runs as itself: its own command line, folder and modules, and everything is put back."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from shapeflow.adapters.base import surroundings
from shapeflow.adapters.factory import load
from shapeflow.adapters.request import Request
from shapeflow.errors import InputError
from shapeflow.runs.execute import execute

SCRIPT = """
    import argparse
    import sys
    import torch
    from torch import nn
    import sizes

    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=sizes.WIDTH)
    parser.add_argument("--seen", default=None)
    seen = [list(sys.argv), sys.path[0], __file__, __name__]
    args = parser.parse_args()
    sys.path.append("added")
    sys.argv.append("added")

    class Looking(nn.Linear):
        def forward(self, x):
            import late
            seen.append((sys.argv, sys.path[0], sys.path[-1], late.NAME))
            return super().forward(x)

    def build():
        seen.append((sys.argv, sys.path[0], sys.path[-1]))
        return Looking(4, args.width).eval(), (torch.randn(2, 4),)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Two folders with a script each, and modules of the same names beside them."""
    for name, width in (("one", 8), ("two", 6)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "model.py").write_text(textwrap.dedent(SCRIPT))
        (folder / "sizes.py").write_text(f"WIDTH = {width}\n")
        (folder / "late.py").write_text(f"NAME = {name!r}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["shapeflow", "trace", "--model", "x"])
    monkeypatch.setattr(sys, "modules", sys.modules)
    known = dict(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - set(known):
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def test_it_sees_its_own_command_line_and_folder_from_import_to_run(project):
    argv, path = list(sys.argv), list(sys.path)
    factory = load("one/model.py:build")
    trace = execute(Request("one/model.py:build"), adapter=factory)
    assert trace.run.complete, trace.run.failure
    folder = str(project / "one")
    at_import, built, ran = (
        *[factory.function.__globals__["seen"][:4]],
        *factory.function.__globals__["seen"][4:],
    )
    assert at_import == [["one/model.py"], folder, f"{folder}/model.py", "model"]
    assert built == (["one/model.py", "added"], folder, "added")
    assert ran == (["one/model.py", "added"], folder, "added", "one")
    assert (sys.argv, sys.path) == (argv, path)
    assert [source.file for source in trace.sources if "Looking" in source.text] == ["model.py"]


def test_scripts_of_two_folders_have_their_own_modules(project):
    widths = []
    for name in ("one", "two", "one"):
        trace = execute(Request(f"{name}/model.py:build"))
        assert trace.run.complete, trace.run.failure
        widths.append(trace["." + ":out"].shape[-1])
    assert widths == [8, 6, 8]


def test_everything_is_put_back_after_a_failure(project):
    argv, path = list(sys.argv), list(sys.path)
    (project / "broken.py").write_text(
        "import sys\nsys.path.insert(0, 'x')\nsys.argv = ['y']\nraise ValueError\n"
    )
    with pytest.raises(InputError):
        load("broken.py:build")
    assert (sys.argv, sys.path) == (argv, path)
    factory = load("one/model.py:build")
    with pytest.raises(ZeroDivisionError), surroundings(factory), surroundings(factory):
        assert sys.argv[0] == "one/model.py"
        raise ZeroDivisionError
    assert (sys.argv, sys.path) == (argv, path)


def test_its_working_folder_is_its_own(project):
    text = "import os\nfrom torch import nn\nos.chdir('one')\n"
    text += "def build():\n    open('sizes.py').close()\n    return nn.Identity(), (1,)\n"
    (project / "moving.py").write_text(text)
    factory = load("moving.py:build")
    assert Path.cwd() == project
    assert execute(Request("moving.py:build"), adapter=factory).run.complete
    assert Path.cwd() == project


@pytest.mark.parametrize(
    ("text", "found", "because"),
    [
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('data')\np.parse_args()\n",
            "data",
            "empty",
        ),
        ("import sys\nsys.exit('no GPU here')\n", "sys.exit('no GPU here')", ""),
        ("raise SystemExit\n", "sys.exit(None)", ""),
        ("exit(3)\n", "sys.exit(3)", ""),
    ],
)
@pytest.mark.parametrize("target", ["leaving.py:build", "leaving:build"])
def test_a_file_that_ends_the_program_is_told_in_a_sentence(project, capsys, text, found, because, target):
    (project / "leaving.py").write_text(text)
    with pytest.raises(InputError) as caught:
        load(target)
    error = caught.value
    assert (error.code, error.exit_code) == ("target-exit", 2)
    assert "ends the program while it is imported" in error.what
    assert found in error.found
    assert because in error.because
    assert error.where.startswith("leaving.py:")
    assert "shapeflow: error" not in capsys.readouterr().err


def test_a_model_that_ends_the_program_leaves_a_trace(project):
    text = (
        "import sys\nfrom torch import nn\nclass M(nn.Module):\n    def forward(self):\n        sys.exit(3)\n"
    )
    (project / "leaving.py").write_text(text)
    trace = execute(Request("leaving.py:M"))
    assert trace.run.failure is not None
    assert trace.run.failure.type == "SystemExit"


def test_a_file_that_is_a_link_lies_where_it_says_and_imports_from_where_it_leads(project):
    (project / "link.py").symlink_to(Path("one", "model.py"))
    factory = load("link.py:build")
    seen = factory.function.__globals__["seen"]
    assert seen[1:3] == [str(project / "one"), str(project / "link.py")]
