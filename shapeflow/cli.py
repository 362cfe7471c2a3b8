"""The front door: find the command, run it, turn what goes wrong into one message and an exit code."""

from __future__ import annotations

import argparse
import atexit
import codecs
import contextlib
import gc
import io
import os
import re
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import NoReturn, TextIO

from shapeflow import __version__
from shapeflow.commands.console import tell, tell_interruption
from shapeflow.common.printing import escape_in_json, say, talk_in_json
from shapeflow.common.process import open_streams, own_process
from shapeflow.common.text import nearest
from shapeflow.errors import ExitCode, InputError, ShapeflowError

COMMANDS: dict[str, str] = {
    "trace": "run a model under observation and write its trace",
    "models": "list and search the models that can be traced by name",
    "show": "look up calls, ops and values of a trace, and how data flows between them",
    "check": "judge the claims of a walkthrough on a trace",
    "coverage": "measure how much of a model the claims of a walkthrough constrain",
    "report": "write a report: the walkthrough with the trace laid into it",
    "lint": "point at what runs without an error and is probably wrong",
    "source": "show the model's own source with the shapes that each line made",
    "annotate": "judge the shapes that any text states, in the text as it was written",
    "graph": "draw the data flow between calls",
    "init": "draft a walkthrough of any model from a trace",
    "mcp": "let an agent ask about stored traces, by the Model Context Protocol",
    "lsp": "show an editor the shapes of the newest trace, by the Language Server Protocol",
    "doctor": "say what this machine has for tracing, and what to do about what is missing",
}
"""Command -> what it does. Each is a module of ``commands`` with ``configure(parser)`` and ``run(args)``."""

IN_JSON = "shapeflow.json"
"""What writes characters that a stream cannot hold as JSON escapes them."""
PIPE_CLOSED = 141
"""Exit code when the reader of our output went away, as shells give it: 128 and the number of SIGPIPE."""

DESCRIPTION = "See, document and guard the shapes of the tensors inside a PyTorch model."
EPILOG = """\
exit code: 0 fine; 1 contradicted, undecided or different; 2 wrong option, file or selector;
3 the model's run failed; 4 a bug in shapeflow"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    atexit.register(gc.freeze)  # the last collection would look through all of torch, for a whole second
    if arguments is None:
        open_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    in_json = wants_json(words)
    codecs.register_error(IN_JSON, escape_in_json)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file name may hold what the terminal cannot show
            stream.reconfigure(errors=IN_JSON if in_json else "backslashreplace")
    with talk_in_json(in_json):
        return _flushed(_exit_code(words, own=arguments is None))


def wants_json(words: Sequence[str]) -> bool:
    """Return whether a command line asks for JSON, also where it cannot be read otherwise."""
    options = list(words[: words.index("--")] if "--" in words else words)
    pairs = [f"{option}={value}" for option, value in pairwise(options)]
    return bool({"--json", "--format=json"} & {*options, *pairs}) or any(
        option.startswith("--json=")
        for option in options  # a slip, and an error of its own
    )


def _exit_code(words: list[str], *, own: bool) -> int:
    """Run a command line, tell what goes wrong, and return the exit code."""
    try:
        with own_process() if own else contextlib.nullcontext():
            return _run(words)
    except ShapeflowError as error:
        return _tell(error)
    except KeyboardInterrupt:
        return tell_interruption()
    except BrokenPipeError:
        return PIPE_CLOSED
    except OSError as error:
        return _tell(_system_error(error))
    except Exception as error:
        return _our_bug(error, words)


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are our errors."""

    def error(self, message: str) -> NoReturn:
        """Raise the complaint; a choice that is close is suggested."""
        what, hint = message, f"{self.prog} --help"
        unknown = re.search(r"invalid choice: '?([^' ]+)'? \(choose from (.*)\)", message)
        if unknown:
            close = nearest(unknown[1], [choice.strip(" '") for choice in unknown[2].split(",")], 1)
            hint = close[0] if close else hint
        raise InputError("usage", what, where=self.prog, hint=hint)


def _run(words: list[str]) -> int:
    """Parse the words and run the command they name."""
    name = words[0] if words else ""
    if name in COMMANDS:
        return _run_command(name, words[1:])
    parser = _top_parser()
    if not words:
        say(parser.format_help().rstrip())
        return ExitCode.WRONG_INPUT
    if not name.startswith("-"):
        raise _unknown_command(name, words[1:])
    try:
        parser.parse_args(words)
    except SystemExit as finished:  # --help and --version end by themselves
        return int(finished.code or 0)
    raise InputError("usage", "a command is missing", where="shapeflow", hint="shapeflow --help")


def _run_command(name: str, words: list[str]) -> int:
    """Parse the words of one command and run it."""
    command = import_module(f"shapeflow.commands.{name}")
    parser = _command_parser(name, command)
    try:
        arguments, unknown = parser.parse_known_intermixed_args(words)
    except SystemExit as finished:
        return int(finished.code or 0)
    if unknown:
        raise _unknown_argument(parser, unknown)
    return int(command.run(arguments))


def _top_parser() -> argparse.ArgumentParser:
    """Return the parser that only knows the names of the commands."""
    parser = _Parser(
        prog="shapeflow",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="shapeflow COMMAND ...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"shapeflow {__version__}")
    commands = parser.add_argument_group("commands (`shapeflow COMMAND --help` explains one)")
    for name, purpose in COMMANDS.items():
        # Shown like options without a dash: argparse has no plainer way to list words with a help text.
        commands.add_argument(name, nargs="?", help=purpose)
    return parser


def _command_parser(name: str, command: ModuleType) -> argparse.ArgumentParser:
    """Return the parser of one command."""
    parser = _Parser(
        prog=f"shapeflow {name}",
        description=COMMANDS[name],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.configure(parser)
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="more detail; also the traceback of a bug of ours"
    )
    return parser


def _unknown_command(name: str, rest: Sequence[str]) -> InputError:
    """Return the error for a command that does not exist."""
    from shapeflow.commands.meant import meant_command

    return InputError(
        "unknown-command",
        f"no command '{name}'",
        where=f"shapeflow {name}",
        expected=", ".join(COMMANDS),
        hint=meant_command(name, rest, list(COMMANDS)),
    )


def _unknown_argument(parser: argparse.ArgumentParser, unknown: Sequence[str]) -> InputError:
    """Return the error for arguments that the command does not take."""
    first = next((word for word in unknown if word.startswith("-")), unknown[0])
    option = first.split("=")[0]
    close = nearest(option, _options(parser), 1)
    return InputError(
        "unknown-option" if first.startswith("-") else "usage",
        f"no option '{option}'" if first.startswith("-") else f"one argument too many: '{first}'",
        where=parser.prog,
        hint=f"{parser.prog} {close[0]}" if close else f"{parser.prog} --help",
    )


def _options(parser: argparse.ArgumentParser) -> Iterable[str]:
    """Yield all option names of a parser."""
    for action in parser._actions:
        yield from action.option_strings


def _system_error(error: OSError) -> ShapeflowError:
    """Return what the operating system refused as one of our errors."""
    return InputError(
        "system",
        error.strerror or str(error) or type(error).__name__,
        where=str(error.filename) if error.filename is not None else "",
    )


def _our_bug(error: Exception, words: Sequence[str]) -> int:
    """Say that the fault is ours, and show the traceback to those who asked for it."""
    debug = bool(os.environ.get("SHAPEFLOW_DEBUG")) or {"-v", "--verbose"} & set(words)
    if debug:
        import traceback

        say("".join(traceback.format_exception(error)))
    detail = (str(error).splitlines() or [""])[0]
    bug = ShapeflowError(
        "our-bug",
        f"shapeflow itself failed: {type(error).__name__}{': ' + detail if detail else ''}",
        where=" ".join(["shapeflow", *(word for word in words[:1] if word in COMMANDS)]),
        because="this is a bug in shapeflow, not in your model or your files",
        hint="" if debug else "the same command with -v shows where; please report it with that text",
    )
    bug.exit_code = ExitCode.OUR_BUG
    return _tell(bug)


def _tell(error: ShapeflowError) -> int:
    """Tell the error that ends the command, and return its exit code."""
    code = int(error.exit_code)
    tell(error.diagnostic, exit_code=code)
    return code


def _flushed(code: int) -> int:
    """Send what is still buffered, and return the exit code: another one if a result did not arrive."""
    lost: OSError | None = None
    for stream in (sys.stdout, sys.stderr):
        if stream.closed:  # a server closed it when its client went away
            continue
        try:
            stream.flush()
        except OSError as error:
            lost = error if stream is sys.stdout else lost
            _silence(stream)
    if lost is None or code not in (ExitCode.FINE, ExitCode.DIFFERENT):
        return code
    if isinstance(lost, BrokenPipeError):
        return PIPE_CLOSED
    return _tell(_system_error(lost))


def _silence(stream: TextIO) -> None:
    """Send what is still buffered to nowhere, so that the interpreter's last flush is quiet."""
    with contextlib.suppress(OSError, ValueError):  # not a real file: nothing will be flushed
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
