"""``shapeflow lsp``: show an editor the shapes of the newest trace, by the Language Server Protocol."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from shapeflow.errors import ExitCode, InputError

EPILOG = """\
An editor starts this and speaks with it on standard input and output; docs/editors.md says how to set one up.
Behind each line stands what it made in the newest trace that names the file (NAME.trace.json,
NAME.trace.json.gz), a comment with a wrong shape is marked, and can be put right. No model is run."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EPILOG
    folder = "where the traces are (default: the folders that the editor has opened)"
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help=folder)
    parser.add_argument("--json", action="store_true", help="what goes wrong at the start as a JSON object")
    parser.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)  # what many editors add


def run(args: argparse.Namespace) -> int:
    """Serve until the editor goes away."""
    if find_spec("pygls") is None:
        raise InputError(
            "package-missing",
            "the language server needs the package 'pygls', which is not installed",
            where="shapeflow lsp",
            hint="pip install 'shapeflow[lsp]'",
        )
    if args.folder is not None and not args.folder.is_dir():
        raise InputError("file-missing", f"no folder '{args.folder}'", where="argument FOLDER")
    from shapeflow.integrations.lsp_server import serve

    serve(args.folder)
    return int(ExitCode.FINE)
