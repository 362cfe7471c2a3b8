"""The GitHub action and the pre-commit hooks: what they run, run here."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from places import ROOT
from walkthroughs import document_of

from shapeflow.commands import check

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

FINE = "mask_head:out [1, 10, 14, 14]"
WRONG = "mask_head:out [1, 10, 14, 15]"
UNDECIDED = ".:in.tokens never reaches encoder:out.memory"


@pytest.fixture
def folder(sample, tmp_path):
    sample.save(tmp_path / "t.trace.json")
    for name, lines in {"fine": [FINE], "wrong": [FINE, WRONG], "open": [UNDECIDED], "bad": ["oops"]}.items():
        (tmp_path / f"{name} one.md").write_text(document_of(*lines))
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    return tmp_path


def act(folder, **inputs):
    """Run the action's last step as GitHub does."""
    step = ACTION["runs"]["steps"][-1]
    given = {name: about.get("default", "") for name, about in ACTION["inputs"].items()} | inputs
    environment = dict(os.environ)
    for variable, expression in step["env"].items():
        environment[variable] = given[expression.removeprefix("${{ inputs.").removesuffix(" }}")]
    environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment['PATH']}"
    environment["PYTHONPATH"] = str(ROOT)
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(bash, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
class TestAction:
    @pytest.mark.parametrize(
        ("walkthroughs", "code", "annotations"),
        [
            ("fine one.md", 0, 0),
            ("wrong one.md", 1, 1),
            ("fine one.md\n\nwrong one.md\nbad one.md\n", 2, 2),
            ("bad one.md\nfine one.md", 2, 1),
            ("open one.md", 1, 1),
        ],
    )
    def test_checks_all_and_fails_with_the_worst(self, folder, walkthroughs, code, annotations):
        done = act(folder, walkthrough=walkthroughs, trace="t.trace.json")
        assert (done.returncode, done.stdout.count("::error file=")) == (code, annotations)
        assert done.stderr == ""

    def test_undecided_may_be_let_through(self, folder):
        done = act(folder, walkthrough="open one.md", trace="t.trace.json", **{"allow-undecided": "true"})
        assert done.returncode == 0
        assert done.stdout.startswith("::warning file=open one.md,line=4,")

    def test_inputs_are_never_part_of_the_script(self, folder):
        act(folder, walkthrough="$(touch hacked); `touch hacked`; ' ; touch hacked", trace="t.trace.json")
        assert not (folder / "hacked").exists()
        for step in ACTION["runs"]["steps"]:
            assert "${{" not in step["run"]

    def test_every_input_is_used(self):
        text = str(ACTION["runs"])
        assert [name for name in ACTION["inputs"] if f"inputs.{name}" not in text] == []


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks_run_a_command_that_is_there(hook):
    import argparse

    program, command, *words = shlex.split(hook["entry"])
    assert (program, command) == ("shapeflow", "check")
    parser = argparse.ArgumentParser()
    check.configure(parser)
    args = parser.parse_args([*words, *(["w.md"] if words else ["t.trace.json", "w.md"])])
    assert (args.run or args.walkthrough) == Path("w.md")
    assert hook["pass_filenames"] is False
