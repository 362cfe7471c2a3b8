"""Code that a document or trace names is run only from the same repository, unless it is trusted."""

from __future__ import annotations

import sys

import pytest
import torch
from walkthroughs import document_of

from shapeflow.cli import main
from shapeflow.model.trace import Trace
from shapeflow.runs.trust import module_files, repository_of

MODEL = """\
from pathlib import Path
from torch import nn
import torch

Path(__file__).with_name("ran").touch()

def build():
    return nn.Linear(4, 2).eval(), (torch.ones(3, 4),)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A repository with a model, and code elsewhere, which leaves a file beside itself where it runs."""
    home, other = tmp_path / "home", tmp_path / "other"
    for folder in (home / "docs", home / "nets", other / "package"):
        folder.mkdir(parents=True)
    (home / ".git").mkdir()
    for file in (home / "nets" / "own.py", other / "evil.py", other / "package" / "inner.py"):
        file.write_text(MODEL)
    (other / "package" / "__init__.py").write_text(MODEL)
    (home / "linked.py").symlink_to(other / "evil.py")
    (home / "linked").symlink_to(other, target_is_directory=True)
    monkeypatch.chdir(home)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if name.partition(".")[0] in ("nets", "own", "evil", "package", "linked"):
            del sys.modules[name]


def check(place, capsys, target, *words, document="docs/d.md"):
    path = place / "home" / document
    path.write_text(f"---\nmodel: {target}\n---\n" + document_of(".:out [3, 2]"))
    code = main(["check", "--quiet", "--run", str(path), *words])
    return code, capsys.readouterr().err


def ran(place):
    return sorted(str(path.parent.relative_to(place)) for path in place.rglob("ran"))


@pytest.mark.parametrize("target", ["../nets/own.py:build", "../docs/../nets/own.py:build", "nets.own:build"])
def test_code_of_the_same_repository_runs(place, capsys, target):
    code, told = check(place, capsys, target)
    assert (code, ran(place)) == (0, ["home/nets"]), told


OUTSIDE = [
    "../../other/evil.py:build",
    "{other}/evil.py:build",
    "../linked.py:build",
    "../linked/evil.py:build",
    "../nets/../../other/evil.py:build",
    "linked.evil:build",
    "linked:build",
    "evil:build",
    "package:build",
    "package.inner:build",
    "os:getcwd",
    "sys:exit",
    "http.server:test",
    "torch:initial_seed",
    "torch.nn.modules.linear:Identity",
]


@pytest.mark.parametrize("target", OUTSIDE)
def test_code_from_elsewhere_is_refused_before_anything_of_it_runs(place, capsys, monkeypatch, target):
    monkeypatch.syspath_prepend(str(place / "other"))
    code, told = check(place, capsys, target.format(other=place / "other"))
    assert code == 2
    assert "error[target-outside]" in told
    assert "--trust" in told
    assert ran(place) == []


def test_a_model_file_runs_only_from_the_same_repository(place, capsys):
    program = torch.export.export(torch.nn.Linear(4, 2).eval(), (torch.ones(3, 4),))
    torch.export.save(program, place / "home" / "nets" / "own.pt2")
    torch.export.save(program, place / "other" / "evil.pt2")
    assert check(place, capsys, "../nets/own.pt2")[0] == 0
    code, told = check(place, capsys, "../../other/evil.pt2")
    assert (code, "error[target-outside]" in told) == (2, True)
    assert check(place, capsys, "../../other/evil.pt2", "--trust")[0] == 0


def test_trust_runs_it(place, capsys):
    code, told = check(place, capsys, "../../other/evil.py:build", "--trust")
    assert (code, ran(place)) == (0, ["other"]), told


def test_without_a_repository_the_folder_is_the_border(place, capsys):
    (place / "home" / ".git").rmdir()
    assert check(place, capsys, "../nets/own.py:build")[0] == 2
    assert check(place, capsys, "nets/own.py:build", document="d.md")[0] == 0


def test_a_linked_document_has_to_lie_and_lead_into_the_repository(place, capsys):
    document = place / "other" / "d.md"
    document.write_text("---\nmodel: evil.py:build\n---\n" + document_of(".:out [3, 2]"))
    (place / "home" / "docs" / "link.md").symlink_to(document)
    assert main(["check", "--quiet", "--run", "docs/link.md"]) == 2
    assert "target-outside" in capsys.readouterr().err
    assert main(["check", "--quiet", "--run", str(document)]) == 0


def test_the_root_of_a_repository(place):
    (place / "home" / "nets" / ".git").write_text("gitdir: elsewhere\n")  # a submodule is its own repository
    assert repository_of(place / "home" / "nets") == place / "home" / "nets"
    assert repository_of(place / "home" / "docs") == place / "home"


def test_a_draft_runs_no_code_from_elsewhere(place, capsys, monkeypatch):
    assert main(["trace", "-q", "--model", "../other/evil.py:build", "-o", "t.trace.json"]) == 0
    (place / "other" / "ran").unlink()
    assert main(["init", "t.trace.json", "-o", "new.md"]) == 2
    assert "target-outside" in capsys.readouterr().err
    assert ran(place) == []
    assert main(["init", "t.trace.json", "-o", "new.md", "--trust"]) == 0
    monkeypatch.chdir(place / "other")
    assert Trace.load(place / "home" / "t.trace.json").run.target == "../other/evil.py:build"
    assert main(["init", str(place / "home" / "t.trace.json"), "-o", "new.md", "-q"]) == 0


def test_trust_only_means_something_with_run(place, capsys):
    assert main(["check", "t.trace.json", "--trust"]) == 2
    assert "--trust only means something with --run" in capsys.readouterr().err


def test_modules_are_found_without_importing_them(place, monkeypatch):
    monkeypatch.syspath_prepend(str(place / "other"))
    package = place / "other" / "package"
    assert list(module_files("package.inner")) == [package / "__init__.py", package / "inner.py"]
    assert list(module_files("package.nothing")) == [package / "__init__.py"]
    assert list(module_files("nothing_of_that_name")) == []
    assert list(module_files("nets.own")) == [place / "home" / "nets" / "own.py"]
    assert list(module_files("sys")) == [None]
    assert ran(place) == []
