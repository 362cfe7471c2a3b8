"""The front door: help, did-you-mean, exit codes, and what is said when something goes wrong."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import textwrap
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from shapeflow import __version__, cli
from shapeflow.commands import console
from shapeflow.errors import InputError, RunError

SHAPEFLOW = [sys.executable, "-m", "shapeflow"]
FAKE = """
def configure(parser):
    parser.add_argument("--device", choices=("meta", "cpu"))
    parser.add_argument("--prompt")
def run(args):
    {body}
"""


@pytest.fixture
def fake(monkeypatch):
    """Give a command ``odd`` whose run is the text given."""

    def make(body: str) -> None:
        command = ModuleType("shapeflow.commands.odd")
        exec(textwrap.dedent(FAKE).format(body=body), vars(command))
        monkeypatch.setitem(sys.modules, "shapeflow.commands.odd", command)
        monkeypatch.setitem(cli.COMMANDS, "odd", "do something odd")

    monkeypatch.delenv("SHAPEFLOW_DEBUG", raising=False)
    return make


def test_help_lists_every_command_with_what_it_does(capsys):
    assert cli.main(["--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for name, purpose in cli.COMMANDS.items():
        assert f"{name} {purpose}" in shown


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"shapeflow {__version__}\n"


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_keeps_the_contract(name, capsys):
    module = import_module(f"shapeflow.commands.{name}")
    assert cli.COMMANDS[name][0].islower()
    assert not cli.COMMANDS[name].endswith(".")
    module.configure(argparse.ArgumentParser())
    assert cli.main([name, "--help"]) == 0
    assert f"shapeflow {name}" in capsys.readouterr().out


def test_without_a_command_the_help_is_shown(capsys):
    assert cli.main([]) == 2
    assert "usage: shapeflow" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["trase"], ["error[unknown-command]: no command 'trase'", "try:      shapeflow trace"]),
        (["xyzzy"], ["no command 'xyzzy'", "try:      shapeflow --help"]),
        (["trace", "--promt", "bus"], ["no option '--promt'", "try:      shapeflow trace --prompt"]),
        (["trace", "--device", "gpu"], ["invalid choice: 'gpu'", "auto"]),
        (["trace", "--device", "cdua"], ["try:      cuda"]),
        (["trace", "--seed", "x"], ["--seed", "invalid int value"]),
        (["doctor", "now"], ["one argument too many: 'now'"]),
        (["--nonsense"], ["--nonsense"]),
    ],
)
def test_a_slip_of_the_pen_is_understood(words, says, capsys):
    assert cli.main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    for text in says:
        assert text in told.err
    assert "Traceback" not in told.err


def test_errors_go_to_stderr_with_their_exit_code(fake, capsys):
    fake("from shapeflow.errors import InputError; raise InputError('box', 'no box', hint='0.5,0.5,1,1')")
    assert cli.main(["odd"]) == 2
    assert capsys.readouterr().err == InputError("box", "no box", hint="0.5,0.5,1,1").render() + "\n"
    fake("from shapeflow.errors import RunError; raise RunError('model-crash', 'it raised')")
    assert cli.main(["odd"]) == RunError.exit_code == 3


def test_our_bug_is_one_message_and_its_traceback_is_on_request(fake, capsys, monkeypatch):
    fake("raise KeyError(5702)")
    assert cli.main(["odd"]) == 4
    told = capsys.readouterr().err
    assert "error[our-bug]: shapeflow itself failed: KeyError: 5702" in told
    assert "Traceback" not in told
    assert cli.main(["odd", "-v"]) == 4
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "  --> shapeflow odd\n" in told, "the words of the user may hold what is nobody's business"
    monkeypatch.setenv("SHAPEFLOW_DEBUG", "1")
    assert cli.main(["odd"]) == 4
    assert "Traceback" in capsys.readouterr().err


def test_interruption_and_a_full_disk_are_no_bugs(fake, capsys):
    fake("raise KeyboardInterrupt")
    assert cli.main(["odd"]) == 130
    fake("raise OSError(28, 'No space left on device', 'out.trace.json')")
    assert cli.main(["odd"]) == 2
    assert "error[system]: No space left on device\n  --> out.trace.json" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_not_an_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*SHAPEFLOW, "doctor"], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (cli.PIPE_CLOSED, "")


def test_a_full_output_device_is_told():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*SHAPEFLOW, "doctor"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_colour_is_added_for_terminals_only_and_changes_no_word(monkeypatch):
    class Terminal:
        def isatty(self) -> bool:
            return True

    error = InputError(
        "box", "'a' is no box", where="option --box", hint="0.5,0.5,0.2,0.3", frame="1 | a\n  | ^"
    )
    text = error.render()
    coloured = console.coloured(text)
    assert coloured != text
    for code in ("\033[1;31m", "\033[1;36m", "\033[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == text
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert console.wants_colour(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not console.wants_colour(Terminal())
    assert not console.wants_colour(sys.__stderr__) or sys.__stderr__.isatty()


def test_a_file_name_that_the_terminal_cannot_show_is_no_crash():
    done = subprocess.run(
        [*SHAPEFLOW, "trace", "b\udcffs.jpg"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert done.returncode == 2
    assert b"file-missing" in done.stderr
    assert b"Traceback" not in done.stderr
