"""The GitHub action and the pre-commit hooks: what they run, run here."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml
from places import ROOT
from walkthroughs import document_of

from shapeflow.commands import check
from shapeflow.commands.check_inputs import split

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

FINE = "mask_head:out [1, 10, 14, 14]"
WRONG = "mask_head:out [1, 10, 14, 15]"
UNDECIDED = ".:in.tokens never reaches encoder:out.memory"

MODEL = """\
import torch
from torch import nn

def build():
    return nn.Sequential(nn.Linear(4, 2), nn.Sigmoid()), (torch.ones(3, 4),)

def broken():
    return nn.Sequential(nn.Linear(4, 2), nn.Linear(3, 2)), (torch.ones(3, 4),)

class Given(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Linear(4, 2)
    def halves(self, x, scale):
        return self.weight(x) * scale

def given():
    return Given()
"""


@pytest.fixture
def folder(sample, tmp_path):
    sample.save(tmp_path / "t.trace.json")
    for name, lines in {"fine": [FINE], "wrong": [FINE, WRONG], "open": [UNDECIDED], "bad": ["oops"]}.items():
        (tmp_path / f"{name} one.md").write_text(document_of(*lines))
    (tmp_path / "-odd.md").write_text(document_of(FINE))
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    return tmp_path


def act(folder, variables=None, **inputs):
    """Run the action's last step as GitHub does."""
    step = ACTION["runs"]["steps"][-1]
    given = {name: about.get("default", "") for name, about in ACTION["inputs"].items()} | inputs
    environment = dict(os.environ)
    for variable, expression in step["env"].items():
        environment[variable] = given[expression.removeprefix("${{ inputs.").removesuffix(" }}")]
    environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment['PATH']}"
    environment["PYTHONPATH"] = str(ROOT)
    environment.pop("GITHUB_STEP_SUMMARY", None)
    environment |= variables or {}
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(bash, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
class TestAction:
    @pytest.mark.parametrize(
        ("walkthroughs", "code", "annotations"),
        [
            ("fine one.md", 0, 0),
            ("wrong one.md", 1, 1),
            ("fine one.md\n\nwrong one.md\nbad one.md\n", 2, 2),
            ("  fine one.md  \r\n\t\r\n", 0, 0),
            ("*ne one.md", 0, 0),
            ("[fw]*.md\nfine one.md", 1, 1),
            ("nope/*.md\nfine one.md", 2, 1),
            ("nope.md\nwrong one.md", 2, 2),
            ("-odd.md", 0, 0),
            (" \n", 2, 0),
            ("bad one.md\nfine one.md", 2, 1),
            ("open one.md", 1, 1),
        ],
    )
    def test_checks_all_and_fails_with_the_worst(self, folder, walkthroughs, code, annotations):
        done = act(folder, walkthrough=walkthroughs, trace="t.trace.json")
        assert (done.returncode, done.stdout.count("::error file=")) == (code, annotations)
        assert ("error[" in done.stderr) == ("nope" in walkthroughs)

    def test_inputs_are_trimmed(self, folder):
        done = act(folder, walkthrough="open one.md", trace=" t.trace.json\n", **{"allow-undecided": "true "})
        assert done.returncode == 0

    def test_the_trace_is_made_and_kept(self, folder):
        (folder / "tiny.py").write_text(MODEL)
        (folder / "linear.md").write_text(document_of("0:out [3, 2]", "1:out [3, 2]"))
        done = act(
            folder, walkthrough="linear.md", model=" tiny.py:build ", trace="kept.trace.json", device="meta"
        )
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 claims, all satisfied: 2 hold")
        assert (folder / "kept.trace.json").exists()
        done = act(folder, walkthrough="linear.md", model="tiny.py:broken")
        assert (done.returncode, done.stdout.count("::error file=")) == (3, 0)

    def test_a_model_is_given_inputs_and_run_as_is_wanted(self, folder):
        (folder / "tiny.py").write_text(MODEL)
        (folder / "given.md").write_text(document_of("weight:out [5, 2]", "count ops backward = 1"))
        done = act(
            folder,
            walkthrough="given.md",
            model="tiny.py:given",
            trace="given.trace.json",
            input=" x=f32[5, 4] \n\n scale=2.0",
            call="halves",
            train="true",
            backward="true",
        )
        assert done.returncode in (0, 1), done.stderr
        run = json.loads((folder / "given.trace.json").read_text())["run"]
        assert run["inputs"]["input"] == ["x=f32[5, 4]", "scale=2.0"]
        assert (run["inputs"]["call"], run["inputs"]["train"], run["inputs"]["backward"]) == (
            "halves",
            True,
            True,
        )

    def test_causes_come_first_and_ten_are_shown(self, folder):
        lines = [f"mask_head:out [1, 10, 14, {14 + number}]" for number in range(15)]
        (folder / "many.md").write_text(document_of(*lines))
        wide = document_of("encoder.layers.*:out [1, N, 17]", "encoder:out.memory [1, N, 17]")
        (folder / "wide.md").write_text(wide)
        summary = folder / "summary.md"
        done = act(
            folder,
            {"GITHUB_STEP_SUMMARY": str(summary)},
            walkthrough="many.md\nwide.md",
            trace="t.trace.json",
        )
        commands = [line for line in done.stdout.splitlines() if line.startswith("::error")]
        assert len(commands) == 10
        assert commands[0].startswith("::error file=wide.md,line=4,")
        assert "title=cause[size-changed]" in commands[0]
        assert "1 more line follows from it: 5" in commands[0]
        assert done.stdout.count("contradicted[shape]: ") == 16, "all of them are in the log"
        page = summary.read_text()
        assert "16 of 17 claims failed" not in page
        assert [line for line in page.splitlines() if line.startswith("## ")] == [
            "## ❌ many.md",
            "## ❌ wide.md",
        ]

    def test_a_badge(self, folder):
        act(folder, walkthrough="fine one.md", trace="t.trace.json", badge=" b.json ")
        assert json.loads((folder / "b.json").read_text())["message"] == "1 claim holds"

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
    args = parser.parse_args([*words, *(["w.md", "v.md"] if words else ["t.trace.json", "w.md", "v.md"])])
    assert [*map(str, args.run or split(args.files)[1])] == ["w.md", "v.md"]
    assert hook["pass_filenames"] is False


@pytest.mark.parametrize(
    ("hook", "file", "reacts"),
    [
        ("shapeflow", "model.py", True),
        ("shapeflow", "configs/large.yaml", True),
        ("shapeflow", "config.json", True),
        ("shapeflow", "pyproject.toml", True),
        ("shapeflow", "photo.jpg", False),
        ("shapeflow-trace", "tiny.trace.json.gz", True),
        ("shapeflow-trace", "config.json", False),
    ],
)
def test_hooks_react_to_what_can_change_a_verdict(hook, file, reacts):
    (found,) = [one for one in HOOKS if one["id"] == hook]
    assert bool(re.search(found["files"], file)) == reacts


def test_the_hook_judges_several_documents(folder):
    """As pre-commit does it: the entry, then args, in the root of the repository."""
    (hook,) = [one for one in HOOKS if one["id"] == "shapeflow-trace"]
    words = [sys.executable, "-m", *shlex.split(hook["entry"]), "t.trace.json", "[fw]*.md"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (1, "")
    assert "fine one.md:\n" in done.stdout
    assert done.stdout.count("contradicted[shape]") == 1
