"""``shapeflow mcp``: let an agent ask about stored traces, by the Model Context Protocol; reads only."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from shapeflow.commands.console import tell_interruption
from shapeflow.common.process import ended_at_once
from shapeflow.errors import ExitCode, InputError

EPILOG = """\
example, for a client that takes a JSON configuration:
  {"mcpServers": {"shapeflow": {"command": "shapeflow", "args": ["mcp", "path/to/traces"]}}}

The server speaks on standard input and output. It reads traces (NAME.trace.json, NAME.trace.json.gz) and
walkthroughs (NAME.md) below FOLDER, and nothing else; it runs no model and writes nothing."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EPILOG
    folder = "where the traces are (default: the current folder)"
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help=folder)
    parser.add_argument("--json", action="store_true", help="what goes wrong at the start as a JSON object")


def run(args: argparse.Namespace) -> int:
    """Serve until the client goes away."""
    if find_spec("mcp") is None:
        raise InputError(
            "package-missing",
            "the server needs the package 'mcp', which is not installed",
            where="shapeflow mcp",
            hint="pip install 'shapeflow[mcp]'",
        )
    from shapeflow.integrations.mcp_server import serve

    with ended_at_once(tell_interruption):  # a thread of the SDK waits for standard input to end
        serve(args.folder)
    return ExitCode.FINE
