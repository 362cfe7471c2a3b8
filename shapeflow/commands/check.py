"""``shapeflow check``: judge the claims of a walkthrough on a trace."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import coloured, wants_colour
from shapeflow.common.control_characters import printed
from shapeflow.common.printing import put, put_coloured, put_commands
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.document import Document
    from shapeflow.walkthrough.verdict import CheckResult

EXAMPLES = """\
examples:
  shapeflow check bus.trace.json                        the walkthrough that is shipped for the trace's model
  shapeflow check bus.trace.json docs/model.md          your own
  shapeflow check --run docs/model.md                   run the model first, as the document's 'run' says
  shapeflow check --run docs/model.md --format github   annotations on the lines of the claims, in CI

--run runs the code that the document names, as you. It has to be in the document's Git repository (without
one: in its folder), unless you --trust it; do not run documents of people whose code you would not run."""

FORMATS: dict[str, str] = {
    "text": "shapeflow.reporting.verdicts.text",
    "json": "shapeflow.reporting.verdicts.json_data",
    "junit": "shapeflow.reporting.verdicts.junit",
    "github": "shapeflow.reporting.verdicts.github",
}
"""Format -> module with ``render(result, *, allow_undecided) -> str``."""
_PRINT = {"text": put_coloured, "github": put_commands}
"""How a format is printed, if it is more than text that is shown as it is."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("trace", nargs="?", type=Path, metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    add("walkthrough", nargs="?", type=Path, metavar="WALKTHROUGH", help="Markdown with claims")
    add(
        "--run",
        type=Path,
        metavar="WALKTHROUGH",
        help="make the trace as the document's 'run' says: runs its code",
    )
    add("--trust", action="store_true", help="with --run: run code outside the document's repository, too")
    add("--device", choices=("meta", "cpu", "cuda"), help="with --run: another device than the document's")
    add("-o", "--output", type=Path, metavar="FILE", help="with --run: keep the trace")
    add("--format", choices=tuple(FORMATS), default="text", help="how to show the result (default: text)")
    add("--allow-undecided", action="store_true", help="claims that the trace cannot decide do not fail")
    add("--all", action="store_true", help="show each claim that fails, also where many follow from one cause")
    add("-q", "--quiet", action="store_true", help="only what fails, and no progress")


def run(args: argparse.Namespace) -> int:
    """Judge and show."""
    from shapeflow.walkthrough.check import check

    document, trace = _run_first(args) if args.run else _stored(args)
    result = check(trace, document)
    text = _text(result, args) if args.format == "text" else _rendered(result, args)
    if text:
        _PRINT.get(args.format, put)(text)
    return int(result.exit_code(allow_undecided=args.allow_undecided))


def _stored(args: argparse.Namespace) -> tuple[Document, Trace]:
    """Read the trace and the walkthrough."""
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.reader import read
    from shapeflow.walkthrough.shipped import shipped

    if args.trace is None:
        example = "shapeflow check NAME.trace.json WALKTHROUGH.md"
        raise InputError("usage", "a trace is missing", where="argument TRACE", expected=example)
    for option in ("device", "output", "trust"):
        if getattr(args, option):
            what = f"--{option} only means something with --run"
            raise InputError(
                "usage", what, where=f"option --{option}", hint="shapeflow check --run WALKTHROUGH"
            )
    if args.walkthrough is not None:
        document = read(args.walkthrough)  # first: it is read sooner than a large trace
        return document, Trace.load(args.trace)
    trace = Trace.load(args.trace)
    return read(shipped(trace.run.target)), trace


def _run_first(args: argparse.Namespace) -> tuple[Document, Trace]:
    """Read the walkthrough and make the trace that it asks for."""
    from shapeflow.commands.options import check_trace_name
    from shapeflow.runs.documents import run_documents
    from shapeflow.walkthrough.reader import read

    if args.trace is not None:
        what = f"'{args.trace}' is not needed with --run"
        hint = "shapeflow check --run WALKTHROUGH"
        raise InputError("usage", what, where="argument TRACE", hint=hint)
    if args.output is not None:
        check_trace_name(args.output)
    document = read(args.run)
    trace = run_documents([document], device=args.device, quiet=args.quiet, trust=args.trust)
    if args.output:
        trace.save(args.output)
    return document, trace


def _rendered(result: CheckResult, args: argparse.Namespace) -> str:
    """Return the result in another format than text."""
    render = import_module(FORMATS[args.format]).render
    return str(render(result, allow_undecided=args.allow_undecided))


def _text(result: CheckResult, args: argparse.Namespace) -> str:
    """Return the result as text, in colour on a terminal."""
    from shapeflow.reporting.verdicts.text import sentence, summary

    messages = [printed(message) for message in result.told(every=args.all)]
    if wants_colour(sys.stdout):
        messages = [coloured(message) for message in messages]
    if not args.quiet:
        return "\n\n".join([*messages, printed(summary(result))])
    return "\n\n".join([*messages, sentence(result)]) if messages else ""
