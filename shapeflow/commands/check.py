"""``shapeflow check``: judge the claims of a walkthrough on a trace."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import coloured, wants_colour
from shapeflow.common.control_characters import printed
from shapeflow.common.printing import put, put_coloured, put_commands
from shapeflow.common.text import listing
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
  shapeflow check a.trace.json b.trace.json docs/model.md    a trace for each run that the document names
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
    add(
        "files",
        nargs="*",
        metavar="FILE",
        help="TRACE [TRACE …] [WALKTHROUGH]: NAME.trace.json[.gz], one for each run that the document names "
        "(RUN=TRACE where a trace does not say which it is), then Markdown with claims",
    )
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
    add("-q", "--quiet", action="store_true", help="only what fails, and no progress")


def run(args: argparse.Namespace) -> int:
    """Judge and show."""
    from shapeflow.walkthrough.check import check

    document, traces = _run_first(args) if args.run else _stored(args)
    result = check(traces, document)
    text = _text(result, args) if args.format == "text" else _rendered(result, args)
    if text:
        _PRINT.get(args.format, put)(text)
    return int(result.exit_code(allow_undecided=args.allow_undecided))


def _stored(args: argparse.Namespace) -> tuple[Document, Mapping[str, Trace]]:
    """Read the traces and the walkthrough."""
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.reader import read
    from shapeflow.walkthrough.shipped import shipped

    if not args.files:
        example = "shapeflow check NAME.trace.json WALKTHROUGH.md"
        raise InputError("usage", "a trace is missing", where="argument TRACE", expected=example)
    for option in ("device", "output", "trust"):
        if getattr(args, option):
            what = f"--{option} only means something with --run"
            raise InputError(
                "usage", what, where=f"option --{option}", hint="shapeflow check --run WALKTHROUGH"
            )
    if len(args.files) == 1:
        trace = Trace.load(args.files[0])
        return read(shipped(trace.run.target)), {trace.run.name: trace}
    *names, walkthrough = args.files
    if any(name.endswith(".md") for name in names):
        what = f"one argument too many: '{walkthrough}'"
        expected = "a trace for each run, then one walkthrough"
        raise InputError("usage", what, where="shapeflow check", expected=expected)
    document = read(Path(walkthrough))  # first: it is read sooner than a large trace
    traces = load_traces(names, document)
    missing = [name for name in document.run_names if name not in traces]
    if missing:
        runs = listing([f"the run '{name}'" for name in missing])
        raise InputError(
            "run-missing",
            f"no trace is given of {runs}",
            where="argument TRACE",
            expected=f"one for each run that '{document.path}' names: {listing(list(document.run_names), 6)}",
            hint=f"shapeflow check {' '.join(f'{name}=FILE' for name in document.run_names)} {walkthrough}",
        )
    return document, traces


def load_traces(names: Sequence[str], document: Document) -> dict[str, Trace]:
    """Read traces given as ``FILE`` or ``RUN=FILE``, by the run of a document that each is of.

    Raises:
        InputError: a file cannot be read.
        WalkthroughError: a trace is of no run of the document, or two are of one run.
    """
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.runs import by_run

    traces = []
    for given in names:
        run, equals, file = given.partition("=")
        named = bool(equals) and bool(document.runs) and not Path(given).exists()
        trace = Trace.load(Path(file if named else given))
        traces.append(replace(trace, run=replace(trace.run, name=run)) if named else trace)
    return by_run(document, traces)


def _run_first(args: argparse.Namespace) -> tuple[Document, Mapping[str, Trace]]:
    """Read the walkthrough and make the traces that it asks for."""
    from shapeflow.commands.options import check_trace_name
    from shapeflow.runs.documents import run_all
    from shapeflow.walkthrough.reader import read

    if args.files:
        what = f"'{args.files[0]}' is not needed with --run"
        hint = "shapeflow check --run WALKTHROUGH"
        raise InputError("usage", what, where="argument TRACE", hint=hint)
    if args.output is not None:
        check_trace_name(args.output)
    document = read(args.run)
    traces = run_all(document, device=args.device, quiet=args.quiet, trust=args.trust)
    if args.output:
        for name, trace in traces.items():
            trace.save(_output(args.output, name))
    return document, traces


def _output(path: Path, run: str) -> Path:
    """Return where the trace of a run goes: ``bus.training.trace.json`` for ``bus.trace.json``."""
    stem, ending, rest = path.name.rpartition(".trace.json")
    return path.with_name(f"{stem}.{run}{ending}{rest}") if run else path


def _rendered(result: CheckResult, args: argparse.Namespace) -> str:
    """Return the result in another format than text."""
    render = import_module(FORMATS[args.format]).render
    return str(render(result, allow_undecided=args.allow_undecided))


def _text(result: CheckResult, args: argparse.Namespace) -> str:
    """Return the result as text, in colour on a terminal."""
    from shapeflow.reporting.verdicts.text import sentence, summary

    messages = [printed(verdict.render()) for verdict in result.failed]
    if wants_colour(sys.stdout):
        messages = [coloured(message) for message in messages]
    if not args.quiet:
        return "\n\n".join([*messages, printed(summary(result))])
    return "\n\n".join([*messages, sentence(result)]) if messages else ""
