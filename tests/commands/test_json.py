"""``--json``: answers fit their schemas, and everything else that is said is JSON, too, errors included."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest
from builders import TraceBuilder
from message_cases import COMMANDS, prepare
from places import DOCS, ROOT

from shapeflow import cli

MODELS = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
        self.idle = nn.Linear(8, 2)
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        self.idle(x)
        return x

def build():
    return Net().eval(), (torch.ones(3, 8),)

def crash():
    return nn.Sequential(nn.Linear(8, 2), nn.Linear(3, 2)), (torch.ones(3, 8),)
"""
CLAIMS = """\
# Net

```shapes
layers.*:out  [3, {}]
count layers.* = 3
idle unused
```
"""


def schema(name: str) -> dict:
    return json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("json")
    prepare(folder)
    (folder / "net.py").write_text(MODELS)
    (folder / "net.md").write_text(CLAIMS.format(8))
    (folder / "wrong.md").write_text(CLAIMS.format(9))
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert cli.main(shlex.split("trace --model net.py:build -o net.trace.json -q")) == 0
        assert cli.main(shlex.split("trace --model net.py:crash -o crash.failed.trace.json -q")) == 3
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def run(folder, monkeypatch, capsys):
    """Run a command line in the folder: its exit code, its output, and what it says as objects."""
    monkeypatch.chdir(folder)

    def run(line: str) -> tuple[int, str, list[dict]]:
        code = cli.main(shlex.split(line))
        printed = capsys.readouterr()
        said = [json.loads(row) for row in printed.err.splitlines()]
        for message in said:
            jsonschema.validate(message, schema("message"))
        return code, printed.out, said

    return run


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.schema.json")), ids=lambda path: path.name)
def test_schemas_are_schemas(path):
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_has_the_option(name):
    parser = argparse.ArgumentParser()
    import_module(f"shapeflow.commands.{name}").configure(parser)
    assert "--json" in parser.format_help()


ANSWERS = {
    "trace --model net.py:build -o again.trace.json --json": "summary",
    "trace --model net.py:build -o again.trace.json --depth 1 --json": "summary",
    "trace --model net.py:build -o again.trace.json --quiet --json": "summary",
    "check net.trace.json net.md --json": "check",
    "check net.trace.json net.md --format json": "check",
    "models resnet --json": "models",
    "lint net.trace.json --json": "lint",
    "source net.trace.json --json": "source",
    "annotate net.trace.json net.md --json": "annotate",
    "models --json": "models",
    "check net.trace.json net.md wrong.md --json": "check",
    "show crash.failed.trace.json --failure --json": "failure",
    "coverage net.trace.json net.md --json": "coverage",
    "coverage net.trace.json net.md --mutate --changes 5 --json": "coverage",
    "report net.trace.json net.md --json": "report",
    "report net.trace.json net.md --format json": "report",
    "report net.trace.json net.md -o net.html --json": "written",
    "report net.trace.json net.md --lang both -o both.html --json": "written",
    "graph net.trace.json --json": "graph",
    "graph net.trace.json layers.0 --json": "graph",
    "graph t.trace.json --json": "graph",
    "graph net.trace.json -o net.dot --json": "written",
    "graph net.trace.json --poster -o net.svg --json": "written",
    "init net.trace.json -o drafted.md --json": "written",
    "init net.trace.json -o numbers.md --numbers --json": "written",
}
"""A command line -> the schema of what it prints."""

LINES = [
    "show net.trace.json --json",
    "show net.trace.json . --json",
    "show net.trace.json '**:in' --json",
    "show net.trace.json layers.0.weight --json",
    "show t.trace.json 'encoder.layers.0.self_attn/*' --json",
    "show net.trace.json layers.0 --users --json",
    "show net.trace.json layers.2 --producers --json",
    "show net.trace.json --unused --json",
    "show net.trace.json idle --unused --json",
    "show net.trace.json layers.0 --unused --json",
    "show net.trace.json layers.0 --reaches layers.2 --json",
    "show net.trace.json layers.2 --reaches layers.0 --json",
    "show net.trace.json layers.2:out --size 1 --json",
    "show net.trace.json layers.2:out --size 0 --json",
    "show net.trace.json net.py:11 --json",
    "show net.trace.json net.py:x --json",
    "show net.trace.json --overview --json",
    "show net.trace.json layers.1 --overview --max-chars 500 --json",
    "show net.trace.json --json layers.1:out",
    "doctor --json",
    "lint net.trace.json t.trace.json --json",
    "lint net.trace.json --strict --json",
]


@pytest.mark.parametrize("line", ANSWERS)
def test_an_answer_is_one_object_that_fits_its_schema(line, run):
    code, out, said = run(line)
    data = json.loads(out)
    jsonschema.validate(data, schema(ANSWERS[line]))
    assert code == (1 if "wrong.md" in line else 0)
    assert [message["level"] for message in said if message["level"] == "error"] == []


@pytest.mark.parametrize("line", LINES)
def test_rows_are_an_object_a_line(line, run):
    code, out, _ = run(line)
    assert code in (0, 1)
    rows = [json.loads(row) for row in out.splitlines()]
    assert rows
    for row in rows:
        jsonschema.validate(row, schema(line.split()[0]))


def test_options_may_stand_before_the_selector(run):
    assert run("show net.trace.json --json layers.1:out") == run("show net.trace.json layers.1:out --json")


def test_what_a_graph_prints_is_what_it_draws(run):
    drawn = json.loads(run("graph net.trace.json -o net.dot --json --force")[1])
    data = json.loads(run("graph net.trace.json --json")[1])
    assert (drawn["boxes"], drawn["arrows"]) == (len(data["boxes"]), len(data["arrows"]))
    boxes = {box["id"] for box in data["boxes"]}
    assert all({arrow["from"], arrow["to"]} <= boxes for arrow in data["arrows"])
    assert "layers.*" in {box["selector"] for box in data["boxes"]}


def test_written_files_are_there(run, folder):
    rows = json.loads(run("report net.trace.json -o page.html --json")[1])["files"]
    assert [(row["path"], row["bytes"]) for row in rows] == [
        ("page.html", (folder / "page.html").stat().st_size)
    ]


# Errors


@pytest.mark.parametrize("code", sorted(COMMANDS))
def test_every_error_is_an_object_with_the_same_exit_code(code, run, monkeypatch, folder, capsys):
    before = cli.main(shlex.split(COMMANDS[code]))
    text = capsys.readouterr().err
    after, out, said = run(f"{COMMANDS[code]} --json")
    assert after == before != 0
    error = said[-1]
    assert (error["level"], error["code"], error["exit"]) == ("error", code, before)
    assert error["text"].splitlines()[0] in text
    assert error["message"] in error["text"]
    for field in ("where", "expected", "found", "because", "hint"):
        assert error[field] is None or error[field].splitlines()[0] in error["text"]
    if after == 3:  # the run is kept up to where it failed, and summed up
        jsonschema.validate(json.loads(out), schema("summary"))
    else:
        assert out == ""


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("show --json", "shapeflow show --help"),
        ("show net.trace.json . --reaches --json", "shapeflow show --help"),
        ("check net.trace.json --format jsn --json", "json"),
        ("trace --depth x --json", "shapeflow trace --help"),
        ("graph net.trace.json --poster --json", "-o net.svg"),
        ("show net.trace.json . . --json", "shapeflow show --help"),
        ("models nowhere:x --json", "shapeflow models x"),
        ("--json", "shapeflow --help"),
        ("show net.trace.json --json=yes", "shapeflow show --help"),
        ("chek x --json", "shapeflow check"),
        ("--jso --json", "shapeflow --help"),
        ("show net.trace.json --max-chars 500 --json", "add --overview"),
        ("show net.trace.json --overview --max-chars 5 --json", "--max-chars 400"),
        ("check net.trace.json net.md --update --json", "two commands, one of them --update"),
        ("check net.trace.json net.md --format junit --json", "two commands"),
    ],
)
def test_a_wrong_command_line_is_an_object(line, hint, run):
    code, out, said = run(line)
    assert (code, out) == (2, "")
    assert (said[-1]["exit"], said[-1]["hint"]) == (2, hint)


def test_a_crash_keeps_its_answer_and_says_what_failed(run):
    code, out, said = run("trace --model net.py:crash -o crash.trace.json --json")
    jsonschema.validate(json.loads(out), schema("summary"))
    assert json.loads(out)["complete"] is False
    assert (code, said[-1]["code"], said[-1]["exit"]) == (3, "model-crash", 3)


def test_documents_that_cannot_be_judged(run):
    code, out, said = run("check net.trace.json net.md none.md front.md --json")
    data = json.loads(out)
    jsonschema.validate(data, schema("check"))
    assert [row["code"] for row in data["errors"]] == ["front-matter", "no-claims"]
    assert (code, [message["exit"] for message in said]) == (2, [None, 2])


def test_notes_and_warnings_are_objects(run):
    code, _, said = run("coverage net.trace.json net.md --fail-under 100 --json")
    assert (code, said[-1]["level"]) == (1, "note")
    assert "less than 100 %" in said[-1]["message"]
    code, _, (warning,) = run("show t.trace.json '{encoder,geometry}' --json")
    assert code == 0
    assert (warning["level"], warning["code"], warning["exit"]) == ("warning", "not-all-called", None)


@pytest.fixture
def fake(monkeypatch):
    def make(error: BaseException) -> None:
        def fail(args):
            raise error

        command = ModuleType("shapeflow.commands.odd")
        command.configure = lambda parser: parser.add_argument("--json", action="store_true")
        command.run = fail
        monkeypatch.setitem(sys.modules, "shapeflow.commands.odd", command)
        monkeypatch.setitem(cli.COMMANDS, "odd", "do something odd")

    monkeypatch.delenv("SHAPEFLOW_DEBUG", raising=False)
    return make


def test_an_interruption_and_a_bug_of_ours(fake, run):
    fake(KeyboardInterrupt())
    code, _, said = run("odd --json")
    assert (code, said[-1]["code"], said[-1]["exit"]) == (130, "interrupted", 130)
    fake(ZeroDivisionError("one by nothing"))
    code, _, said = run("odd --json")
    assert (code, said[-1]["code"], said[-1]["exit"]) == (4, "our-bug", 4)
    assert "ZeroDivisionError: one by nothing" in said[-1]["message"]
    code, _, said = run("odd --json -v")
    assert "Traceback" in said[0]["message"]
    fake(PermissionError(13, "not allowed", "here"))
    assert run("odd --json")[2][-1]["code"] == "system"


def test_without_the_option_errors_are_text(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert cli.main(["show", "net.trace.json", "--", "--json"]) == 2
    assert capsys.readouterr().err.startswith("error[")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_a_stream_cannot_hold_is_escaped_as_json_does(encoding, folder):
    build = TraceBuilder()
    x = build.input("f32[1]", "in.x")
    with build.call("größe€😀", x) as call:
        call.returns(build.op("relu", [x], "f32[1]"))
    build.trace().save(folder / "odd-names.trace.json")
    done = subprocess.run(
        [sys.executable, "-m", "shapeflow", "show", "odd-names.trace.json", "größe€😀", "--json"],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    rows = [json.loads(line) for line in done.stdout.decode(encoding).splitlines()]
    assert {row["path"] for row in rows} == {"größe€😀"}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a POSIX system is needed")
def test_closed_streams_keep_the_exit_code(folder):
    shapeflow = f"{sys.executable} -m shapeflow"
    for line, code in (
        ("show net.trace.json nothing --json 2>&-", 2),
        ("show net.trace.json nothing --json >&- 2>&1", 2),
        ("show net.trace.json layers.0 --json >&-", 0),
        ("trace --model net.py:crash -o c.trace.json --json 2>&-", 3),
    ):
        done = subprocess.run(
            ["sh", "-c", f"{shapeflow} {line}"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, line
