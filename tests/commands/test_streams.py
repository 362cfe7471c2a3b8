"""Streams that are closed, broken or a pipe; signals that end a run: exit codes and traces are right."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("sh") or os.name != "posix", reason="a POSIX system is needed"),
]

MODELS = """
    import time
    import torch
    from torch import nn

    class Slow(nn.Linear):
        def forward(self, x):
            y = super().forward(x)
            print("waiting", flush=True)
            time.sleep(60)
            return y
    def build():
        return nn.Linear(4, 2).eval(), (torch.zeros(2, 4),)
    def crash():
        return nn.Linear(4, 2).eval(), (torch.zeros(2, 5),)
    def slow():
        return Slow(4, 2).eval(), (torch.zeros(2, 4),)
    def slow_to_build():
        print("waiting", flush=True)
        time.sleep(60)
"""
SHAPEFLOW = f"{sys.executable} -m shapeflow"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, sample):
    folder = tmp_path_factory.mktemp("streams")
    (folder / "models.py").write_text(textwrap.dedent(MODELS))
    sample.save(folder / "t.trace.json")
    return folder


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("show t.trace.json", 0),
        ("show t.trace.json nowhere", 2),
        ("show t.trace.json mask_head:out --unused", 1),
        ("trace --model models.py:crash", 3),
        ("", 2),
    ],
)
def test_a_closed_stream_changes_no_exit_code(folder, words, code, closed):
    assert shell(folder, f"{SHAPEFLOW} {words} {closed}").returncode == code


def test_a_file_does_not_get_what_is_meant_for_a_closed_stream(folder):
    done = shell(folder, f"{SHAPEFLOW} trace --model models.py:build -o closed.trace.json >&- 2>&-")
    assert done.returncode == 0
    assert json.loads((folder / "closed.trace.json").read_text())["run"]["target"] == "models.py:build"


def test_a_reader_that_goes_away_hides_no_failure(folder):
    trace = f"({SHAPEFLOW} trace --model models.py:crash; echo $? >code) 2>/dev/null | true"
    shell(folder, trace)
    assert (folder / "code").read_text() == "3\n"


@pytest.mark.parametrize("output", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_trace_goes_into_a_pipe(folder, output):
    if not Path(output).exists():
        pytest.skip(f"this system has no {output}")
    trace = f"{SHAPEFLOW} trace --model models.py:build -o {output}"
    done = shell(folder, f"{trace} | {SHAPEFLOW} show /dev/stdin . ")
    assert "f32[2, 2]" in done.stdout
    shell(folder, f"echo before >log; {trace} >>log")
    first, rest = (folder / "log").read_text().split("\n", 1)
    assert first == "before"
    assert json.loads(rest)["schema"] == "shapeflow.trace/1"


@pytest.mark.parametrize(("number", "word"), [(signal.SIGTERM, "terminated"), (signal.SIGHUP, "terminated")])
@pytest.mark.parametrize("name", ["slow", "slow_to_build"])
def test_a_signal_ends_a_run_as_ctrl_c_does(folder, number, word, name):
    output = folder / f"{name}.{number}.trace.json"
    ignored = signal.signal(number, signal.SIG_DFL)  # a child inherits it: under nohup SIGHUP is ignored
    process = subprocess.Popen(
        [sys.executable, "-m", "shapeflow", "trace", "--model", f"models.py:{name}", "-o", output.name],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(number, ignored)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    time.sleep(0.1)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert word in told
    assert "Traceback" not in told
    assert output.exists() == (name == "slow")
    if output.exists():
        assert f"{output.name} holds the run up to there" in told
        assert json.loads(output.read_text())["run"]["complete"] is False
    assert not list(folder.glob(".*unfinished"))
